"""What another gateway on the same database changes acts here, too.

Each change grows the revision, so one number tells whether there is anything to do. The audit log
says what it was about: consumers are withdrawn by name where they can be, and everybody where not.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from ostiary.consumers.changes import Changed, Listener, Named
from ostiary.consumers.model import CredentialType
from ostiary.management.changes import Changes
from ostiary.management.keeping import reading
from ostiary.store.database.errors import NoSuch
from ostiary.store.database.records import AuditEntry
from ostiary.store.database.work import Work

_MOST: Final = 1_000
"""Entries that are looked at one by one."""
_IMPORT: Final = "consumer.import"
_EVERYBODY: Final = Changed(everybody=True)


class Following:
    """Looks again and again; one task does it."""

    def __init__(self, changes: Changes, consumers: Listener) -> None:
        """``consumers`` withdraws what is remembered of them."""
        self._changes = changes
        self._consumers = consumers
        self._seen: tuple[int, int] | None = None
        """The revision, and the number of the audit log, up to which everything acts here."""

    async def look(self) -> None:
        """Once. When it returns, all that was committed before it began acts here.

        Raises Unavailable, EngineRefuses, NotApplied: the next look begins where this one did.
        """
        found = await asyncio.to_thread(self._look)
        if found is None:
            return
        revision, latest, changed = found
        if changed is not None:
            await asyncio.to_thread(self._consumers, changed)
        await self._changes.catch_up()
        self._seen = (revision, latest)

    def _look(self) -> tuple[int, int, Changed | None] | None:
        """What there is now, and whom it concerns; None: nothing is new."""
        with reading(self._changes.keeping) as work:
            revision = work.revision.current()
            if self._seen is not None and self._seen[0] == revision:
                return None
            if self._seen is None:
                # Between the reading of the state and now nobody has looked.
                known = self._changes.state
                same = known is not None and known.revision == revision
                return revision, work.audit.latest(), None if same else _EVERYBODY
            entries = work.audit.after(self._seen[1], limit=_MOST)
            latest = entries[-1].id if entries else self._seen[1]
            own = frozenset(self._changes.own_entries)
            others = [one.entry for one in entries if one.id not in own]
            if len(entries) == _MOST:
                return revision, work.audit.latest(), _EVERYBODY
            return revision, latest, changed_by(work, others)


def changed_by(work: Work, entries: Sequence[AuditEntry]) -> Changed | None:
    """Whose verdicts these changes concern; None: nobody's."""
    consumers: set[UUID] = set()
    credentials: set[Named] = set()
    for entry in entries:
        kind, _, verb = entry.action.partition(".")
        if kind in {"user", "app"} and verb != "create":
            if kind == "user" and verb == "remove":
                # Its apps went with it, and nobody knows their ids any more.
                return _EVERYBODY
            whose = UUID(entry.object)
            consumers |= {whose, *(app.uuid for app in work.consumers.apps_of(whose))}
        elif kind == "credential":
            credentials |= _named(work, entry)
        elif entry.action == "scope.remove" or _brought_certificates(entry):
            return _EVERYBODY
    imported = any(entry.action == _IMPORT for entry in entries)
    if not (consumers or credentials or imported):
        return None
    return Changed(
        consumers=frozenset(consumers),
        credentials=frozenset(credentials),
        only_new=not (consumers or credentials),
    )


def _brought_certificates(entry: AuditEntry) -> bool:
    """Whether it is an import that ties certificates to consumers: those are known by heart, and
    the log doesn't name them."""
    told = entry.after if entry.action == _IMPORT else None
    counts = told.get("credentials") if isinstance(told, Mapping) else None
    return isinstance(counts, Mapping) and CredentialType.CERTIFICATE.value in counts


def _named(work: Work, entry: AuditEntry) -> set[Named]:
    """The credential; as the log tells of it where it was removed."""
    try:
        one = work.credentials.one(int(entry.object))
    except NoSuch:
        told = entry.before if isinstance(entry.before, Mapping) else {}
        if "type" not in told:
            # It was changed, and then removed: that entry follows.
            return set()
        return {(CredentialType(str(told["type"])), str(told["name"]))}
    return {(one.type, one.name)}
