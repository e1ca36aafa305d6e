"""Blocked certificates: the marks by which they are recognised, and whether one is blocked.

A block by fingerprint holds for every encoding of that certificate (``x509.twins``). One by issuer
and serial number holds for whatever that authority issued under this number, renewed encodings and
all; authorities are told apart by name alone, so that it needs no certificate of theirs.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ostiary.kernel.blocked import Block, Blocked
from ostiary.trust.decision import Refused, Step
from ostiary.trust.names.globs import is_literal
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import fingerprint_of, serial_of
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate
from ostiary.x509.structure import Attribute
from ostiary.x509.twins import twin_fingerprints

_REMEMBERED = timedelta(seconds=60)
"""As every refusal; one that is taken back is withdrawn at once all the same."""

Name = Sequence[Sequence[Attribute]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A certificate named by an operator."""

    mark: bytes
    fingerprint: str = ""
    """Lower-case hex; empty where it is named by issuer and serial number."""
    issuer: str = ""
    """As it was written."""
    serial: int | None = None


def by_fingerprint(text: str) -> Marked:
    """A certificate named by its SHA-256, as people write it. Raises PatternRefused."""
    digits = fingerprint_of(text)
    return Marked(mark=bytes.fromhex(digits), fingerprint=digits)


def by_issuer(issuer: str, serial: str) -> Marked:
    """A certificate named by its issuer's distinguished name (RFC 4514) and its serial number in
    hex. Raises PatternRefused, also for wildcards: a block names one certificate."""
    number = serial_of(serial)
    pattern = parse_pattern(issuer)
    if pattern.open or not all(is_literal(one.glob) for one in pattern.elements):
        raise PatternRefused(
            f"{issuer!r} has wildcards", "write the whole name; `*` and `?` as values: `\\*`, `\\?`"
        )
    parts = [(one.oid, one.glob) for one in pattern.elements]
    return Marked(mark=_issuer_mark(parts, number), issuer=pattern.text, serial=number)


def issuer_mark(issuer: Name, serial: int) -> bytes:
    """The mark of what this issuer gave this number."""
    return _issuer_mark([(one.oid, one.text) for rdn in issuer for one in rdn], serial)


def refuse_blocked(blocked: Blocked, leaf: bytes, now: datetime) -> Refused | None:
    """The refusal of a certificate (DER, readable or not) that is blocked at ``now`` (aware).

    Asked before all else: what would be refused for another reason may still be let go on, by a
    policy that only reports or a pipeline that asks for nothing, and who is blocked never is.
    """
    found = find_block(blocked, leaf, now, lambda: parse(leaf))
    if found is None:
        return None
    until = now + _REMEMBERED
    return Refused(Reason.BLOCKED, found.told, min(until, found.until or until))


def step_of(blocked: Blocked, refused: Refused | None) -> Step:
    """The same, as ``explain`` tells it."""
    if refused is not None:
        return Step("block", False, refused.detail)
    count = len(blocked)
    return Step("block", True, f"not one of the {count} blocked" if count else "nobody is blocked")


def find_block(
    blocked: Blocked, leaf: bytes, now: datetime, read: Callable[[], Certificate]
) -> Block | None:
    """The block that acts on this certificate at ``now`` (aware).

    ``leaf`` is its DER, readable or not; ``read`` reads it (or raises NotACertificate), and is
    called only where somebody is blocked by issuer and serial number.
    """
    if not len(blocked) or not leaf:
        return None
    return blocked.find(_marks(blocked, leaf, read), now)


def find_block_of(
    blocked: Blocked, fingerprint: bytes, issuer: Name, serial: int, now: datetime
) -> Block | None:
    """The same by what is known of a certificate that isn't at hand."""
    marks = [fingerprint]
    if serial in blocked.serials:
        marks.append(issuer_mark(issuer, serial))
    return blocked.find(marks, now)


def marks_of(leaf: bytes) -> tuple[bytes, ...]:
    """All marks by which this certificate (DER, readable or not) may be blocked, whatever is
    blocked now: to look it up often."""
    marks = (hashlib.sha256(leaf).digest(), *twin_fingerprints(leaf))
    try:
        certificate = parse(leaf)
    except NotACertificate:
        return marks
    return (*marks, issuer_mark(certificate.names.issuer, certificate.serial))


def _marks(blocked: Blocked, leaf: bytes, read: Callable[[], Certificate]) -> Iterator[bytes]:
    yield hashlib.sha256(leaf).digest()
    yield from twin_fingerprints(leaf)
    if not blocked.serials:
        return
    try:
        certificate = read()
    except NotACertificate:
        return  # the next check refuses it
    if certificate.serial in blocked.serials:
        yield issuer_mark(certificate.names.issuer, certificate.serial)


def _issuer_mark(parts: list[tuple[str, str]], serial: int) -> bytes:
    """The order of a name's attributes says nothing, as with patterns; and two lists never come to
    one text, since no name has control characters."""
    lines = [f"{serial:x}", *(f"{oid}={text}" for oid, text in sorted(parts))]
    return hashlib.sha256("\n".join(("issuer and serial", *lines)).encode()).digest()
