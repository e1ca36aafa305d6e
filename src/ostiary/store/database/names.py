"""Lists of trusted distinguished names: ordered patterns, up to a hundred thousand for a scope."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from ostiary.store.database.columns import seal
from ostiary.store.database.errors import NameTaken, NoSuch, TooMany
from ostiary.store.database.records import Name, Page, Scope
from ostiary.store.database.seals import broken
from ostiary.store.database.settings import scope_of, scope_text
from ostiary.store.database.tables import names

LONGEST_LIST = 100_000
_BATCH = 5_000
_ORDER = (names.c.position, names.c.id)
T = TypeVar("T")


class Names:
    """The patterns of each scope, in the operator's order; a pattern is in a list once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def patterns(self, scope: Scope) -> tuple[str, ...]:
        """In order. Raises SnapshotDamaged if the disk changed one."""
        place = scope_text(scope)
        query = (
            select(names.c.pattern, names.c.seal).where(names.c.scope == place).order_by(*_ORDER)
        )
        found = self._connection.execute(query).all()
        for pattern, kept in found:
            if seal(place, pattern) != kept:
                raise broken(f"a trusted name of {place!r}")
        return tuple(pattern for pattern, _ in found)

    def scopes(self) -> tuple[Scope, ...]:
        """Those that have a list. Raises SnapshotDamaged."""
        query = select(names.c.scope).distinct().order_by(names.c.scope)
        return tuple(scope_of(text) for text in self._connection.execute(query).scalars())

    def page(
        self, scope: Scope, *, search: str = "", offset: int = 0, limit: int = 50
    ) -> Page[Name]:
        """In order; ``search`` is part of a pattern or note, in any case."""
        query = select(names).where(names.c.scope == scope_text(scope))
        if search:
            texts = (names.c.pattern, names.c.note)
            query = query.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(query.order_by(*_ORDER).offset(offset).limit(limit))
        return Page(items=tuple(_name_of(row) for row in rows), total=total.scalar_one())

    def count(self, scope: Scope) -> int:
        """How many patterns the scope's list has."""
        query = select(func.count()).where(names.c.scope == scope_text(scope))
        return self._connection.execute(query).scalar_one()

    def name(self, number: int) -> Name:
        """Raises NoSuch."""
        found = self._connection.execute(select(names).where(names.c.id == number)).one_or_none()
        if found is None:
            raise NoSuch("trusted name", str(number))
        return _name_of(found)

    def add(self, scope: Scope, pattern: str, *, note: str = "", at: datetime, by: str) -> Name:
        """At the end of the list. Raises NameTaken, TooMany, NotStorable."""
        place = scope_text(scope)
        mark = seal(place, pattern)
        if self._connection.execute(select(names.c.id).where(names.c.seal == mark)).first():
            raise NameTaken("trusted name", pattern)
        if self.count(scope) >= LONGEST_LIST:
            raise TooMany("trusted names", LONGEST_LIST)
        last = select(func.max(names.c.position)).where(names.c.scope == place)
        position = (self._connection.execute(last).scalar() or 0) + 1
        row = _row(place, position, pattern, (note, at, by))
        made = self._connection.execute(insert(names).values(row).returning(*names.c)).one()
        return _name_of(made)

    def note(self, number: int, note: str) -> None:
        """Write another note beside a pattern. Raises NoSuch, NotStorable."""
        changed = self._connection.execute(
            update(names).where(names.c.id == number).values(note=note)
        )
        if changed.rowcount == 0:
            raise NoSuch("trusted name", str(number))

    def remove(self, number: int) -> None:
        """Raises NoSuch."""
        gone = self._connection.execute(delete(names).where(names.c.id == number))
        if gone.rowcount == 0:
            raise NoSuch("trusted name", str(number))

    def replace(
        self,
        scope: Scope,
        patterns: Iterable[str],
        *,
        notes: Mapping[str, str] | None = None,
        at: datetime,
        by: str,
    ) -> int:
        """Make the list exactly ``patterns``, in their order, each once; how many it has then.

        A pattern that was in the list keeps its note, and who added it and when; ``notes`` by
        pattern replace notes. Raises TooMany, NotStorable; nothing has changed then.
        """
        wanted = tuple(dict.fromkeys(patterns))
        if len(wanted) > LONGEST_LIST:
            raise TooMany("trusted names", LONGEST_LIST)
        place = scope_text(scope)
        known = self._known(place)
        kept = {row.pattern: (row.note, row.added, row.added_by) for row in known}
        given = notes or {}
        # Most changes touch a few lines of many: what is alike at both ends stays as it is.
        head, tail = _alike([row.pattern for row in known], wanted)
        middle = wanted[head : len(wanted) - tail]
        after = known[head - 1].position if head else 0
        self._delete([row.id for row in known[head : len(known) - tail]])
        if tail:
            self._shift(place, known[len(known) - tail].position, after + len(middle) + 1)
        rows = []
        for position, pattern in enumerate(middle, after + 1):
            note, added, added_by = kept.get(pattern, ("", at, by))
            rows.append(_row(place, position, pattern, (given.get(pattern, note), added, added_by)))
        for some in _batches(rows):
            self._connection.execute(insert(names), some)
        self._annotate([*known[:head], *known[len(known) - tail :]], given)
        return len(wanted)

    def clear(self, scope: Scope) -> int:
        """Empty a scope's list; how many patterns it had."""
        gone = self._connection.execute(delete(names).where(names.c.scope == scope_text(scope)))
        return gone.rowcount

    def _known(self, place: str) -> list[Row[Any]]:
        columns = (column for column in names.c if column.name not in {"scope", "seal"})
        query: Select[Any] = select(*columns).where(names.c.scope == place)
        return list(self._connection.execute(query.order_by(*_ORDER)))

    def _delete(self, numbers: Sequence[int]) -> None:
        for some in _batches(numbers):
            self._connection.execute(delete(names).where(names.c.id.in_(some)))

    def _shift(self, place: str, first: int, wanted: int) -> None:
        """Make room, if it lacks: the row at position ``first`` is at ``wanted`` then."""
        if first < wanted:
            self._connection.execute(
                update(names)
                .where(names.c.scope == place, names.c.position >= first)
                .values(position=names.c.position + (wanted - first))
            )

    def _annotate(self, rows: Iterable[Row[Any]], given: Mapping[str, str]) -> None:
        for row in rows:
            if given.get(row.pattern, row.note) != row.note:
                self.note(row.id, given[row.pattern])


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many items both begin with, and of the rest, end with."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _row(
    place: str, position: int, pattern: str, rest: tuple[str, datetime, str]
) -> dict[str, Any]:
    note, added, added_by = rest
    return {
        "scope": place,
        "position": position,
        "pattern": pattern,
        "note": note,
        "added": added,
        "added_by": added_by,
        "seal": seal(place, pattern),
    }


def _name_of(row: Row[Any]) -> Name:
    return Name(
        id=row.id,
        scope=scope_of(row.scope),
        pattern=row.pattern,
        note=row.note,
        added=row.added,
        added_by=row.added_by,
    )
