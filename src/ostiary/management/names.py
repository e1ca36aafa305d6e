"""Trusted distinguished names, at the gateway and at APIs."""

import asyncio
from collections.abc import Callable, Sequence

from ostiary.config.effective import file_auth_of
from ostiary.config.model.client_auth import ApiAuth
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Fault, Locked, NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.locked import file_of
from ostiary.management.name_checks import advise, pattern_faults
from ostiary.management.name_trials import facts_of_subject, try_names
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.settings import put_names, told_names
from ostiary.management.shelf import read_uploaded
from ostiary.management.sights import ChangeView
from ostiary.management.state import OWN_NAMES, Touched
from ostiary.management.views import AdviceView, NameTrialView, NameView, Page
from ostiary.services.prepare import Prepared
from ostiary.store.database.names import LONGEST_LIST
from ostiary.store.database.records import Name, Role, Scope
from ostiary.store.database.work import Work
from ostiary.trust.names.facts import facts_of
from ostiary.trust.names.textfile import BadLine, read_patterns, write_patterns

_TOUCHED = frozenset({Touched.SETTINGS, Touched.NAMES})
_MOST_TRIALS = 1_000
_MOST_TOLD = 100
LONGEST_NOTE = 500


class Names:
    """Trusted distinguished names, at the gateway and at APIs."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self,
        api: str | None = None,
        *,
        search: str = "",
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[NameView]:
        """Names of the gateway (None) or those that an API gives itself. Raises NotThere."""
        self._refuse_unknown(api)
        offset, wanted = offset_of(cursor), checked_limit(limit)
        prepared = self._changes.gatekeeper.prepared
        locked = file_names(prepared, api)
        if locked is not None:
            by = file_of(prepared)
            found = [one for one in locked if search.lower() in one.lower()]
            items = tuple(_locked(one, by) for one in found[offset : offset + wanted])
            total = len(found)
        else:
            with reading(self._changes.keeping) as work:
                page = work.names.page(Scope(api), search=search, offset=offset, limit=wanted)
            items, total = tuple(map(_view, page.items)), page.total
        return Page(items=items, next=after(offset, len(items), total), total=total)

    def export(self, api: str | None = None) -> str:
        """The whole list as a text file, one pattern a line."""
        self._refuse_unknown(api)
        locked = file_names(self._changes.gatekeeper.prepared, api)
        if locked is not None:
            return write_patterns(locked)
        with reading(self._changes.keeping) as work:
            return write_patterns(work.names.patterns(Scope(api)))

    def advise(self, patterns: Sequence[str]) -> tuple[tuple[AdviceView, ...], ...]:
        """What is worth knowing about each pattern before it is saved; nothing is changed."""
        return tuple(advise(pattern) for pattern in patterns)

    def test(
        self,
        api: str | None = None,
        *,
        subjects: Sequence[str] = (),
        upload: bytes | None = None,
        patterns: Sequence[str] | None = None,
    ) -> tuple[NameTrialView, ...]:
        """What the names in force there (or ``patterns`` alone) say to distinguished names as
        text, or to the certificates of an upload. Raises Unacceptable."""
        self._refuse_unknown(api)
        whom = [
            (subject, facts_of_subject(subject, f"/subjects/{index}"))
            for index, subject in enumerate(subjects[:_MOST_TRIALS])
        ]
        if upload is not None:
            found = read_uploaded(upload, None)
            whom.extend((one.subject, facts_of(one)) for one in found)
        if not whom:
            raise Unacceptable.one(
                "there is nobody to try it on", "give a subject or a certificate"
            )
        effective = self._changes.gatekeeper.prepared.effective
        policy = effective.apis.get(api, effective.gateway) if api else effective.gateway
        return try_names(whom, policy, patterns)

    async def add(
        self, order: Order, api: str | None, patterns: Sequence[str], *, note: str = ""
    ) -> ChangeView:
        """Add patterns; ones that are there already are left. Raises Unacceptable, Locked."""
        if len(note) > LONGEST_NOTE or not note.isprintable():
            raise Unacceptable.one(
                "the note can't be kept", f"give up to {LONGEST_NOTE} characters", "/note"
            )
        notes = dict.fromkeys(patterns, note) if note else None
        return await self._set(
            order,
            api,
            "names.add",
            new=patterns,
            becomes=lambda before: (*before, *patterns),
            notes=notes,
        )

    async def remove(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        """Remove patterns by their text. An API whose last name goes inherits again.
        Raises NotThere, Locked."""
        gone = frozenset(patterns)

        def left(before: tuple[str, ...]) -> tuple[str, ...] | None:
            for pattern in gone.difference(before):
                raise NotThere("trusted distinguished name", pattern)
            return tuple(one for one in before if one not in gone) or None

        return await self._set(order, api, "names.remove", new=(), becomes=left)

    async def replace(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        """Make the list just these. At an API an empty list asks for no name at all."""
        return await self._set(
            order, api, "names.replace", new=patterns, becomes=lambda _before: tuple(patterns)
        )

    async def load(
        self, order: Order, api: str | None, text: str, *, replace: bool = False
    ) -> ChangeView:
        """Add (or replace by) the patterns of a text file, one a line, ``#`` comments."""
        read = await asyncio.to_thread(read_patterns, text)
        if read.bad:
            raise Unacceptable(map(_bad_line, read.bad[:_MOST_TOLD]))
        if not read.patterns:
            raise Unacceptable.one("there is no pattern in the file", "write one on each line")
        patterns = read.patterns
        return await self._set(
            order,
            api,
            "names.replace" if replace else "names.add",
            new=patterns,
            becomes=lambda before: patterns if replace else (*before, *patterns),
            checked=True,
        )

    async def _set(
        self,
        order: Order,
        api: str | None,
        action: str,
        *,
        new: Sequence[str],
        becomes: Callable[[tuple[str, ...]], tuple[str, ...] | None],
        notes: dict[str, str] | None = None,
        checked: bool = False,
    ) -> ChangeView:
        self._refuse_unknown(api)
        await asyncio.to_thread(_refuse_bad, () if checked else new)
        scope = Scope(api)

        def edit(work: Work, moment: Moment) -> Edited:
            if file_names(moment.in_force, api) is not None:
                raise Locked(OWN_NAMES, file_of(moment.in_force))
            own = OWN_NAMES in work.settings.of(scope)
            told = told_names(work, scope, own=own)
            put_names(work, scope, becomes(work.names.patterns(scope)), moment, notes)
            return Edited(
                action=action,
                object=api or "gateway",
                before=told,
                after=told_names(work, scope, own=OWN_NAMES in work.settings.of(scope)),
                touched=_TOUCHED,
                warnings=_warnings(new),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    def _refuse_unknown(self, api: str | None) -> None:
        if api is None or api in self._changes.gatekeeper.prepared.document.api_endpoints:
            return
        state = self._changes.state
        if state is None or api not in state.managed.apis:
            raise NotThere("API", api)


def file_names(prepared: Prepared, api: str | None) -> tuple[str, ...] | None:
    """What the configuration file gives there; None where it leaves it open."""
    if api is None:
        return prepared.document.client_certificate_auth.trusted_distinguished_names
    if api not in prepared.document.api_endpoints:
        return None
    own: ApiAuth = file_auth_of(prepared.document, api)
    return own.trusted_distinguished_names


def _refuse_bad(patterns: Sequence[str]) -> None:
    if len(patterns) > LONGEST_LIST:
        raise Unacceptable.one(f"{len(patterns)} names are too many", f"at most {LONGEST_LIST}")
    faults = tuple(pattern_faults(patterns, "/patterns"))
    if faults:
        raise Unacceptable(faults)


def _bad_line(bad: BadLine) -> Fault:
    return Fault(
        where=f"/lines/{bad.line}",
        message=f"line {bad.line}: {bad.refused.message}",
        way_out=bad.refused.way_out,
    )


def _warnings(patterns: Sequence[str]) -> tuple[str, ...]:
    """Advice about few patterns; whoever imports thousands asks for it by itself."""
    if len(patterns) > 100:
        return ()
    return tuple(f"{one!r}: {told.sentence}" for one in patterns for told in advise(one))


def _locked(pattern: str, by: str) -> NameView:
    return NameView(
        id=None,
        pattern=pattern,
        note="",
        advice=advise(pattern),
        locked_by=by,
        added=None,
        added_by="",
    )


def _view(name: Name) -> NameView:
    return NameView(
        id=name.id,
        pattern=name.pattern,
        note=name.note,
        advice=advise(name.pattern),
        locked_by=None,
        added=name.added,
        added_by=name.added_by,
    )
