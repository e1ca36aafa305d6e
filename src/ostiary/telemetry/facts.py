"""What a preview needs to know of a certificate, in some two hundred bytes.

The encoding is our own: one byte of version and flags, then numbers as LEB128 and texts with their
length before them. Common attribute types take one byte.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ostiary.kernel.errors import OstiaryError
from ostiary.x509.structure import AlternativeNames, Attribute, Names

LARGEST_FACTS = 384
"""Bytes of an encoding; of a certificate with more, the names are left out."""

SHORT = 16
"""Bytes kept of the fingerprints of a path. Nobody is admitted by them."""

NOBODY = Names(subject=(), issuer=(), alternatives=AlternativeNames(), policies=())

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Name = tuple[tuple[Attribute, ...], ...]
_CUT = 0x80
_VERSION = 1
_LATEST = 253_402_300_799

# The position is the code; codes are stored, so names are only ever added at the end.
_COMMON = (
    "2.5.4.3", "2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.10", "2.5.4.11", "1.2.840.113549.1.9.1",
    "2.5.4.5", "0.9.2342.19200300.100.1.25", "0.9.2342.19200300.100.1.1", "2.5.4.4", "2.5.4.42",
    "2.5.4.12", "2.5.4.9", "2.5.4.17", "2.5.4.46", "2.5.4.13", "2.5.4.97", "2.5.4.65", "2.5.4.15",
)  # fmt: skip
_CODES = {oid: code for code, oid in enumerate(_COMMON)}
_OTHER = 0xFF


class FactsDamaged(OstiaryError):
    """The bytes are no encoding of facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """A client's certificate as far as a policy can ask about it without the certificate."""

    names: Names = NOBODY
    serial: int = 0
    not_before: datetime = _EPOCH
    not_after: datetime = _EPOCH
    path: tuple[bytes, ...] = ()
    """What the certificate was verified by: the first ``SHORT`` bytes of SHA-256 fingerprints,
    its issuer first, the anchor last. Empty when no path was found, or the leaf is pinned."""
    verified: bool = False
    """Whether a path was found when the certificate was last judged."""
    entry: str = ""
    """Id of the TLS entry where it was last judged."""
    cut: bool = False
    """Names, alternative names and policies were too long to be kept."""


def encode(facts: ClientFacts) -> bytes:
    """At most ``LARGEST_FACTS`` bytes; ``cut`` where all of it would be more."""
    if not facts.cut and len(facts.path) * SHORT <= LARGEST_FACTS:
        whole = _encoded(facts)
        if len(whole) <= LARGEST_FACTS:
            return whole
    return _encoded(
        ClientFacts(
            serial=facts.serial if facts.serial.bit_length() <= 256 else 0,
            not_before=facts.not_before,
            not_after=facts.not_after,
            path=facts.path[-8:],
            verified=facts.verified,
            entry=facts.entry[:33],
            cut=True,
        )
    )


def decode(data: bytes, *, names: bool = True) -> ClientFacts:
    """Without ``names`` these are left empty: three times as quick. Raises FactsDamaged."""
    try:
        return _decoded(data, names=names)
    except (IndexError, ValueError, OverflowError) as fault:
        raise FactsDamaged(f"not the facts of a certificate: {fault}") from fault


