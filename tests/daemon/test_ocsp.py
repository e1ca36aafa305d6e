"""OCSP at the running gateway: asked at first sight, kept fresh, and acting on open connections."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.doors.cli_rig import call
from tests.support.ocsp import TRY_LATER, Served, responder
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

SNI = "default.example"


@dataclass(frozen=True)
class Scene:
    made: World
    responder: Served
    others: Served
    """B's, which certificates name themselves."""

    def client(self, name: str) -> Made:
        return self.made.kit.client(self.made.a, name)

    def status(self, client: Made, path: str = "/api/x") -> int:
        return self.made.gateway.status(client, SNI, path)

    def comes_to(self, status: int, client: Made) -> bool:
        """Whether the client's requests are answered so. The first one waits for the responder,
        but on a busy machine not for long enough."""
        self.until(lambda: self.status(client) == status)
        return True

    def until(self, told: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not told():
            assert time.monotonic() < end, self.made.gateway.program_log()[-3000:]
            time.sleep(0.05)


@pytest.fixture
def asking(any_engine: EngineBinary) -> Iterator[Scene]:
    """A's clients are looked up by OCSP, each second anew, strictly; at /open/* softly. B's at the
    responder that their certificates name."""
    with ExitStack() as stack:
        served: list[Served] = []

        def with_ocsp(document: dict[str, Any], made: Certificates) -> None:
            served.append(stack.enter_context(responder(made.kit.folder, made.a)))
            served[0].index.good(made.good)
            served.append(stack.enter_context(responder(made.kit.folder, made.b)))
            document["admin"] = {"port": free_port()}
            document["clientCertificateAuth"] = {
                "type": "certificate",
                "required": True,
                "revocation": {
                    "mode": "strict",
                    "ocsp": {
                        "responders": {"url": served[0].url, "issuer": "CN=root-a"},
                        "refresh": "1s",
                    },
                    "fetch": {"hosts": f"127.0.0.1:{served[1].port}", "private": True},
                },
            }
            document["apiEndpoints"]["open"]["clientCertificateAuth"] = {
                "revocation": {"mode": "soft"}
            }

        made = stack.enter_context(
            world(any_engine, lambda made: {"default": made.entry(made.a, made.b)}, with_ocsp)
        )
        yield Scene(made, *served)


def aia(url: str) -> tuple[x509.ExtensionType, bool]:
    """The extension of a certificate that names its responder."""
    where = x509.UniformResourceIdentifier(url)
    named = x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, where)
    return x509.AuthorityInformationAccess([named]), False


def ask(connection: Connection) -> int:
    return connection.ask("/api/x", SNI).status


def test_who_is_revoked_is_refused_on_the_open_connection_and_let_in_when_that_is_lifted(
    asking: Scene,
) -> None:
    gateway, index = asking.made.gateway, asking.responder.index
    gone = asking.client("gone")
    index.good(gone)
    tls, good = context(gone), context(asking.made.good)
    assert asking.comes_to(200, gone)
    assert asking.comes_to(200, asking.made.good)
    with gateway.connect(tls, SNI) as open_one, gateway.connect(good, SNI) as other:
        assert [ask(open_one), ask(other)] == [200, 200]
        session = open_one.session
        index.revoke(gone, "certificateHold")
        asking.until(lambda: ask(open_one) == 403)
        with gateway.connect(tls, SNI, session=session) as resumed:
            assert ask(resumed) == 403
        assert asking.status(gone, "/open/x") == 403
        assert ask(other) == 200
        gateway.logged(lambda line: line.get("reason") == "revoked")
        index.good(gone)
        asking.until(lambda: ask(open_one) == 200)


def test_a_responder_that_is_down_leaves_who_is_known_alone_over_a_restart_too(
    asking: Scene,
) -> None:
    gateway, good = asking.made.gateway, asking.made.good
    gone, fresh = asking.client("gone"), asking.client("fresh")
    asking.responder.index.good(gone, fresh)
    asking.responder.index.revoke(gone)
    assert asking.comes_to(200, good)
    assert asking.comes_to(403, gone)
    asking.until(lambda: "ocsp-changed" in gateway.program_log())
    asking.responder.instead = TRY_LATER
    assert [asking.status(one) for one in (good, gone, fresh)] == [200, 403, 403]
    assert asking.status(fresh, "/open/x") == 200
    named = asking.made.kit.client(asking.made.b, "named", extensions=[aia(asking.others.url)])
    asking.others.index.good(named)
    assert asking.comes_to(200, named)
    gateway.logged(lambda line: line.get("reason") == "revocation-undetermined")
    gateway.logged(lambda line: line.get("would_refuse") == "revocation-undetermined")
    with Api(gateway.state) as api:
        metrics = api.http.get("/metrics").text
    assert 'ostiary_ocsp_answers{status="good"} 2.0' in metrics
    assert 'ostiary_ocsp_answers{status="revoked"} 1.0' in metrics
    assert f'outcome="failed",responder="{asking.responder.url}"' in metrics
    shown = call("trust", "revocation", "--state", gateway.state)
    assert (shown.code, asking.others.url in shown.said) == (0, True), shown.said
    assert f"{asking.responder.url}: the responder says tryLater" in shown.said
    assert "answers at hand: 2 good, 1 revoked, 0 unknown" in shown.said
    assert gateway.stop() == 0
    assert (gateway.state / "ocsp-answers").stat().st_mode & 0o777 == 0o600
    gateway.start()
    assert [asking.status(one) for one in (good, gone, fresh)] == [200, 403, 403]
