"""Enrolment at the running gateway, with clients that aren't ours: curl, openssl, strongSwan."""

import contextlib
import http.client
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.doors.cli_rig import call
from tests.doors.rig import Done

pytestmark = pytest.mark.daemon


class Devices:
    """A gateway where devices enrol, seen from a device."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.folder = made.folder / "device"
        self.folder.mkdir()
        self.port = made.gateway.config["pki"]["est"]["port"]
        self.server_ca = made.a.certificate_file

    def operator(self, *words: object) -> Done:
        config, state = self.world.folder / "gateway.config.yml", self.world.gateway.state
        done = call("ca", *words, "--state", state, "-c", config)
        assert done.code == 0, done.said
        return done

    def token(self, name: str, *words: object) -> str:
        secret: str = self.operator("token", "--name", name, *words, "--json").json["secret"]
        return secret

    def run(self, *words: object, good: bool = True) -> str:
        done = subprocess.run(
            list(map(str, words)), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is good, done.stdout + done.stderr
        return done.stdout

    def request(self, stem: str, subject: str) -> None:
        self.run(
            "openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-keyout", f"{stem}.key", "-outform", "DER", "-out",
            f"{stem}.csr", "-subj", subject,
        )  # fmt: skip
        self.run("openssl", "base64", "-in", f"{stem}.csr", "-out", f"{stem}.b64")

    def curl(self, path: str, *words: object) -> str:
        """The status; the answer's body is in the file ``answer``."""
        return self.run(
            "curl", "-sS", "--cacert", self.server_ca, "-o", "answer", "-w", "%{http_code}",
            f"https://localhost:{self.port}/.well-known/est/{path}", *words,
        )  # fmt: skip

    def post(self, path: str, stem: str, *words: object) -> str:
        return self.curl(
            path, "-H", "Content-Type: application/pkcs10", "--data-binary", f"@{stem}.b64", *words
        )

    def take(self, out: str) -> str:
        """The certificates of the answer into a file; what openssl says of the first."""
        self.run("openssl", "base64", "-d", "-A", "-in", "answer", "-out", "answer.p7")
        self.run(
            "openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs", "-out", out
        )
        return self.run("openssl", "x509", "-in", out, "-noout", "-subject", "-serial")


@pytest.fixture(scope="module")
def devices(any_engine: EngineBinary) -> Iterator[Devices]:
    def with_est(document: dict[str, Any], made: Certificates) -> None:
        folder = made.kit.folder
        done = call(
            "ca", "init", "Ours", "--alone", "--allow", "dn=CN=*,O=Acme", "--state",
            folder / "state",
        )  # fmt: skip
        assert done.code == 0, done.said
        document["pki"] = {"port": free_port(), "est": {"port": free_port(), "host": "127.0.0.1"}}

    with world(any_engine, lambda made: {"default": made.entry()}, with_est) as made:
        yield Devices(made)


def test_a_device_enrols_with_curl_and_openssl_and_renews_with_its_certificate(
    devices: Devices,
) -> None:
    assert devices.curl("cacerts") == "200"
    devices.take("cas.pem")
    devices.request("one", "/O=Acme/CN=device-1")
    token = devices.token("device-1")
    assert devices.post("simpleenroll", "one", "-u", "device-1:wrong") == "401"
    assert devices.post("simpleenroll", "one", "-u", f"device-1:{token}") == "200"
    first = devices.take("one.crt")
    assert "CN = device-1" in first
    devices.run("openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "cas.pem",
                "one.crt")  # fmt: skip
    own = ("--cert", "one.crt", "--key", "one.key")
    assert devices.post("simplereenroll", "one") == "401"
    assert devices.post("simplereenroll", "one", *own) == "200"
    assert devices.take("next.crt") != first
    # What a client writes there itself never counts.
    told = devices.run("openssl", "x509", "-in", "one.crt", "-noout", "-fingerprint", "-sha256")
    digest = told.partition("=")[2].strip().replace(":", "")
    forged = f"X-Ostiary-Client-Fingerprint: {digest}"
    assert devices.post("simplereenroll", "one", "-H", forged) == "401"
    devices.operator("revoke", "device-1")
    assert devices.post("simplereenroll", "one", *own) == "403"


