"""What a change does in its transaction, and what it may know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ostiary.consumers.changes import Changed
from ostiary.management.actors import Actor
from ostiary.management.ports import FileEdit
from ostiary.management.state import Touched
from ostiary.services.prepare import Prepared
from ostiary.store.database.notifications import NewNotification
from ostiary.store.database.records import AuditEntry, JsonValue
from ostiary.store.database.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an edit did in the transaction; values for the audit log hold no secret."""

    action: str
    """A stable word such as ``trusted.add``."""
    object: str
    before: JsonValue = None
    after: JsonValue = None
    touched: frozenset[Touched] = frozenset()
    """Empty: nothing in force changes, but for ``file``."""
    file: FileEdit | None = None
    """What becomes of the configuration file."""
    warnings: tuple[str, ...] = ()
    notices: tuple[NewNotification, ...] = ()
    """What operators elsewhere are told of it, when it is committed."""
    consumers: Changed | None = None
    """Whose verdicts are withdrawn, when it is committed and before it is acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What an edit may know beside the transaction."""

    at: datetime
    actor: Actor
    in_force: Prepared


Edit = Callable[[Work, Moment], Edited]


def audit_entry(edited: Edited, moment: Moment) -> AuditEntry:
    """The line of the audit log."""
    return AuditEntry(
        at=moment.at,
        actor=moment.actor.name,
        action=edited.action,
        object=edited.object,
        before=edited.before,
        after=edited.after,
        request_id=moment.actor.request_id,
    )
