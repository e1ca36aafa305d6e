"""A transaction that begins when it is first used."""

from typing import Self

from sqlalchemy import Connection, Engine

from ostiary.store.database.engines import for_writing


class Lazily:
    """A connection in a transaction, taken at the first use and given back at the end."""

    def __init__(self, engine: Engine, *, writes: bool) -> None:
        self._engine = engine
        self._writes = writes
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """In a transaction, having its turn if it is to write."""
        if self._connection is None:
            connection = self._engine.connect()
            self._connection = connection
            if self._writes:
                for_writing(connection)
            connection.begin()
        return self._connection

    def commit(self) -> None:
        """What was done is on disk when this returns."""
        if self._connection is not None:
            self._connection.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            # Rolls back what was not committed.
            self._connection.close()