def entry_of(data: bytes) -> str:
    """The entry alone, without reading the rest. Raises FactsDamaged."""
    try:
        _check_version(data)
        return _Reader(data, 2 + data[1] // 2 * SHORT).text()
    except (IndexError, ValueError) as fault:
        raise FactsDamaged(f"not the facts of a certificate: {fault}") from fault


def _check_version(data: bytes) -> None:
    if data[0] & ~_CUT != _VERSION:
        raise ValueError(f"version {data[0] & ~_CUT}")


def _encoded(facts: ClientFacts) -> bytes:
    out = bytearray([_VERSION | (_CUT if facts.cut else 0)])
    out.append(len(facts.path) * 2 + facts.verified)
    for short in facts.path:
        out += short[:SHORT].ljust(SHORT, b"\0")
    _put_text(out, facts.entry)
    # RFC 5280 4.1.2.5 has whole seconds. The shift leaves no sign for dates before 1970.
    for moment in (facts.not_before, facts.not_after):
        _put_number(out, max(0, int((moment - _EPOCH).total_seconds())))
    serial = facts.serial.to_bytes(facts.serial.bit_length() // 8 + 1, "big", signed=True)
    _put_bytes(out, serial)
    names, others = facts.names, facts.names.alternatives
    _put_names(out, names.subject)
    _put_names(out, names.issuer)
    for texts in (others.dns, others.uri, others.email, others.ip, names.policies):
        _put_number(out, len(texts))
        for text in texts:
            _put_text(out, text)
    return bytes(out)


def _put_number(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _put_bytes(out: bytearray, data: bytes) -> None:
    _put_number(out, len(data))
    out += data


def _put_text(out: bytearray, text: str) -> None:
    _put_bytes(out, text.encode("utf-8", "surrogatepass"))


def _put_names(out: bytearray, names: _Name) -> None:
    _put_number(out, len(names))
    for relative in names:
        _put_number(out, len(relative))
        for attribute in relative:
            code = _CODES.get(attribute.oid, _OTHER)
            out.append(code)
            if code == _OTHER:
                _put_text(out, attribute.oid)
            _put_text(out, attribute.text)


def _decoded(data: bytes, *, names: bool) -> ClientFacts:
    _check_version(data)
    count, verified = divmod(data[1], 2)
    at = 2 + count * SHORT
    path = tuple([data[start : start + SHORT] for start in range(2, at, SHORT)])
    reader = _Reader(data, at)
    facts = ClientFacts(
        cut=data[0] > _CUT,
        path=path,
        verified=bool(verified),
        entry=reader.text(),
        not_before=_moment(reader.number()),
        not_after=_moment(reader.number()),
        serial=int.from_bytes(reader.bytes(), "big", signed=True),
        names=reader.all_names() if names else NOBODY,
    )
    if names and reader.at != len(data):
        raise ValueError("bytes after the end")
    return facts


class _Reader:
    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def number(self) -> int:
        byte = self.data[self.at]
        self.at += 1
        number, shift = byte & 0x7F, 7
        while byte > 0x7F:
            byte = self.data[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number too long")
        return number

    def bytes(self) -> bytes:
        length = self.data[self.at]
        if length > 0x7F:
            length = self.number()
        else:
            self.at += 1
        end = self.at + length
        if end > len(self.data):
            raise ValueError("cut short")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def text(self) -> str:
        return self.bytes().decode("utf-8", "surrogatepass")

    def texts(self) -> tuple[str, ...]:
        if self.data[self.at] == 0:
            self.at += 1
            return ()
        return tuple([self.text() for _ in range(self._count())])

    def name(self) -> _Name:
        return tuple(
            [
                tuple([Attribute(self._oid(), self.text()) for _ in range(self._count())])
                for _ in range(self._count())
            ]
        )

    def all_names(self) -> Names:
        return Names(
            subject=self.name(),
            issuer=self.name(),
            alternatives=AlternativeNames(
                dns=self.texts(), uri=self.texts(), email=self.texts(), ip=self.texts()
            ),
            policies=self.texts(),
        )

    def _oid(self) -> str:
        code = self.data[self.at]
        self.at += 1
        return self.text() if code == _OTHER else _COMMON[code]

    def _count(self) -> int:
        count = self.number()
        if count > len(self.data):
            raise ValueError("more parts than bytes")
        return count


def _moment(seconds: int) -> datetime:
    if seconds > _LATEST:
        raise ValueError("a time beyond the year 9999")
    return _EPOCH + timedelta(seconds=seconds)


def shortened(fingerprints: Iterable[bytes]) -> tuple[bytes, ...]:
    """Fingerprints as ``ClientFacts.path`` holds them."""
    return tuple(fingerprint[:SHORT] for fingerprint in fingerprints)
