"""Type certificate in the handshake: everybody shows what they have, and is answered over HTTP."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world

pytestmark = pytest.mark.daemon

OPENSSL = shutil.which("openssl") or pytest.skip("needs openssl", allow_module_level=True)


def judged(document: dict[str, Any], made: Certificates) -> None:
    """Trusts B everywhere; ``strict.example`` lets the handshake refuse what is shown."""
    document["https"]["options"] = {}
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "required": True,
        "trustedCertificates": [str(made.b.certificate_file)],
    }
    document["apiEndpoints"]["open"]["clientCertificateAuth"] = {"required": False}


def entries(made: Certificates) -> dict[str, Any]:
    return {
        "default": made.entry(made.a),
        "strict.example": made.entry(made.a, rejectUnauthorized=True),
    }


@pytest.fixture(scope="module")
def judging(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, entries, judged) as made:
        yield made


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_clients_are_not_told_whose_certificates_are_welcome_and_send_theirs(
    judging: World, version: str
) -> None:
    asked = subprocess.run(
        [
            OPENSSL, "s_client", version, "-connect", f"127.0.0.1:{judging.gateway.https}",
            "-servername", "default.example", "-cert", str(judging.good.certificate_file),
            "-key", str(judging.good.key_file), "-quiet", "-trace",
        ],
        input=b"GET /api/x HTTP/1.1\r\nHost: default.example\r\nConnection: close\r\n\r\n",
        capture_output=True,
        timeout=20,
        check=False,
    )  # fmt: skip
    said = asked.stdout + asked.stderr
    assert b"CertificateRequest" in said
    assert b"root-a" not in said.partition(b"CertificateRequest")[2].partition(b"Received")[0]
    assert b"HTTP/1.1 200" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_sends_its_certificate(judging: World) -> None:
    command = [
        "curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*",
        "--resolve", f"default.example:{judging.gateway.https}:127.0.0.1",
        f"https://default.example:{judging.gateway.https}/api/x",
    ]  # fmt: skip
    shown = ["--cert", str(judging.of_b.chain_file), "--key", str(judging.of_b.key_file)]
    assert subprocess.run([*command, *shown], capture_output=True, check=True).stdout == b"200"
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"401"


@pytest.mark.parametrize(
    ("who", "status"), [("good", 200), ("of_b", 200), ("stranger", 403), (None, 401)]
)
def test_the_entry_s_own_anchors_and_those_trusted_everywhere_add_up(
    judging: World, who: str | None, status: int
) -> None:
    client = getattr(judging, who) if who else None
    assert judging.gateway.status(client, "default.example") == status


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_strict_entry_refuses_what_is_shown_in_the_handshake_and_what_is_not_over_http(
    judging: World, version: ssl.TLSVersion
) -> None:
    def status(client: Any) -> int:
        return judging.gateway.status(client, "strict.example", version=version)

    assert (status(judging.good), status(judging.of_b), status(None)) == (200, 200, 401)
    assert judging.gateway.status(None, "strict.example", "/open/x", version=version) == 200
    with pytest.raises((OSError, EOFError)):
        status(judging.stranger)


def test_an_entry_that_asks_nobody_by_itself_asks_everybody(judging: World) -> None:
    with judging.gateway.connect(context(judging.good), "default.example") as connection:
        assert connection.ask("/nowhere").status == 404
    assert judging.gateway.status(None, "default.example", "/nowhere") == 401


def test_refusals_are_told_to_whoever_listens(engine_binary: EngineBinary) -> None:
    with world(engine_binary, entries, judged) as made:
        path = made.gateway.state / "run" / "events.sock"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.settimeout(30)
            assert made.gateway.status(made.good, "default.example") == 200
            assert made.gateway.status(made.stranger, "default.example") == 403
            line = listener.recv(65536)
            assert b'"status":403' in line
            assert b'"reason":"issuer-missing"' in line
            assert made.gateway.status(None, "default.example") == 401
            assert b'"status":401' in listener.recv(65536)
            listener.settimeout(0.5)
            with pytest.raises(TimeoutError):
                listener.recv(65536)


def _engine_files(state: Path) -> dict[str, bytes]:
    folder = sorted((state / "revisions").glob("r*"))[-1]
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


def test_where_the_handshake_lets_everybody_in_no_file_of_the_engine_knows_whom_we_trust(
    engine_binary: EngineBinary,
) -> None:
    def lenient(made: Certificates) -> dict[str, Any]:
        return {"default": made.entry(made.a)}

    with world(engine_binary, lenient, judged) as made:
        anchors = [
            one.certificate_file.read_bytes().strip().splitlines()[1] for one in (made.a, made.b)
        ]
        held = [
            name
            for name, content in _engine_files(made.gateway.state).items()
            if not name.startswith("server-") and any(one in content for one in anchors)
        ]
        assert held == []
