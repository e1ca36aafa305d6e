"""Who gets in, and how those who don't are told: the handshake, name by name."""

import contextlib
import functools
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, Running, World, mixed, world
from tests.support.pki import CODE_SIGNING, DAY, SERVER_AUTH, Made, Odd

pytestmark = pytest.mark.daemon

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def all_kinds(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, mixed) as made:
        yield made


@pytest.fixture(scope="module")
def seed(engine_binary: EngineBinary) -> Iterator[World]:
    """One entry, ``default``, strict for everybody: the first seed."""

    def required(document: dict[str, Any], _: Certificates) -> None:
        document["https"]["options"]["rejectUnauthorized"] = True

    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, required) as made:
        yield made


@pytest.fixture(scope="module")
def no_default(engine_binary: EngineBinary) -> Iterator[World]:
    def entries(made: Certificates) -> dict[str, Any]:
        return {
            "a.example": made.entry(made.a),
            "strict.example": made.entry(made.a, rejectUnauthorized=True),
        }

    with world(engine_binary, entries) as made:
        yield made


def alert(gateway: Running, tls: ssl.SSLContext, sni: str | None) -> str:
    """The TLS alert with which the gateway refuses; fails where it does not."""
    try:
        with gateway.connect(tls, sni) as connection:
            # With TLS 1.3 the client's side is done before the server has judged (RFC 8446,
            # figure 1), so the alert comes instead of the answer.
            connection.send(b"GET /api/x HTTP/1.1\r\nHost: strict.example\r\n\r\n")
            got = connection.socket.recv(100)
            raise AssertionError(f"not refused: {got!r}")
    except ssl.SSLError as error:
        return str(error.reason)


@dataclass(frozen=True)
class Bad:
    """A client that must be refused, and the alerts that say so properly (RFC 8446 6.2)."""

    name: str
    alerts: tuple[str, ...]


BAD = (
    Bad("none", ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE")),
    Bad("stranger", ("TLSV1_ALERT_UNKNOWN_CA",)),
    Bad("of-b", ("TLSV1_ALERT_UNKNOWN_CA",)),
    Bad("self-signed", ("TLSV1_ALERT_UNKNOWN_CA",)),
    Bad("expired", ("SSLV3_ALERT_CERTIFICATE_EXPIRED",)),
    Bad("not-yet", ("SSLV3_ALERT_BAD_CERTIFICATE",)),
    Bad("for-servers", ("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",)),
    Bad("for-code", ("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",)),
    Bad("small", ("SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_INSUFFICIENT_SECURITY",
                  "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_HANDSHAKE_FAILURE")),
    Bad("sha1", ("SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_INSUFFICIENT_SECURITY",
                 "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_HANDSHAKE_FAILURE")),
)  # fmt: skip
REASONS = {
    "none": {"no-certificate"},
    "stranger": {"untrusted-issuer", "issuer-missing"},
    "of-b": {"untrusted-issuer", "issuer-missing"},
    "self-signed": {"untrusted-issuer"},
    "expired": {"certificate-expired"},
    "not-yet": {"not-yet-valid"},
    "for-servers": {"wrong-purpose"},
    "for-code": {"wrong-purpose"},
    "small": {"weak-key"},
    "sha1": {"weak-digest"},
}


def presented(made: World, name: str) -> Made | None:
    """The bad client by its name; None presents nothing. Made once a world."""
    ready: dict[str, Made | None] = {"none": None, "stranger": made.stranger, "of-b": made.of_b}
    if name in ready:
        return ready[name]
    kit, now = made.kit, made.kit.now
    if name == "sha1":
        signer = kit.intermediate(made.a, "rsa-signer", key="rsa2048")
        return kit.client(signer, name, digest="sha1")
    odd: dict[str, Odd] = {
        "self-signed": {},
        "expired": {"not_after": now - DAY},
        "not-yet": {"not_before": now + DAY},
        "for-servers": {"purposes": [SERVER_AUTH]},
        "for-code": {"purposes": [CODE_SIGNING]},
        "small": {"key": "rsa1024"},
    }
    return kit.client(None if name == "self-signed" else made.a, name, **odd[name])


@pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])
@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_a_strict_name_refuses_in_the_handshake_with_an_alert_and_logs_why(
    all_kinds: World, seed: World, bad: Bad, version: ssl.TLSVersion
) -> None:
    for made, sni in ((all_kinds, "strict.example"), (seed, "localhost"), (seed, None)):
        logged = len(made.gateway.access_log())
        tls = context(presented(made, bad.name), version=version)
        assert alert(made.gateway, tls, sni) in bad.alerts
        line = made.gateway.logged(lambda line: line["event"] == "handshake-failed", after=logged)
        said = " ".join(line[key] for key in ("reason", "chain_reason", "tls_error"))
        assert said.strip(), line
        assert line["sni"] in ("strict.example", "localhost", "")


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_a_lenient_name_lets_the_pipeline_decide_and_logs_why(all_kinds: World, bad: Bad) -> None:
    who, path = presented(all_kinds, bad.name), f"/api/{bad.name}"
    if bad.name in ("small", "sha1"):
        # OpenSSL's security level may refuse these in the handshake already.
        try:
            status = all_kinds.gateway.status(who, "a.example", path)
        except (ssl.SSLError, EOFError):
            return
        assert status == 403
    else:
        assert all_kinds.gateway.status(who, "a.example", path) == 403
        assert all_kinds.gateway.status(who, "a.example", "/open/x") == 200
    line = all_kinds.gateway.logged(lambda line: line.get("path") == path)
    assert line["reason"] in REASONS[bad.name]
    assert line["status"] == 403


@pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])
def test_a_good_client_is_served_everywhere_it_is_trusted(
    all_kinds: World, seed: World, version: ssl.TLSVersion
) -> None:
    for sni in ("a.example", "strict.example", "x.wild.example", "other.example"):
        assert all_kinds.gateway.status(all_kinds.good, sni, version=version) == 200
    assert seed.gateway.status(seed.good, "localhost", version=version) == 200
    assert all_kinds.gateway.status(all_kinds.of_b, "b.example", version=version) == 200


@pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])
def test_intermediates_sent_by_the_client_complete_the_path(
    all_kinds: World, version: ssl.TLSVersion
) -> None:
    below = all_kinds.kit.chain_of(all_kinds.a, 3, prefix=f"deep-{version.name}-")
    client = all_kinds.kit.client(below, f"deep-{version.name}")
    for sni in ("strict.example", "a.example"):
        assert all_kinds.gateway.status(client, sni, version=version) == 200


def test_names_are_chosen_exact_then_wildcard_then_default_whatever_their_case(
    all_kinds: World,
) -> None:
    gateway = all_kinds.gateway
    assert gateway.status(all_kinds.of_b, "exact.wild.example") == 200
    assert gateway.status(all_kinds.of_b, "EXACT.Wild.Example") == 200
    assert "UNKNOWN_CA" in alert(gateway, context(all_kinds.of_b), "any.WILD.example")
    assert "UNKNOWN_CA" in alert(gateway, context(all_kinds.good), "ExAcT.wild.example")
    assert gateway.status(all_kinds.good, "STRICT.EXAMPLE") == 200
    assert "UNKNOWN_CA" in alert(gateway, context(all_kinds.of_b), "STRICT.example")
    # A wildcard stands for one label: two labels fall to the default.
    assert gateway.status(all_kinds.of_b, "two.labels.wild.example", "/open/x") == 200
    assert gateway.status(all_kinds.good, "two.labels.wild.example") == 200


def test_the_verdict_at_one_name_is_not_the_verdict_at_another(all_kinds: World) -> None:
    own = all_kinds.kit.client(all_kinds.a, "known-at-a")
    for _ in range(2):
        assert all_kinds.gateway.status(own, "a.example") == 200
        assert all_kinds.gateway.status(own, "b.example") == 403
        assert all_kinds.gateway.status(own, "nobody.example") == 403
        assert all_kinds.gateway.status(own, "other.example") == 200


def test_without_a_default_an_unknown_name_gets_an_alert(no_default: World) -> None:
    gateway = no_default.gateway
    assert gateway.status(no_default.good, "strict.example") == 200
    for sni in ("unknown.example", "x.a.example", None):
        said = alert(gateway, context(no_default.good), sni)
        assert said in ("TLSV1_UNRECOGNIZED_NAME", "SSLV3_ALERT_HANDSHAKE_FAILURE")


