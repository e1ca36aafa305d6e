"""The database as management uses it: its errors told in management's own words."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from ostiary.management.actors import Order
from ostiary.management.errors import (
    Conflicting,
    InUse,
    NotThere,
    Stale,
    Unacceptable,
    Unavailable,
)
from ostiary.store.database.errors import (
    NameTaken,
    NoSuch,
    NotStorable,
    StillTrusted,
    StoreBusy,
    StoreUnavailable,
    TooMany,
)
from ostiary.store.database.work import Work
from ostiary.store.soundness import SnapshotDamaged


class Keeping(Protocol):
    """Transactions; what ``store.database.database.Database`` offers."""

    def begin(self) -> AbstractContextManager[Work]:
        """A transaction that writes, committed at the end of the ``with``."""

    def reading(self) -> AbstractContextManager[Work]:
        """A transaction that only reads, and waits for nobody."""


@contextmanager
def told() -> Iterator[None]:
    """Translate what the store refuses."""
    try:
        yield
    except NoSuch as error:
        raise NotThere(error.kind, error.name) from error
    except NameTaken as error:
        raise Conflicting(str(error)) from error
    except StillTrusted as error:
        raise InUse(str(error)) from error
    except (NotStorable, TooMany) as error:
        raise Unacceptable.one(str(error)) from error
    except (StoreBusy, StoreUnavailable, SnapshotDamaged) as error:
        raise Unavailable(
            f"the database can't be used just now: {error}; what is in force goes on acting"
        ) from error


@contextmanager
def reading(keeping: Keeping) -> Iterator[Work]:
    """Read in one transaction. Raises NotThere, Unavailable."""
    with told(), keeping.reading() as work:
        yield work


def refuse_stale(work: Work, order: Order) -> None:
    """Raises Stale when the order was made for another revision."""
    now = work.revision.current()
    if order.if_match is not None and order.if_match != now:
        raise Stale(order.if_match, now)
