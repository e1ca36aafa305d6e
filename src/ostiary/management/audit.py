"""The audit log."""

from datetime import datetime

from ostiary.management.changes import Changes
from ostiary.management.keeping import reading
from ostiary.management.pages import below, checked_limit, row_of
from ostiary.management.sights import AuditView
from ostiary.management.views import Page
from ostiary.store.database.records import Audited, AuditFilter


class Audit:
    """The audit log."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self,
        *,
        actor: str = "",
        action: str = "",
        about: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[AuditView]:
        """Latest first; ``about`` is the object. ``action`` may end in a dot: all that begin so."""
        only = AuditFilter(actor=actor, action=action, object=about, since=since, until=until)
        wanted = checked_limit(limit)
        with reading(self._changes.keeping) as work:
            found = work.audit.page(only, before=row_of(cursor), limit=wanted)
        return Page(
            items=tuple(map(_view, found)),
            next=below(found[-1].id) if len(found) == wanted else None,
        )


def _view(audited: Audited) -> AuditView:
    entry = audited.entry
    return AuditView(
        id=audited.id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        object=entry.object,
        before=entry.before,
        after=entry.after,
        request_id=entry.request_id,
    )