def test_an_entry_without_ca_trusts_nobody(all_kinds: World) -> None:
    gateway = all_kinds.gateway
    for who in (all_kinds.good, all_kinds.of_b, all_kinds.stranger, None):
        assert gateway.status(who, "nobody.example") == 403
        assert alert(gateway, context(who), "strict-nobody.example")
    line = gateway.logged(lambda line: line.get("sni") == "nobody.example" and line["fingerprint"])
    assert line["reason"] == "no-trust-anchors"


def test_the_public_roots_of_the_host_are_trusted_by_no_entry(
    engine_binary: EngineBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stranger_is_public(_: dict[str, Any], made: Certificates) -> None:
        # What OpenSSL takes for the host's own roots (manual, SSL_CTX_set_default_verify_paths).
        issuer = made.stranger.issuer
        assert issuer is not None
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.certificate_file))

    with world(engine_binary, mixed, stranger_is_public) as made:
        for sni in ("nobody.example", "a.example", "open.example"):
            assert made.gateway.status(made.stranger, sni) == 403
        for sni in ("strict-nobody.example", "strict.example"):
            assert alert(made.gateway, context(made.stranger), sni)


def test_the_seeds_own_openssl_commands_make_an_accepted_version_1_certificate(
    engine_binary: EngineBinary, tmp_path: Path
) -> None:
    def run(command: str) -> None:
        subprocess.run(
            command.split(" "), cwd=tmp_path, check=True, capture_output=True, timeout=60
        )

    run("openssl genrsa -out rootCA.key 2048")
    run("openssl req -x509 -new -nodes -key rootCA.key -sha256 -days 1024 -out rootCA.pem"
        " -subj /CN=Root")  # fmt: skip
    for name in ("server", "client"):
        run(f"openssl req -nodes -newkey rsa:2048 -keyout {name}.key -out {name}.csr"
            f" -subj /CN={name}")  # fmt: skip
        run(f"openssl x509 -req -days 365 -in {name}.csr -CA rootCA.pem -CAkey rootCA.key"
            f" -set_serial 01 -out {name}.crt")  # fmt: skip

    def entries(_: Certificates) -> dict[str, Any]:
        files = {"key": str(tmp_path / "server.key"), "cert": str(tmp_path / "server.crt")}
        own = {**files, "ca": [str(tmp_path / "rootCA.pem")]}
        return {"default": own, "strict.example": {**own, "rejectUnauthorized": True}}

    @dataclass
    class Files:
        chain_file: Path = tmp_path / "client.crt"
        key_file: Path = tmp_path / "client.key"

    with world(engine_binary, entries) as made:
        for sni in ("localhost", "strict.example"):
            with made.gateway.connect(context(Files()), sni) as connection:
                assert connection.ask("/api/x", sni).status == 200


def test_old_protocols_and_no_protocol_at_all_are_refused(all_kinds: World) -> None:
    old = context(all_kinds.good)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        all_kinds.gateway.connect(old, "a.example")
    started = time.monotonic()
    with Connection(all_kinds.gateway.https) as plain:
        plain.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"200" not in plain.rest()
    assert time.monotonic() - started < 30
    assert all_kinds.gateway.status(all_kinds.good, "a.example") == 200


def test_a_certificate_that_expires_on_an_open_connection_is_refused_at_the_next_request(
    all_kinds: World,
) -> None:
    names = ("a.example", "strict.example")
    for seconds in (3, 12, 40):  # a busy machine may need the longer ones
        end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
        short = all_kinds.kit.client(all_kinds.a, f"short-{seconds}", not_after=end)
        with contextlib.ExitStack() as opened, contextlib.suppress(OSError, EOFError):
            asking = [
                functools.partial(
                    opened.enter_context(all_kinds.gateway.connect(context(short), sni)).ask,
                    "/api/x", sni,
                )
                for sni in names
            ]  # fmt: skip
            second = all_kinds.gateway.http2(short, "a.example")
            opened.enter_context(second.connection)
            asking.append(functools.partial(second.ask, "/api/x", "a.example"))
            before = [ask().status for ask in asking]
            if before == [200] * 3:
                time.sleep(max(0.0, end.timestamp() - time.time()) + 1.1)
                assert [ask().status for ask in asking] == [403] * 3
                return
    raise AssertionError("it has never been served")
