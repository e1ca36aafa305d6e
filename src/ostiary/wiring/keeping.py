"""What was set while the gateway ran, read from where it is kept."""

from dataclasses import dataclass
from pathlib import Path

import structlog

from ostiary.config.model.document import Document
from ostiary.kernel.errors import OstiaryError
from ostiary.management.state import EVERYTHING, State, missing_since, read_state
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.soundness import SnapshotDamaged
from ostiary.store.truststore import TrustStore
from ostiary.wiring import world


class RolledBack(OstiaryError):
    """The database lacks changes that were in force; who was shut out might be let in again."""

    def __init__(self, lacking: str) -> None:
        super().__init__(
            f"{lacking} (put a newer copy of it there; or accept the loss with "
            "'ostiary trust recover', and repeat the changes before you start the gateway)"
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """An open database, and all that it adds to the file."""

    database: Database
    state: State
    folder: Path
    """Of the gateway's state."""


def open_kept(document: Document, folder: Path) -> Kept:
    """Raises RolledBack, and what ``open_database`` does."""
    database = open_database(document, folder)
    try:
        state = state_of(database)
        lacking = what_is_missing(TrustStore(folder), state)
        if lacking and not document.truststore.force_recovery:
            raise RolledBack(lacking)
        if lacking:
            structlog.get_logger("ostiary.store").warning("changes-lost", detail=lacking)
    except BaseException:
        database.close()
        raise
    return Kept(database, state, folder)


def open_database(document: Document, state: Path) -> Database:
    """The database of a gateway; one that is damaged is taken back to its last good copy.

    Raises what ``Database.open`` does, NoLastGood if there is none.
    """
    url = database_url(document, state)
    try:
        return Database.open(url, now=world.now())
    except SnapshotDamaged as damaged:
        log = structlog.get_logger("ostiary.store")
        log.error("database-damaged", detail=damaged.damage.what)
        back = Database.restore(url, now=world.now())
        lost = _lost(TrustStore(state), back.revision)
        log.warning("database-restored", revision=back.revision, lost=lost, aside=str(back.aside))
        return Database.open(url, now=world.now())


def database_url(document: Document, state: Path) -> str:
    """Where what is managed is kept."""
    return document.store.url or sqlite_url(state / "ostiary.db")


def state_of(database: Database) -> State:
    """All that the database adds to the file."""
    with database.reading() as work:
        return read_state(work, None, EVERYTHING)


def what_is_missing(shelf: TrustStore, state: State) -> str:
    """A sentence if the database is older than what was in force; else empty.

    The truststore is written after each change, and tells of which revision it is.
    """
    return missing_since(shelf.revision() or 0, state.revision)


def _lost(shelf: TrustStore, revision: int) -> str:
    """How many changes a copy of this revision lacks."""
    known = shelf.revision()
    if known is None:
        return "unknown: the truststore can't tell which revision was in force"
    return missing_since(known, revision) or "nothing"
