"""Clients that were seen: a bounded memory, merged in batches, read by page or as a stream."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, or_, select, tuple_

from ostiary.store.database.clients_merge import ClientLimits, Merger
from ostiary.store.database.columns import Seconds
from ostiary.store.database.records import (
    Client,
    ClientCursor,
    ClientFilter,
    ClientOrder,
    ClientPage,
    ClientSeen,
    Merged,
)
from ostiary.store.database.tables import (
    anchors,
    api_names,
    client_apis,
    clients,
    issuers,
    tally,
)

_STREAM_CHUNK = 2_000
_FINGERPRINT_PART = re.compile(r"(?:[0-9a-f]{2}:?){3,31}[0-9a-f]{0,2}", re.IGNORECASE)
_FINGERPRINT_DIGITS = 64


class Clients:
    """One row for each certificate that was shown, whether admitted or refused."""

    def __init__(self, connection: Connection, limits: ClientLimits) -> None:
        self._connection = connection
        self._limits = limits

    def merge(self, batch: Iterable[ClientSeen]) -> Merged:
        """Add counts and times to what is kept; the later verdict, anchor and facts stay.

        Beyond the limits, those seen longest ago are forgotten.
        """
        return Merger(self._connection, self._limits).merge(batch)

    def count(self) -> int:
        """How many are kept."""
        number: int = self._connection.execute(select(tally.c.clients)).scalar_one()
        return number

    def find(self, fingerprint: bytes) -> Client | None:
        """By SHA-256."""
        rows = self._connection.execute(_CLIENTS.where(clients.c.fingerprint == fingerprint)).all()
        return next(self._told(rows), None)

    def page(
        self,
        only: ClientFilter | None = None,
        *,
        order: ClientOrder = ClientOrder.LAST_SEEN,
        after: ClientCursor | None = None,
        limit: int = 50,
    ) -> ClientPage:
        """Clients in order; go on with ``after`` = the page's ``next``."""
        query = _filtered(only or ClientFilter())
        column = _ORDERS[order]
        place = tuple_(column, clients.c.id)
        if after is not None:
            here = tuple_(literal(after.at, Seconds), literal(after.id))
            query = query.where(place < here if order is ClientOrder.LAST_SEEN else place > here)
        if order is ClientOrder.LAST_SEEN:
            query = query.order_by(column.desc(), clients.c.id.desc())
        else:
            query = query.order_by(column, clients.c.id)
        rows = self._connection.execute(query.limit(limit + 1)).all()
        items = tuple(self._told(rows[:limit]))
        more = len(rows) > limit and items
        return ClientPage(items=items, next=_cursor(order, items[-1]) if more else None)

    def stream(self, only: ClientFilter | None = None) -> Iterator[Client]:
        """All of them in no order that means anything, in bounded memory.

        Best within ``Database.reading``: everything is then of one moment, and nobody waits.
        """
        query = _filtered(only or ClientFilter()).order_by(clients.c.id).limit(_STREAM_CHUNK)
        last = 0
        while rows := self._connection.execute(query.where(clients.c.id > last)).all():
            last = rows[-1].id
            yield from self._told(rows)

    def _told(self, rows: Sequence[Any]) -> Iterator[Client]:
        apis = self._apis([row.id for row in rows])
        # By place and not by name: a million rows come through here for a preview.
        for (
            number,
            fingerprint,
            subject,
            serial,
            not_after,
            facts,
            first_seen,
            last_seen,
            requests,
            verdict,
            issuer,
            anchor,
        ) in rows:
            yield Client(
                id=number,
                fingerprint=bytes(fingerprint),
                subject=subject,
                issuer=issuer,
                serial=int.from_bytes(serial, "big", signed=True),
                not_after=not_after,
                anchor=None if anchor is None else bytes(anchor),
                facts=bytes(facts),
                first_seen=first_seen,
                last_seen=last_seen,
                count=requests,
                verdict=verdict,
                apis=apis.get(number, _NONE),
            )

    def _apis(self, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
        if not numbers:
            return {}
        names = dict(self._connection.execute(select(api_names.c.id, api_names.c.name)).all())
        column = client_apis.c.client
        low, high = min(numbers), max(numbers)
        # A list of thousands of numbers is slower to write into a statement than to read over.
        dense = high - low < 4 * len(numbers)
        links = select(column, client_apis.c.api).where(
            column.between(low, high) if dense else column.in_(numbers)
        )
        found: dict[int, list[int]] = {}
        for client, api in self._connection.execute(links):
            found.setdefault(client, []).append(api)
        # Few sets are used by many clients, who share them.
        sets = {apis: frozenset(names[api] for api in apis) for apis in map(tuple, found.values())}
        return {client: sets[tuple(apis)] for client, apis in found.items()}


_NONE: frozenset[str] = frozenset()
_CLIENTS: Select[Any] = select(
    clients.c.id,
    clients.c.fingerprint,
    clients.c.subject,
    clients.c.serial,
    clients.c.not_after,
    clients.c.facts,
    clients.c.first_seen,
    clients.c.last_seen,
    clients.c.requests,
    clients.c.verdict,
    issuers.c.told,
    anchors.c.fingerprint.label("anchor"),
).select_from(
    clients.join(issuers, issuers.c.id == clients.c.issuer).outerjoin(
        anchors, anchors.c.id == clients.c.anchor
    )
)
_ORDERS: dict[ClientOrder, Any] = {
    ClientOrder.LAST_SEEN: clients.c.last_seen,
    ClientOrder.NOT_AFTER: clients.c.not_after,
}


def _filtered(only: ClientFilter) -> Select[Any]:
    query = _CLIENTS
    for condition in _conditions(only):
        query = query.where(condition)
    return query


def _conditions(only: ClientFilter) -> Iterator[ColumnElement[bool]]:
    if only.search:
        yield or_(*_searches(only.search))
    if only.verdicts:
        yield clients.c.verdict.in_(sorted(only.verdicts))
    if only.expiring_before is not None:
        yield clients.c.not_after < only.expiring_before
    if only.expiring_after is not None:
        yield clients.c.not_after >= only.expiring_after
    if only.api is not None:
        users = (
            select(client_apis.c.client)
            .join(api_names, api_names.c.id == client_apis.c.api)
            .where(api_names.c.name == only.api)
        )
        yield clients.c.id.in_(users)
    if only.seen_since is not None:
        yield clients.c.last_seen >= only.seen_since
    if only.issuer:
        yield issuers.c.told.icontains(only.issuer, autoescape=True)


def _searches(search: str) -> Iterator[ColumnElement[bool]]:
    yield clients.c.subject.icontains(search, autoescape=True)
    if _FINGERPRINT_PART.fullmatch(search):
        digits = search.replace(":", "")
        low = digits.ljust(_FINGERPRINT_DIGITS, "0")
        high = digits.ljust(_FINGERPRINT_DIGITS, "f")
        yield clients.c.fingerprint.between(bytes.fromhex(low), bytes.fromhex(high))


def _cursor(order: ClientOrder, client: Client) -> ClientCursor:
    at: datetime = client.last_seen if order is ClientOrder.LAST_SEEN else client.not_after
    return ClientCursor(at=at, id=client.id)
