"""Which authorities there are, and the files that were made of them, as they are now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ostiary.ca.lists import ListHead, NotOurList, head_of
from ostiary.ca.ocsp import Issuer, NoResponder, Responder, names_of
from ostiary.management.authority.place import LARGEST_LIST
from ostiary.management.authority.profile import LARGEST_PROFILE, Publishing, read_profile
from ostiary.management.authority.public import PublicFiles, public_name
from ostiary.management.authority.renewing import LARGEST_RESPONDER
from ostiary.store.files import FileTrouble, read_bounded
from ostiary.store.ledger.reading import Authority, LedgerReader
from ostiary.x509.certificate import Certificate, parse

Stamp = tuple[int, int, int]
"""Inode, time of change and length of a file: others after each replacement."""
Generation = tuple[int, int]
"""Of the ledger: which opening of its file, and SQLite's number of the change."""
NEVER: Generation = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One authority of the house."""

    name: str
    """As in addresses."""
    authority: Authority
    certificate: Certificate
    above: tuple[bytes, ...]
    """Certificates of those above it, DER, the root last."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list as it was read, once for each version of its file."""

    der: bytes
    head: ListHead


class Catalog:
    """One house's, followed by looking; for one thread."""

    def __init__(self, files: PublicFiles) -> None:
        self.files = files
        self.publishing = Publishing()
        self._reader: LedgerReader | None = None
        self._opened = 0
        self._generation = NEVER
        self._published: dict[str, Published] = {}
        self._issuers: dict[Issuer, Published] = {}
        self._responders: dict[str, tuple[Stamp, Responder | None]] = {}
        self._lists: dict[Path, tuple[Stamp, ListFile | None]] = {}
        self._profile: Stamp | None = None

    def close(self) -> None:
        """Give the ledger back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @property
    def reader(self) -> LedgerReader | None:
        """The ledger; None: there is no authority yet."""
        return self._reader

    def generation(self, reader: LedgerReader) -> Generation:
        """Another one after each change of the ledger. Raises what the ledger does."""
        return self._opened, reader.generation()

    def look(self) -> None:
        """See what has become of the house. Raises OstiaryError; what was known stays then."""
        self._follow_ledger()
        self._follow_profile()

    def all(self) -> tuple[Published, ...]:
        """The oldest first."""
        return tuple(self._published.values())

    def named(self, name: str) -> Published | None:
        """By the name in addresses."""
        return self._published.get(name)

    def of_issuer(self, issuer: Issuer) -> Published | None:
        """By the name in questions."""
        return self._issuers.get(issuer)

    def responder(self, one: Published) -> Responder | None:
        """Who answers for this authority; None: there is nobody (any more)."""
        path = self.files.responder(one.certificate.sha256)
        stamp = _stamp(path)
        if stamp is None:
            return None
        kept = self._responders.get(one.name)
        if kept is None or kept[0] != stamp:
            kept = stamp, self._read_responder(path)
            self._responders[one.name] = kept
        return kept[1]

    def responder_is_good(self, responder: Responder, now: datetime) -> bool:
        """Neither ended nor revoked."""
        if self._reader is None or not responder.certificate.not_before <= now:
            return False
        standing = self._reader.standing(responder.certificate.serial)
        good = standing is not None and standing.revocation is None
        return good and now < responder.certificate.not_after

    def whole(self, one: Published) -> ListFile | None:
        """Its newest whole list. Raises FileTrouble."""
        return self._list(self.files.whole(one.certificate.sha256))

    def delta(self, one: Published) -> ListFile | None:
        """Its newest delta. Raises FileTrouble."""
        return self._list(self.files.delta(one.certificate.sha256))

    def _list(self, path: Path) -> ListFile | None:
        stamp = _stamp(path)
        if stamp is None:
            return None
        kept = self._lists.get(path)
        if kept is None or kept[0] != stamp:
            kept = stamp, _read_list(path)
            self._lists[path] = kept
        return kept[1]

    def _read_responder(self, path: Path) -> Responder | None:
        try:
            return Responder(read_bounded(path, limit=LARGEST_RESPONDER))
        except (FileTrouble, NoResponder):
            # It is made anew as one that lacks.
            return None

    def _follow_ledger(self) -> None:
        if self._reader is not None and self._reader.replaced:
            self.close()
        if self._reader is None:
            if not (self.files.ledger.exists() and self.files.profile.exists()):
                return
            self._reader = LedgerReader(self.files.ledger)
            self._opened += 1
        generation = self.generation(self._reader)
        if generation != self._generation:
            published = {one.name: one for one in _published(self._reader.authorities())}
            self._issuers = {
                name: one for one in published.values() for name in names_of(one.certificate)
            }
            self._published, self._generation = published, generation

    def _follow_profile(self) -> None:
        stamp = _stamp(self.files.profile)
        if stamp is not None and stamp != self._profile:
            self._profile = stamp
            data = read_bounded(self.files.profile, limit=LARGEST_PROFILE)
            self.publishing = read_profile(data, str(self.files.profile)).publish


def _published(authorities: tuple[Authority, ...]) -> Iterator[Published]:
    by_id = {one.id: one for one in authorities}
    for one in authorities:
        certificate = parse(one.der)
        yield Published(
            name=public_name(certificate.sha256),
            authority=one,
            certificate=certificate,
            above=tuple(_above(one, by_id)),
        )


def _above(one: Authority, by_id: dict[int, Authority]) -> Iterator[bytes]:
    above = by_id.get(one.issuer) if one.issuer is not None else None
    if above is not None:
        yield above.der
        yield from _above(above, by_id)


def _read_list(path: Path) -> ListFile | None:
    try:
        der = read_bounded(path, limit=LARGEST_LIST)
        return ListFile(der, head_of(der))
    except NotOurList:
        return None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
