"""Certificates made to confuse or to exhaust, and an agent that is slow, gone or back again."""

import contextlib
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, mixed, world
from tests.support.pki import DAY, Made

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def made(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, mixed) as one:
        yield one


def name(*pairs: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])


def named_with(sign: bytes, made: World) -> Made:
    """A good client, but for one byte in its common name."""
    patch = [(b"adminXevil", b"admin" + sign + b"evil")]
    return made.kit.client(made.a, "sign", common_name="adminXevil", patch=patch)


def fat_chain(made: World) -> Made:
    below = made.a
    for number in range(5):
        below = made.kit.intermediate(below, f"fat-{number}", padding=20_000)
    return made.kit.client(below, "below-fat")


def critical(made: World) -> Made:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    return made.kit.client(made.a, "critical", extensions=[(unknown, True)])


def nul_in_alternative_name(made: World) -> Made:
    patch = [(b"adminXevil.example", b"admin\0evil.example")]
    return made.kit.client(made.a, "nul", dns=["adminXevil.example"], patch=patch)


HOSTILE: dict[str, Callable[[World], Made]] = {
    "nul-in-name": lambda made: named_with(b"\0", made),
    "newline-in-name": lambda made: named_with(b"\n", made),
    "escape-in-name": lambda made: named_with(b"\x1b", made),
    "nul-in-alternative-name": nul_in_alternative_name,
    "empty-subject": lambda made: made.kit.client(made.a, "empty", common_name=""),
    "huge": lambda made: made.kit.client(made.a, "huge", padding=100_000),
    "large": lambda made: made.kit.client(made.a, "large", padding=40_000),
    "chain-of-100-kB": fat_chain,
    "chain-of-40": lambda made: made.kit.client(made.kit.chain_of(made.a, 40, "long-"), "below-40"),
    "forged": lambda made: made.kit.client(made.a, "forged", signer=made.kit.root("another")),
    "critical": critical,
    "leaf-as-authority": lambda made: made.kit.client(made.kit.client(made.a, "leaf"), "of-leaf"),
}
"""Certificates of a trusted issuer that must be refused all the same."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_certificate_is_refused_and_nothing_breaks(made: World, kind: str) -> None:
    client = HOSTILE[kind](made)
    before = len(made.upstream.seen)
    logged = len(made.gateway.access_log())
    for sni in ("a.example", "strict.example"):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            try:
                status = made.gateway.status(client, sni, version=version)
            except (ssl.SSLError, OSError, EOFError):
                continue  # refused in the handshake, or HAProxy gave up on its size
            assert status in (401, 403, 503), (sni, version)
    assert len(made.upstream.seen) == before
    line = made.gateway.logged(bool, after=logged)
    assert any(line.get(key) for key in ("reason", "chain_reason", "tls_error", "connection")), line
    assert not made.gateway.lines_that_are_not_json()
    assert "Traceback" not in made.gateway.program_log()
    assert made.gateway.status(made.good, "a.example") == 200


def test_names_in_any_script_and_with_any_sign_arrive_and_are_logged(made: World) -> None:
    odd = "Zoë \"q\" \\b\\ <a,b=c+d;e#f> %0d%00 名前 'x'"
    subject = name((NameOID.ORGANIZATION_NAME, "A, O=Evil"), (NameOID.COMMON_NAME, odd))
    client = made.kit.client(made.a, "odd", subject=subject)
    assert made.gateway.status(client, "a.example", "/api/odd") == 200
    line = made.gateway.logged(lambda line: line.get("path") == "/api/odd")
    # RFC 4514 section 2.4: what is not ASCII may be written as the hex of its UTF-8.
    assert "\\E5\\90\\8D" in line["subject"]
    assert not made.gateway.lines_that_are_not_json()
    seen = made.upstream.last()
    told = seen.one("X-Client-Cert-Subject-DN") or ""
    assert "A\\, O=Evil" in told or "A\\, O\\=Evil" in told
    assert told == line["subject"]


def test_garbage_in_place_of_a_certificate_ends_the_handshake_only(made: World) -> None:
    # A ClientHello, then records that are none.
    for rubbish in (b"\x16\x03\x03\x00\x04\x0b\x00\x00\x00", b"\x15\x03\x03\x00\x02\x02\x00"):
        with made.gateway.connect() as plain:
            plain.send(rubbish)
            plain.rest()
    assert made.gateway.status(made.good, "a.example") == 200


def test_a_path_length_and_an_expired_intermediate_are_minded(made: World) -> None:
    short = made.kit.intermediate(made.a, "short-path", path_length=0)
    below = made.kit.intermediate(short, "below-short")
    expired = made.kit.intermediate(made.a, "old-middle", not_after=made.kit.now - DAY)
    for issuer in (below, expired):
        client = made.kit.client(issuer, f"under-{issuer.name}")
        assert made.gateway.status(client, "a.example") == 403
        with pytest.raises((ssl.SSLError, EOFError, OSError)):
            made.gateway.status(client, "strict.example")


@contextlib.contextmanager
def stopped(made: World) -> Iterator[None]:
    """The agent hangs: it is part of the parent, which is stopped by SIGSTOP."""
    made.gateway.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        made.gateway.process.send_signal(signal.SIGCONT)


def test_while_the_agent_hangs_the_unknown_are_refused_and_the_known_are_served(
    made: World,
) -> None:
    strict, lenient = "strict.example", "a.example"
    for sni in (strict, lenient):
        assert made.gateway.status(made.good, sni) == 200
    fresh = [made.kit.client(made.a, f"fresh-{number}") for number in range(4)]
    with stopped(made):
        for sni in (strict, lenient):
            assert made.gateway.status(made.good, sni) == 200
        assert made.gateway.status(fresh[0], strict, "/api/unknown") == 503
        assert made.gateway.status(fresh[1], lenient) == 403
        assert made.gateway.status(fresh[1], lenient, "/open/x") == 200
        assert not made.upstream.last().all("Client-Cert")
        for sni in (strict, lenient):
            assert made.gateway.status(made.good, sni) == 200
    line = made.gateway.logged(lambda line: line.get("path") == "/api/unknown")
    assert line["reason"] == "no-answer"
    until = time.monotonic() + 30
    while made.gateway.status(fresh[0], strict) != 200:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert made.gateway.status(fresh[1], lenient) == 200


def test_a_dead_parent_opens_no_door(engine_binary: EngineBinary) -> None:
    with world(engine_binary, mixed) as made:
        assert made.gateway.status(made.good, "strict.example") == 200
        fresh = made.kit.client(made.a, "fresh")
        made.gateway.process.kill()
        made.gateway.process.wait()
        for sni in ("strict.example", "a.example"):
            with contextlib.suppress(OSError, EOFError):
                assert made.gateway.status(fresh, sni) in (403, 503)
            with contextlib.suppress(OSError, EOFError):
                assert made.gateway.status(None, sni) in (401, 403, 503)
        time.sleep(0.5)
        made.gateway.start()
        assert made.gateway.status(fresh, "strict.example") == 200


def test_verified_intermediates_outlive_a_restart(engine_binary: EngineBinary) -> None:
    with world(engine_binary, mixed) as made:
        below = made.kit.intermediate(made.a, "middle")
        client = made.kit.client(below, "deep")
        assert made.gateway.status(client, "a.example") == 200
        made.gateway.stop()
        made.gateway.start()
        client.chain_file.write_bytes(client.pem)  # without the intermediate, as when resumed
        assert made.gateway.status(client, "a.example") == 200


def test_a_verdict_is_asked_for_again_when_it_is_too_old(engine_binary: EngineBinary) -> None:
    def short(document: dict[str, Any], _: Certificates) -> None:
        document["certificatePolicy"] = {"maximumVerdictAgeMs": 1000}

    with (
        world(engine_binary, mixed, short) as made,
        made.gateway.connect(context(made.good), "a.example") as client,
    ):
        assert client.ask("/api/x", "a.example").status == 200
        with stopped(made):
            time.sleep(2.2)
            assert client.ask("/api/x", "a.example").status == 403
        until = time.monotonic() + 30
        while client.ask("/api/x", "a.example").status != 200:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_refusal_is_judged_again_once_the_certificate_is_valid(made: World) -> None:
    for seconds in (2, 8, 30):  # a busy machine may need the longer ones
        soon = made.kit.client(made.a, f"soon-{seconds}", not_before=_in(seconds))
        early = made.gateway.status(soon, "a.example")
        if early == 403:
            break
    assert early == 403
    until = time.monotonic() + 30
    while made.gateway.status(soon, "a.example") != 200:
        assert time.monotonic() < until
        time.sleep(0.2)


def _in(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
