"""Policies on a running gateway: what they know of certificates, and what outlives a reload."""

import hashlib
import signal
import time
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, mixed, nobody_to_ask, world
from tests.daemon.life import Log, until
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

_PEER = "req.client.getPeerCertificate()"
_TOLD = {
    "X-Fp": f"{_PEER}.fingerprint256",
    "X-Cn": f"{_PEER}.subject.CN",
    "X-Sn": f"{_PEER}.serialNumber",
    "X-Scheme": "req.protocol",
}


@pytest.fixture(scope="module")
def limited(engine_binary: EngineBinary) -> Iterator[World]:
    def policies(document: dict[str, Any], made: Certificates) -> None:
        del document["policies"]
        listed = [hashlib.sha256(one.der).hexdigest() for one in (made.good, made.stranger)]
        mine = {"name": "clientCertificate", "fingerprint": listed}
        here = {"name": "pathExact", "path": "/open/mine"}
        by_name = {"name": "pathExact", "path": "/open/named"}
        both = {"name": "allOf", "conditions": [here, mine]}
        named = {"name": "clientCertificate", "subject": "CN=go*", "issuer": "CN=root-a"}
        document["pipelines"]["open"]["policies"] = [
            {"terminate": {"condition": both, "action": {"statusCode": 202}}},
            {"terminate": {"condition": here, "action": {"statusCode": 403}}},
            {
                "terminate": {
                    "condition": {"name": "allOf", "conditions": [by_name, named]},
                    "action": {"statusCode": 202},
                }
            },
            {"terminate": {"condition": by_name, "action": {"statusCode": 404}}},
            {"rate-limit": {"action": {"max": 2, "rateLimitBy": f"${{{_TOLD['X-Fp']}}}"}}},
            {"request-transformer": {"action": {"headers": {"add": _TOLD}}}},
            {"proxy": {"action": {"serviceEndpoint": "service"}}},
        ]
        document["pipelines"]["api"]["policies"] = [
            {"rate-limit": {"action": {"max": 100_000, "windowMs": 3_600_000}}},
            {"proxy": {"action": {"serviceEndpoint": "service"}}},
        ]

    with world(engine_binary, mixed, policies) as made:
        yield made


def _told(it: World, client: Made | None, **more: str) -> dict[str, str | None]:
    with it.gateway.connect(context(client), "a.example") as connection:
        assert connection.ask("/open/x", "a.example", **more).status == 200
    seen = it.upstream.last()
    return {name: seen.one(name) or None for name in _TOLD}


def test_the_certificate_of_an_admitted_client_is_known_and_no_other(limited: World) -> None:
    digest = hashlib.sha256(limited.good.der).hexdigest().upper()
    serial = f"{limited.good.native.serial_number:X}"
    assert _told(limited, limited.good) == {
        "X-Fp": ":".join(wrap(digest, 2)),
        "X-Cn": "good",
        "X-Sn": serial if len(serial) % 2 == 0 else f"0{serial}",
        "X-Scheme": "https",
    }
    nothing = {"X-Fp": None, "X-Cn": None, "X-Sn": None, "X-Scheme": "https"}
    assert _told(limited, limited.stranger) == nothing
    assert _told(limited, None) == nothing


def test_a_listed_certificate_counts_only_if_it_is_admitted(limited: World) -> None:
    clients = (limited.good, limited.stranger, limited.of_b, None)
    statuses = [limited.gateway.status(one, "a.example", "/open/mine") for one in clients]
    assert statuses == [202, 403, 403, 403]


def test_a_name_is_judged_once_and_then_known_without_asking_anybody(limited: World) -> None:
    clients = (limited.good, limited.kit.client(limited.a, "other"))

    def statuses() -> list[int]:
        return [limited.gateway.status(one, "a.example", "/open/named") for one in clients]

    assert statuses() == [202, 404]
    with nobody_to_ask(limited):
        assert statuses() == [202, 404]
    assert limited.gateway.status(limited.stranger, "a.example", "/open/named") == 404


def test_clients_are_limited_by_their_certificates(limited: World) -> None:
    """Whoever is not admitted is one client: strangers can't get more by more certificates."""
    statuses = [
        limited.gateway.status(client, "a.example", "/open/y")
        for client in (limited.good, limited.good, limited.stranger, None)
    ]
    assert statuses == [200, 429, 429, 429]


def test_counts_outlive_a_reload(limited: World) -> None:
    """A worker that had nobody to learn from hands on what it counted only after some seconds."""

    def left() -> int:
        with limited.gateway.connect() as connection:
            return int(connection.ask("/api/x", "a").headers["x-ratelimit-remaining"])

    before, after, wait = left(), 0, 11
    while after != before - 1:
        assert wait < 40, (before, after)
        time.sleep(wait)
        before, wait = left(), wait + 10
        _reload(limited)
        after = left()
    _reload(limited)
    assert left() == after - 1, "a worker that was told hands on at once"


def _reload(it: World) -> None:
    log = Log(it.gateway)
    it.gateway.process.send_signal(signal.SIGHUP)
    until(lambda: log.lines("change-applied"), what=it.gateway.program_log()[-2000:])
