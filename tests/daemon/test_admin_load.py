"""Heavy work at the admin API does not hold up decisions about clients."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.support.pki import Made

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(400)]

_UPLOADS = 10
_A_TIME = 1_000
_NAMES = 100_000
_CLIENTS = 30
# HAProxy waits two seconds for a decision, and answers 503 then.
_LONGEST = 1.5


def judging(document: dict[str, Any], made: Certificates) -> None:
    """Every certificate is judged anew each second."""
    document["https"]["options"] = {}
    document["admin"] = {"port": free_port()}
    document["certificatePolicy"] = {"maximumVerdictAgeMs": 1000}
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "required": True,
        "trustedCertificates": [str(made.a.certificate_file)],
    }


def entries(made: Certificates) -> dict[str, Any]:
    entry = made.entry(made.a)
    return {"default": {key: value for key, value in entry.items() if key != "ca"}}


@pytest.fixture
def busy(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, entries, judging) as made:
        yield made


class Asking(threading.Thread):
    """Clients that come and go, each to be decided about."""

    def __init__(self, gateway: Any, clients: list[Made]) -> None:
        super().__init__(daemon=True)
        self._gateway = gateway
        self._contexts = [context(client) for client in clients]
        self._ending = threading.Event()
        self.statuses: list[int] = []
        self.seconds: list[float] = []

    def run(self) -> None:
        while not self._ending.is_set():
            for tls in self._contexts:
                with self._gateway.connect(tls, sni="default.example") as one:
                    begun = time.monotonic()
                    self.statuses.append(one.ask("/open/x", "default.example").status)
                    self.seconds.append(time.monotonic() - begun)

    def end(self) -> None:
        self._ending.set()
        self.join(20)


def test_decisions_go_on_while_thousands_of_certificates_and_names_come_in(busy: World) -> None:
    gateway, kit = busy.gateway, busy.kit
    key = ec.generate_private_key(ec.SECP256R1())
    clients = [kit.client(busy.a, f"client{number}", key=key) for number in range(_CLIENTS)]
    uploads = [
        b"".join(
            kit.root(f"u{upload}-{number}", key=key, files=False).pem for number in range(_A_TIME)
        )
        for upload in range(_UPLOADS)
    ]
    names = "".join(f"CN=device-{number},O=Somebody,**\n" for number in range(_NAMES))
    asking = Asking(gateway, clients)
    asking.start()
    took: dict[str, float] = {}
    try:
        with Api(gateway.state) as api:
            begun = time.monotonic()
            for number, pem in enumerate(uploads):
                api.trust(api.upload(f"bundle{number}", pem))
            took["certificates"] = time.monotonic() - begun
            begun = time.monotonic()
            done = api.http.post(
                "/api/v1/names/import",
                content=names + "CN=client*,**\n",
                headers={"If-Match": "*", "Content-Type": "text/plain"},
            )
            assert done.status_code == 422, "one more than is kept"
            done = api.http.post(
                "/api/v1/names/import",
                content="CN=client*,**\n" + names[: names.rindex("CN=")],
                headers={"If-Match": "*", "Content-Type": "text/plain"},
            )
            assert done.status_code == 200, done.text
            took["names"] = time.monotonic() - begun
    finally:
        asking.end()
    ordered = sorted(asking.seconds)
    told = {
        "requests": len(ordered),
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "max": ordered[-1],
        **took,
    }
    print({name: round(value, 3) for name, value in told.items()})
    assert set(asking.statuses) == {200}, told
    assert told["max"] < _LONGEST, told