def test_a_blocked_device_does_not_get_away_with_another_certificate(devices: Devices) -> None:
    devices.request("two", "/O=Acme/CN=device-2")
    assert devices.post("simpleenroll", "two", "-u", f":{devices.token('device-2')}") == "200"
    devices.take("two.crt")
    config, state = devices.world.folder / "gateway.config.yml", devices.world.gateway.state
    blocked = call("clients", "block", devices.folder / "two.crt", "--state", state, "-c", config)
    assert blocked.code == 0, blocked.said
    own = ("--cert", "two.crt", "--key", "two.key")
    assert devices.post("simplereenroll", "two", *own) == "403"


def test_a_request_waits_for_the_operators_word_and_then_brings_a_certificate(
    devices: Devices,
) -> None:
    devices.request("three", "/O=Acme/CN=device-3")
    credential = ("-u", f":{devices.token('device-*', '--approval')}")
    assert devices.post("simpleenroll", "three", *credential) == "202"
    (waits,) = devices.operator("requests", "--json").json
    assert (waits["name"], waits["problem"]) == ("device-3", "")
    assert "device-3" in devices.operator("request", waits["id"]).out
    devices.operator("approve", waits["id"], "--days", 3, "--out", devices.folder / "op.crt")
    assert devices.post("simpleenroll", "three", *credential) == "200"
    told = devices.take("three.crt")
    assert told == devices.run("openssl", "x509", "-in", "op.crt", "-noout", "-subject", "-serial")
    devices.request("four", "/O=Acme/CN=device-4")
    credential = ("-u", f":{devices.token('device-4', '--approval')}")
    assert devices.post("simpleenroll", "four", *credential) == "202"
    (waits,) = devices.operator("requests", "--json").json
    devices.operator("deny", waits["id"], "--note", "not one of ours")
    assert devices.post("simpleenroll", "four", *credential) == "403"
    assert (devices.folder / "answer").read_text() == "not one of ours\n"
    assert devices.operator("requests", "--json").json == []
    audit = call("audit", "--state", devices.world.gateway.state, "-c",
                 devices.world.folder / "gateway.config.yml", "--json")  # fmt: skip
    assert {"ca.token.make", "ca.approve", "ca.deny"} <= {one["action"] for one in audit.json}
    # What devices did is there, too, once each, and made no revision.
    asked = [one for one in audit.json if one["action"] == "ca.enrol"]
    waited = [one["after"] for one in asked if one["after"]["state"] == "waits"]
    assert [one["token"] for one in waited] == ["device-4", "device-*"]
    assert waited[0]["address"] == "127.0.0.1"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(devices: Devices) -> None:
    tls = ssl.create_default_context(cafile=devices.server_ca)
    connection = http.client.HTTPSConnection("localhost", devices.port, context=tls, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/.well-known/est/simpleenroll")
        connection.putheader("Content-Type", "application/pkcs10")
        connection.putheader("Content-Length", "200000")
        connection.endheaders()
        assert connection.getresponse().status == 413


def _strongswan() -> str:
    """Its program; others are called pki, too."""
    found = shutil.which("pki")
    if found is None:
        pytest.skip("strongSwan's pki is not here (apt-get install strongswan-pki)")
    done = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    if "strongSwan" not in told or "--est" not in told:
        pytest.skip("this pki isn't strongSwan's with EST (5.9.8 and later)")
    return found


def test_strongswan_enrols_and_renews(devices: Devices) -> None:
    pki = _strongswan()
    url = f"https://localhost:{devices.port}"
    trusted = (
        "--cacert",
        devices.server_ca,
        "--cacert",
        devices.world.gateway.state / "ca/root.crt",
    )
    devices.run(
        pki, "--estca", "--url", url, *trusted, "--caout", "swan-ca.pem", "--outform", "pem"
    )
    devices.run("openssl", "verify", "-CAfile", "swan-ca.pem", "swan-ca-1.pem")
    devices.request("swan", "/O=Acme/CN=swan")
    enrolled = devices.run(
        pki, "--est", "--url", url, *trusted, "--in", "swan.csr", "--outform", "pem",
        "--userpass", f"swan:{devices.token('swan')}",
    )  # fmt: skip
    (devices.folder / "swan.crt").write_text(enrolled)
    devices.request("swan2", "/O=Acme/CN=swan")
    renewed = devices.run(
        pki, "--est", "--url", url, *trusted, "--in", "swan2.csr", "--outform", "pem",
        "--cert", "swan.crt", "--key", "swan.key",
    )  # fmt: skip
    (devices.folder / "swan2.crt").write_text(renewed)
    for name in ("swan.crt", "swan2.crt"):
        devices.run(
            "openssl", "verify", "-CAfile", "swan-ca.pem", "-untrusted", "swan-ca-1.pem", name
        )
    assert enrolled != renewed
