"""A list's entries read fast: what a million of them have in common is understood once.

pyca/cryptography has decoded the whole list by then, so its structure is known to be good, and
entries can be cut out of the bytes; their extensions and dates are few, and remembered.
"""

from collections.abc import Iterator, Mapping

from cryptography import x509

from ostiary.x509.der import LONG, inside
from ostiary.x509.entries import Entries, EntriesBuilder, tail_of
from ostiary.x509.names import name_key
from ostiary.x509.points import directory_names

_NOT_INDIRECT = "an entry names another authority, though it is no indirect list"
_NO_NAME = "an entry names its authority by no distinguished name"

_TOO_MANY = "it lists certificates of more than 10,000 authorities"

_MOST_AUTHORITIES = 10_000
_MOST_REMEMBERED = 65_536
"""Different dates and extensions; a list made to have more is read more slowly."""

_INTEGER, _SEQUENCE, _TIMES = 0x02, 0x30, (0x17, 0x18)


def entries_of_list(
    native: x509.CertificateRevocationList, tbs: bytes, *, indirect: bool
) -> tuple[Mapping[bytes, Entries], str | None]:
    """Entries by the key of their authority's name, and what makes the list unusable.

    ``tbs`` is what is signed of the list. Raises ValueError for what does not decode.
    """
    current = name_key(native.issuer)
    found = {current: EntriesBuilder()}
    known: dict[bytes, _Entry] = {}
    tails: dict[tuple[bytes, str], bytes] = {}
    fault = None
    for entry, (serial, date, rest) in zip(native, _cut(tbs), strict=True):
        said = known.get(rest)
        if said is None:
            said = _Entry(entry)
            if len(known) < _MOST_REMEMBERED:
                known[rest] = said
            fault = said.fault or fault
        if said.issuers is not None:
            # RFC 5280 5.3.3: it goes for the entries behind it, too.
            current = min(said.issuers, default=current)
            fault = fault or (None if indirect else _NOT_INDIRECT)
        tail = tails.get((date, said.reason))
        if tail is None:
            tail = tail_of(entry.revocation_date_utc, said.reason)
            if len(tails) < _MOST_REMEMBERED:
                tails[date, said.reason] = tail
        builder = found.get(current) or found.setdefault(current, EntriesBuilder())
        builder.add_record(serial, tail)
    if len(found) > _MOST_AUTHORITIES:
        return {}, _TOO_MANY
    return {key: builder.entries() for key, builder in found.items()}, fault


class _Entry:
    """What the extensions of one entry say."""

    __slots__ = ("fault", "issuers", "reason")

    def __init__(self, entry: x509.RevokedCertificate) -> None:
        self.reason = x509.ReasonFlags.unspecified.value
        self.issuers: frozenset[bytes] | None = None
        self.fault: str | None = None
        for extension in entry.extensions:
            match extension.value:
                case x509.CRLReason(reason=stated):
                    self.reason = stated.value
                case x509.CertificateIssuer() as issuers:
                    self.issuers = directory_names(issuers)
                    self.fault = self.fault or (None if self.issuers else _NO_NAME)
                case x509.InvalidityDate():
                    pass
                case _ if extension.critical:
                    oid = extension.oid.dotted_string
                    self.fault = f"an entry has the critical extension {oid}, unknown here"
                case _:
                    pass


def _cut(tbs: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Of each entry the serial number, the date with its tag, and the rest.

    ``tbs`` is a TBSCertList (RFC 5280 5.1.2) that was decoded already.
    """
    at, end = _revoked(tbs)
    while at < end:
        size = tbs[at + 1]
        if size < LONG and tbs[at + 3] < LONG:
            # Nearly always; written out, since a million calls more take a second.
            start, stop = at + 2, at + 2 + size
            number, date = at + 4, at + 4 + tbs[at + 3]
        else:
            start, stop = inside(tbs, at)
            number, date = inside(tbs, start)
        begun = date + 2 + tbs[date + 1]
        yield tbs[number:date], tbs[date:begun], tbs[begun:stop]
        at = stop


def _revoked(tbs: bytes) -> tuple[int, int]:
    """Where the entries are; the same place twice where there are none."""
    at, end = inside(tbs, 0)
    if tbs[at] == _INTEGER:  # version
        at = inside(tbs, at)[1]
    for _ in ("signature", "issuer", "thisUpdate"):
        at = inside(tbs, at)[1]
    if at < end and tbs[at] in _TIMES:  # nextUpdate
        at = inside(tbs, at)[1]
    if at < end and tbs[at] == _SEQUENCE:
        return inside(tbs, at)
    return at, at
