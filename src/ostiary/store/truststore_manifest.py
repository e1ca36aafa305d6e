"""The trust store's manifest as text: which files, in which order, with which content. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_HEAD: Final = re.compile(
    rb"ostiary-truststore 1 revision=(0|[1-9][0-9]{0,17}) sha256=([0-9a-f]{64})\n"
)
_LINE: Final = re.compile(rb"[0-9a-f]{64}\.pem")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One set of bundles, each known by the SHA-256 of its bytes."""

    revision: int
    """Of the database when the set was made."""
    digests: tuple[str, ...]
    """Hexadecimal, in order, each once."""


def manifest_of(bundles: Sequence[bytes], revision: int) -> Manifest:
    """For these bundles; one that comes twice is listed once."""
    digests = (hashlib.sha256(bundle).hexdigest() for bundle in bundles)
    return Manifest(revision, tuple(dict.fromkeys(digests)))


def file_name(digest: str) -> str:
    """Of the bundle with this digest."""
    return f"{digest}.pem"


def write_manifest(manifest: Manifest) -> bytes:
    """One line about the rest, then a file's name on each; the names are the checksums."""
    rest = b"".join(f"{file_name(digest)}\n".encode() for digest in manifest.digests)
    return b"%s sha256=%s\n%s" % (
        _title(manifest.revision),
        _checksum(manifest.revision, rest),
        rest,
    )


def read_manifest(text: bytes) -> Manifest | None:
    """What ``write_manifest`` wrote; None for anything else, were it one bit."""
    head = _HEAD.match(text)
    if head is None:
        return None
    revision, rest = int(head[1]), text[head.end() :]
    if _checksum(revision, rest) != head[2]:
        return None
    lines = rest.splitlines()
    if not all(_LINE.fullmatch(line) for line in lines):
        return None
    return Manifest(revision, tuple(line[:64].decode() for line in lines))


def _title(revision: int) -> bytes:
    return b"ostiary-truststore 1 revision=%d" % revision


def _checksum(revision: int, rest: bytes) -> bytes:
    return hashlib.sha256(_title(revision) + b"\n" + rest).hexdigest().encode()
