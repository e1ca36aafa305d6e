"""Bring a database's tables to today's; refuse those of a newer program, and of any other."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, MetaData, inspect, text

from ostiary.store.database.errors import NewerDatabase, NotOurDatabase
from ostiary.store.database.tables import KEPT, SEEN

_SCRIPTS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class History:
    """One set of tables and how it came to be."""

    name: str
    tables: MetaData
    scripts: Path
    """The folder of Alembic's scripts."""

    @property
    def version_table(self) -> str:
        """Where the number of the last script run is kept."""
        return f"ostiary_{self.name}_version"

    def known(self) -> list[str]:
        """The numbers of all scripts, the oldest first: their files are named by them."""
        return sorted(script.stem[1:] for script in self.scripts.glob("versions/r[0-9]*.py"))


KEPT_HISTORY = History("kept", KEPT, _SCRIPTS / "kept")
SEEN_HISTORY = History("seen", SEEN, _SCRIPTS / "seen")
_TOGETHER = (KEPT_HISTORY, SEEN_HISTORY)
"""They may be in one database."""


def migrate(connection: Connection, history: History, where: str) -> None:
    """Run the scripts this database lacks, in the connection's transaction: all or none.

    ``where`` names the database in refusals. Raises NewerDatabase, NotOurDatabase.
    """
    known = history.known()
    found = _found(connection, history, where)
    if found == known[-1]:
        return
    if found is not None and found not in known:
        if found.isdigit() and found > known[-1]:
            raise NewerDatabase(where, found, known[-1])
        raise NotOurDatabase(where, f"its tables are at {found!r}, which we never wrote")
    _upgrade(connection, history)


def _upgrade(connection: Connection, history: History) -> None:
    # Hardly ever needed, and a quarter of a second to import.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(history.scripts).replace("%", "%%"))
    # Alembic splits lists of folders by this; without it, it warns.
    config.set_main_option("path_separator", "os")
    config.attributes["configure"] = {
        "connection": connection,
        "target_metadata": history.tables,
        "version_table": history.version_table,
        "transaction_per_migration": False,
    }
    command.upgrade(config, "head")


def _found(connection: Connection, history: History, where: str) -> str | None:
    """The number of the last script run; None for an empty database."""
    tables = set(inspect(connection).get_table_names())
    if history.version_table not in tables:
        strangers = set(tables)
        if history in _TOGETHER:
            strangers -= {table for one in _TOGETHER for table in one.tables.tables}
            strangers -= {one.version_table for one in _TOGETHER}
        # Tables with our names but no version are a stranger's, too.
        strangers |= tables & set(history.tables.tables)
        if strangers:
            raise NotOurDatabase(where, f"it has a table {min(strangers)!r}")
        return None
    rows = connection.execute(text(f"SELECT version_num FROM {history.version_table}"))  # noqa: S608 - our own name
    numbers = [str(number) for number in rows.scalars()]
    if len(numbers) != 1:
        raise NotOurDatabase(where, f"{history.version_table!r} has {len(numbers)} rows")
    return numbers[0]
