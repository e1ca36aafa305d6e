"""A gateway in header mode, and load balancers in front of it: honest ones, and others."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.gateway import Certificates, World, world
from tests.support.pki import Made

HEADER = "X-Client-Cert"
BALANCER = "127.0.0.1"
"""The only address that may speak for clients."""
STRANGER = "127.0.0.2"

Setting = Callable[[dict[str, Any], Certificates], None]


def in_header(client: Made) -> str:
    """The certificate as HAProxy and F5 send it."""
    return base64.b64encode(client.der).decode()


def escaped(client: Made) -> str:
    """As nginx sends it."""
    return quote(client.pem.decode(), safe="")


@contextmanager
def forwarding(binary: EngineBinary, change: Setting | None = None, **auth: Any) -> Iterator[World]:
    """Header mode with A trusted, ``https`` open to any balancer; ``auth`` is added."""

    def settings(document: dict[str, Any], made: Certificates) -> None:
        document["clientCertificateAuth"] = {
            "type": "header",
            "headerName": HEADER,
            "trustedProxies": [BALANCER],
            "trustedCertificates": [str(made.a.certificate_file)],
            **auth,
        }
        document["https"]["options"] = {}
        if change:
            change(document, made)

    with world(binary, lambda made: {"default": made.entry()}, settings) as made:
        yield made


def peer(world: World, listener: str = "http", source: str = BALANCER, **more: Any) -> Connection:
    """A connection to ``http`` or ``https`` from this address."""
    if listener == "http":
        return Connection(world.gateway.http, source=source, **more)
    return Connection(world.gateway.https, context(), sni="default.example", source=source, **more)


def line_of(world: World, reply: Reply) -> dict[str, Any]:
    """The access log's line about the request that was answered so; waits for it."""
    asked = reply.headers["eg-request-id"]
    return world.gateway.logged(lambda line: line.get("request_id") == asked)
