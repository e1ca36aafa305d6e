"""Bound tokens where a load balancer names the client's certificate in a header."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.consumers_rig import Rig, serving
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit, Made
from tests.support.tokens import SECRET, bearer, bound_to, token

pytestmark = pytest.mark.daemon


def document(port: int, root: Made) -> dict[str, Any]:
    action = {"secretOrPublicKey": SECRET.decode(), "checkCredentialExistence": False}
    return {
        "admin": {"enabled": False},
        "clientCertificateAuth": {
            "type": "header",
            "headerName": "X-Client",
            "headerFormat": "urlencoded-pem",
            "trustedProxies": ["127.0.0.1"],
            "trustedCertificates": [str(root.certificate_file)],
        },
        "apiEndpoints": {"api": {"paths": "/*"}},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
        "pipelines": {
            "api": {
                "apiEndpoints": ["api"],
                "policies": [
                    {"jwt": {"action": action}},
                    {"proxy": {"action": {"serviceEndpoint": "service"}}},
                ],
            }
        },
    }


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def root(kit: Kit) -> Made:
    return kit.root("root")


@pytest.fixture(scope="module")
def rig(any_engine: EngineBinary, root: Made) -> Iterator[Rig]:
    wanted = document(0, root)
    with Upstream() as upstream:
        wanted["serviceEndpoints"]["service"]["url"] = f"http://127.0.0.1:{upstream.port}"
        with serving(any_engine, wanted) as rig:
            yield rig


def test_on_a_balancer_s_connection_each_token_needs_its_own_client(
    rig: Rig, kit: Kit, root: Made
) -> None:
    one, two, stranger = kit.client(root, "one"), kit.client(root, "two"), kit.client(None, "self")
    bound = {made.name: bearer(token({"sub": "x", **bound_to(made)})) for made in (one, two)}
    bound["self"] = bearer(token({"sub": "x", **bound_to(stranger)}))

    def shown(made: Made) -> tuple[str, str]:
        return "X-Client", quote(made.pem.decode())

    with rig.connect() as balancer:
        for _ in range(4):  # judged, then remembered
            for made, other in ((one, two), (two, one)):
                mine = balancer.ask("/x", headers=[bound[made.name], shown(made)])
                assert mine.status == 200
                assert balancer.ask("/x", headers=[bound[made.name], shown(other)]).status == 401
                assert balancer.ask("/x", headers=[bound[made.name]]).status == 401
        # Whoever isn't admitted hasn't shown the certificate, whatever it holds.
        refused = balancer.ask("/x", headers=[bound["self"], shown(stranger)])
        assert refused.status in (401, 403)


def test_nobody_but_the_balancer_can_name_a_certificate(rig: Rig, kit: Kit, root: Made) -> None:
    made = kit.client(root, "three")
    sent = [bearer(token({"sub": "x", **bound_to(made)})), ("X-Client", quote(made.pem.decode()))]
    with rig.connect(source="127.0.0.5") as stranger:
        assert stranger.ask("/x", headers=sent).status == 401
    with rig.connect() as balancer:
        assert balancer.ask("/x", headers=sent).status == 200
