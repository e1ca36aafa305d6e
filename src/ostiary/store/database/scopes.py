"""Scopes: words that exist before a credential can have them."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from ostiary.store.database.consumer_tables import scopes
from ostiary.store.database.errors import NameTaken, NoSuch, TooMany

MOST_SCOPES = 10_000


class Scopes:
    """All scopes by name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(sorted(self._connection.execute(select(scopes.c.name)).scalars()))

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of ``names`` that don't exist."""
        wanted = tuple(dict.fromkeys(names))
        query = select(scopes.c.name).where(scopes.c.name.in_(wanted))
        there = set(self._connection.execute(query).scalars())
        return tuple(name for name in wanted if name not in there)

    def add(self, names: Iterable[str]) -> None:
        """Raises NameTaken for the first that exists, TooMany; nothing has changed then."""
        wanted = tuple(dict.fromkeys(names))
        missing = self.missing(wanted)
        if len(missing) < len(wanted):
            raise NameTaken("scope", next(name for name in wanted if name not in missing))
        if len(self.all()) + len(wanted) > MOST_SCOPES:
            raise TooMany("scopes", MOST_SCOPES)
        if wanted:
            self._connection.execute(insert(scopes), [{"name": name} for name in wanted])

    def remove(self, name: str) -> None:
        """Raises NoSuch. Credentials that have it are another repository's."""
        gone = self._connection.execute(delete(scopes).where(scopes.c.name == name))
        if gone.rowcount == 0:
            raise NoSuch("scope", name)
