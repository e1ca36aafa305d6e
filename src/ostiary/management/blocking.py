"""Certificates that may pass nowhere: blocked at once, on open connections, and let in again."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.clients import BlockedView
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Fault, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.shelf import read_uploaded
from ostiary.management.sights import ChangeView
from ostiary.management.state import Touched
from ostiary.management.telling import client_unblocked, clients_blocked, cut
from ostiary.management.views import Page
from ostiary.store.database.blocked import BlockedCertificate, NewBlock
from ostiary.store.database.notifications import NewNotification
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work
from ostiary.trust.blocks import Marked, by_fingerprint, by_issuer
from ostiary.trust.names.refusal import PatternRefused

LONGEST_NOTE = 500
MOST_AT_ONCE = 10_000
_TOUCHED = frozenset({Touched.BLOCKED})
_MOST_TOLD = 20
_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Which certificates are meant: by fingerprints, by the certificate itself, or by issuer and
    serial number. Exactly one of the three."""

    fingerprints: tuple[str, ...] = ()
    """SHA-256 in hex, with or without colons."""
    upload: bytes | None = None
    """A file with the certificate; where it holds several, the first is meant, as in a chain."""
    issuer: str = ""
    """RFC 4514."""
    serial: str = ""
    """Hex."""


class Blocking:
    """Certificates that may pass nowhere."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[BlockedView]:
        """The latest first; ``search`` is part of a fingerprint, name, serial number or note."""
        offset, wanted = offset_of(cursor), checked_limit(limit)
        search = search.replace(":", "") if _is_hex(search) else search
        now = self._changes.clock()
        with reading(self._changes.keeping) as work:
            found = work.blocked.page(search=search, offset=offset, limit=wanted)
        return Page(
            items=tuple(_view(one, now) for one in found.items),
            next=after(offset, len(found.items), found.total),
            total=found.total,
        )

    def one(self, number: int) -> BlockedView:
        """Raises NotThere."""
        with reading(self._changes.keeping) as work:
            return _view(work.blocked.one(number), self._changes.clock())

    async def block(
        self, order: Order, whom: Whom, *, note: str = "", until: datetime | None = None
    ) -> ChangeView:
        """Refuse these certificates everywhere, from now on, whatever else would let them in.

        One that is blocked already is blocked anew, with this note and end. When this returns, the
        next request on any connection is refused. Raises Unacceptable.
        """
        found = await asyncio.to_thread(_named, whom)
        _refuse_bad(note, until, self._changes.clock())

        def edit(work: Work, moment: Moment) -> Edited:
            blocks, warnings = _known(work, found)
            numbers = work.blocked.add(
                blocks, note=note, until=until, at=moment.at, by=moment.actor.name
            )
            return Edited(
                action="client.block",
                object=_called(numbers),
                after=_told(blocks, note, until),
                touched=_TOUCHED,
                warnings=warnings,
                notices=(_blocked(blocks, note, until, moment),),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def unblock(self, order: Order, number: int) -> ChangeView:
        """Judge a certificate as all others again. Raises NotThere."""

        def edit(work: Work, moment: Moment) -> Edited:
            gone = work.blocked.remove(number)
            told = client_unblocked(_meant(_as_new(gone)), by=moment.actor.name, now=moment.at)
            return Edited(
                action="client.unblock",
                object=str(number),
                before=_told((_as_new(gone),), gone.note, gone.until),
                touched=_TOUCHED,
                notices=(told,),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    marked: Marked
    subject: str = ""
    is_authority: bool = False


def _named(whom: Whom) -> tuple[_Named, ...]:
    """May take long with an upload: in a thread. Raises Unacceptable."""
    by_name = bool(whom.issuer or whom.serial)
    if [bool(whom.fingerprints), whom.upload is not None, by_name].count(True) != 1:
        raise Unacceptable.one(
            "it isn't said which certificate",
            "give fingerprints, or a certificate, or issuer and serial",
        )
    if whom.upload is not None:
        shown = read_uploaded(whom.upload, None)[0]
        marked = by_fingerprint(shown.fingerprint)
        return (_Named(marked=marked, subject=shown.subject, is_authority=shown.is_ca),)
    if by_name:
        try:
            return (_Named(marked=by_issuer(whom.issuer, whom.serial)),)
        except PatternRefused as refused:
            raise _refusal(refused, "/issuer") from refused
    return tuple(_by_fingerprints(whom.fingerprints))


def _by_fingerprints(given: tuple[str, ...]) -> Iterator[_Named]:
    if len(given) > MOST_AT_ONCE:
        raise Unacceptable.one(
            f"{len(given)} at once are too many", f"send {MOST_AT_ONCE} at a time", "/fingerprints"
        )
    faults: list[Fault] = []
    for index, one in enumerate(given):
        try:
            yield _Named(marked=by_fingerprint(one))
        except PatternRefused as refused:
            faults.extend(_refusal(refused, f"/fingerprints/{index}").faults)
    if faults:
        raise Unacceptable(faults[:_MOST_FAULTS])


def _refusal(refused: PatternRefused, where: str) -> Unacceptable:
    return Unacceptable.one(refused.message, refused.way_out, where)


def _refuse_bad(note: str, until: datetime | None, now: datetime) -> None:
    faults = []
    if len(note) > LONGEST_NOTE or not (note.isprintable() or not note):
        faults.append(
            Fault(
                where="/note",
                message="the note can't be kept",
                way_out=f"give up to {LONGEST_NOTE} printable characters on one line",
            )
        )
    if until is not None and until <= now:
        faults.append(
            Fault(where="/until", message="this time has passed", way_out="name a later one")
        )
    if faults:
        raise Unacceptable(faults)


def _known(work: Work, found: tuple[_Named, ...]) -> tuple[tuple[NewBlock, ...], tuple[str, ...]]:
    """What is known of these certificates, and what is worth a warning."""
    blocks, unseen, warnings = [], 0, []
    for one in found:
        marked, subject = one.marked, one.subject
        if marked.fingerprint:
            seen = work.clients.find(marked.mark)
            subject = subject or (seen.subject if seen else "")
            unseen += seen is None and not one.subject
        if one.is_authority:
            warnings.append(
                "it is the certificate of an authority: who has a certificate of it is not blocked"
            )
        blocks.append(
            NewBlock(
                mark=marked.mark,
                fingerprint=marked.fingerprint,
                issuer=marked.issuer,
                serial="" if marked.serial is None else f"{marked.serial:X}",
                subject=subject,
            )
        )
    if unseen:
        count = "it was" if len(found) == 1 else f"{unseen} of {len(found)} were"
        warnings.append(f"{count} never seen here (check the fingerprint)")
    return tuple(blocks), tuple(warnings)


def _called(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _told(blocks: tuple[NewBlock, ...], note: str, until: datetime | None) -> dict[str, JsonValue]:
    """For the audit log."""
    told = [_one_told(one) for one in blocks[:_MOST_TOLD]]
    rest: dict[str, JsonValue] = {"note": note, "until": until.isoformat() if until else None}
    if len(blocks) == 1:
        return {**told[0], **rest}
    return {"count": len(blocks), "first": told, **rest}


def _blocked(
    blocks: tuple[NewBlock, ...], note: str, until: datetime | None, moment: Moment
) -> NewNotification:
    named = [_meant(one) for one in blocks[:_MOST_TOLD]]
    return clients_blocked(
        named, len(blocks), by=moment.actor.name, note=note, until=until, now=moment.at
    )


def _meant(one: NewBlock) -> dict[str, JsonValue]:
    """For notifications, in the words that all of them have."""
    if one.fingerprint:
        return {"subject": cut(one.subject), "fingerprint": one.fingerprint}
    return {"issuer": cut(one.issuer), "serial": one.serial}


def _one_told(one: NewBlock) -> dict[str, JsonValue]:
    if one.fingerprint:
        return {"subject": one.subject, "sha256": one.fingerprint}
    return {"issuer": one.issuer, "serial": one.serial}


def _as_new(one: BlockedCertificate) -> NewBlock:
    return NewBlock(
        mark=b"",
        fingerprint=one.fingerprint,
        issuer=one.issuer,
        serial=one.serial,
        subject=one.subject,
    )


def _is_hex(text: str) -> bool:
    return bool(text) and not text.strip("0123456789abcdefABCDEF:")


def _view(one: BlockedCertificate, now: datetime) -> BlockedView:
    return BlockedView(
        id=one.id,
        fingerprint=one.fingerprint,
        issuer=one.issuer,
        serial=one.serial,
        subject=one.subject,
        note=one.note,
        until=one.until,
        in_force=one.until is None or now < one.until,
        added=one.added,
        added_by=one.added_by,
    )
