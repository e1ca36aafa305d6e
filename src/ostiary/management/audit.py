"""The audit log."""

from datetime import datetime

from ostiary.management.sights import AuditView
from ostiary.management.views import Page


class Audit:
    """The audit log."""

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
        raise NotImplementedError
