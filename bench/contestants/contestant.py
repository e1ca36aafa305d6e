"""What the harness needs to know of a gateway, and what a gateway is told."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bench.certificates import Pki
from bench.children import Launch


class Refusal(Enum):
    """How a client without a trusted certificate is turned away."""

    PER_REQUEST = "403"
    UNAUTHORIZED = "401"
    """By 401 without a certificate, by 403 with another."""
    IN_HANDSHAKE = "handshake refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One gateway's place in a run: its own folder, its port, the service behind it, the
    certificates.
    """

    folder: Path
    port: int
    upstream_port: int
    pki: Pki


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """This gateway can't take part, and why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A gateway. `rule` is what it checks, in words for the report."""

    key: str
    title: str
    rule: str
    http2: bool
    refusal: Refusal
    locate: Callable[[], Path | Missing]
    version: Callable[[Path], str]
    prepare: Callable[[Path, Site], Launch]
    headers: Callable[[Pki], tuple[tuple[str, str], ...]] = lambda _: ()
    """The header that tells the client's certificate, where it is not in the handshake; several of
    them are several clients, whose requests come in turn on each connection."""
    scenarios: tuple[str, ...] = ()
    """What this gateway is asked; empty: everything."""


def on_path(name: str, *, otherwise: Path | None = None) -> Path | Missing:
    """A program of the system (sbin included, which ordinary users may not have on PATH), else
    of the cache.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is not None:
        return Path(found)
    if otherwise is not None and otherwise.exists():
        return otherwise
    return Missing(why=f"{name} is not installed (make bench-setup)")


def says(*argv: str) -> str:
    """What a program prints about itself, on either stream."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    return (done.stdout + done.stderr).strip()
