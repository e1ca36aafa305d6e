"""Alembic at work: apart from ``migrating``, so that it is imported only where it has to be."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData


def upgrade(connection: Connection, scripts: Path, *, tables: MetaData, version_table: str) -> None:
    """Run what is missing of the folder ``scripts``, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    # Alembic splits lists of folders by this; without it, it warns.
    config.set_main_option("path_separator", "os")
    config.attributes["configure"] = {
        "connection": connection,
        "target_metadata": tables,
        "version_table": version_table,
        "transaction_per_migration": False,
    }
    command.upgrade(config, "head")
