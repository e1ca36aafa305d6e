"""The revision: a number that grows with each change; what ``ETag`` and ``If-Match`` carry."""

from sqlalchemy import Connection, select, update

from ostiary.store.database.tables import revision


class Revision:
    """Read and grown in the transaction of the change, so that no two changes share a number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self) -> int:
        """Zero before the first change."""
        number: int = self._connection.execute(select(revision.c.number)).scalar_one()
        return number

    def grow(self, *, beyond: int = 0) -> int:
        """The next number; the next after ``beyond``, if that is higher.

        After going back to an older copy, ``beyond`` is the highest number that was told: none may
        mean two things.
        """
        number: int = self._connection.execute(
            update(revision)
            .values(number=max(self.current(), beyond) + 1)
            .returning(revision.c.number)
        ).scalar_one()
        return number
