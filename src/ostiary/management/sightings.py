"""What was seen: overview, clients, events, and why."""

from datetime import datetime

from ostiary.management.sights import (
    EventView,
    ExpiringView,
    ExplainView,
    OverviewView,
)
from ostiary.management.views import ClientView, Page


class Sightings:
    """What was seen: overview, clients, events, and why."""

    def overview(self) -> OverviewView:
        """The first page."""
        raise NotImplementedError

    def clients(
        self,
        *,
        search: str = "",
        api: str | None = None,
        admitted: bool | None = None,
        expiring_days: int | None = None,
        seen_days: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ClientView]:
        """Latest first; by nearest end with ``expiring_days``."""
        raise NotImplementedError

    def client(self, fingerprint: str) -> ClientView:
        """One of them. Raises NotThere."""
        raise NotImplementedError

    def events(self, *, after: int = 0, limit: int = 100) -> tuple[EventView, ...]:
        """Refusals newer than the one numbered ``after``, oldest first; ``after=0``: the latest."""
        raise NotImplementedError

    def expiring(self, *, days: int = 90) -> tuple[ExpiringView, ...]:
        """Trusted, server and client certificates near their end, nearest first; at most 1000."""
        raise NotImplementedError

    def explain(
        self,
        *,
        upload: bytes | None,
        api: str | None = None,
        url: str | None = None,
        method: str = "GET",
        at: datetime | None = None,
        password: str | None = None,
    ) -> tuple[ExplainView, ...]:
        """Why a certificate (None: a client without one) would be let in or not; one answer for
        an API or URL, else one for each TLS entry. Raises Unacceptable, NotThere."""
        raise NotImplementedError
