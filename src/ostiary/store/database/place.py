"""Where the tables are: what a database must offer to be ours."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from ostiary.store.soundness import Damaged, Soundness


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """A copy to go back to."""

    path: Path
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """The tables are from ``revision`` now; ``aside`` is where the damaged file was moved."""

    revision: int
    """Lower than what was last told, if the copy is older than the last change: what it trusts may
    have been taken away since, so it must not be believed against a gateway that knows better, nor
    against ``TrustStore``'s revision."""
    aside: Path | None
    from_open_file: bool
    """True if the lost file could be copied whole, since it was still open: nothing is missing.
    False if the last good copy was taken: what was changed after it is missing."""


class Place(Protocol):
    """One database, open: two engines, which may be the same."""

    where: str
    """For people: the path, or the URL without its password."""
    kept: Engine
    seen: Engine
    begun_anew: Damaged | None
    """Why the memory of clients was begun anew when this was opened."""
    is_shared: bool
    """Whether other gateways may write to it."""

    def look(self) -> Soundness:
        """At what holds KEPT, beneath what a transaction sees."""

    def unspoilt(self) -> AbstractContextManager[Engine]:
        """Connections to KEPT that remember no page from before."""

    def look_at_seen(self) -> Soundness:
        """At what holds SEEN."""

    def save_last_good(self) -> LastGood | None:
        """Copy KEPT; None where the server does that itself."""

    def recover(self, now: datetime) -> Recovered:
        """Put the last good KEPT in place; nobody else uses the engines meanwhile."""

    def recoverable(self) -> int:
        """The revision that ``recover`` would go back to. Raises as it does; changes nothing."""

    def begin_seen_anew(self, now: datetime) -> None:
        """Put an empty SEEN in place; nobody else uses the engines meanwhile."""

    def close(self) -> None:
        """Give back all connections."""
