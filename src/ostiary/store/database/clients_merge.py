"""Merging batches of clients into the tables, and forgetting those seen longest ago."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from ostiary.store.database.records import ClientCertificate, ClientSeen, Merged
from ostiary.store.database.tables import (
    LABEL,
    TOLD,
    anchors,
    api_names,
    client_apis,
    clients,
    issuers,
    tally,
)

MOST_APIS = 64
"""Of one client; a certificate used on more has the rest forgotten."""
_CHUNK = 1_000
# What SQLite needs for a row beside its subject and facts: measured with a million of them.
_ROW_BYTES = 200
# With facts and names as long as they come, and an issuer of its own.
_LARGEST_ROW = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """What is kept of clients; beyond either bound, those seen longest ago are forgotten."""

    rows: int = 1_000_000
    bytes: int = 500_000_000
    """Estimated, with indexes. Strangers can show certificates with long names."""


class Merger:
    """One merge; its numbers are those of one transaction."""

    def __init__(self, connection: Connection, limits: ClientLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._clients, self._bytes = connection.execute(
            select(tally.c.clients, tally.c.bytes)
        ).one()
        self._added = self._updated = self._evicted = 0

    def merge(self, batch: Iterable[ClientSeen]) -> Merged:
        """Add what is new, join the rest with what is kept, evict what is too much."""
        for chunk in _chunks(list(_combined(batch).values())):
            self._merge_chunk(chunk)
        while self._clients > self._limits.rows or self._bytes > self._limits.bytes:
            if not self._evict():
                break
        self._connection.execute(
            update(tally).values(clients=max(0, self._clients), bytes=max(0, self._bytes))
        )
        return Merged(added=self._added, updated=self._updated, evicted=self._evicted)

    def _merge_chunk(self, chunk: Sequence[ClientSeen]) -> None:
        known = self._known([one.fingerprint for one in chunk])
        chunk = [one for one in chunk if one.certificate or one.fingerprint in known]
        shown = [one.certificate for one in chunk if one.certificate]
        issuer_ids = self._numbers(issuers, issuers.c.told, {_told(one.issuer) for one in shown})
        anchor_ids = self._numbers(
            anchors, anchors.c.fingerprint, {one.anchor for one in shown if one.anchor}
        )
        new, old = [], []
        for one in chunk:
            certificate = one.certificate
            anchor = anchor_ids[certificate.anchor] if certificate and certificate.anchor else None
            row = known.get(one.fingerprint)
            if row is not None:
                old.append(_joined_values(one, row, anchor))
                if old[-1]["facts"] is not None:
                    self._bytes += len(old[-1]["facts"]) - row.facts_bytes
            elif certificate is not None:
                issuer = issuer_ids[_told(certificate.issuer)]
                new.append(_new_values(one, certificate, issuer, anchor))
                self._bytes += _size(len(new[-1]["subject"]), len(certificate.facts))
        self._write(new, old)
        self._link(chunk, known)

    def _write(self, new: list[dict[str, Any]], old: list[dict[str, Any]]) -> None:
        if new:
            self._connection.execute(insert(clients), new)
        # Facts are the bulk of a row: they are written again only where they changed.
        lean = [{**row} for row in old if row["facts"] is None]
        for row in lean:
            del row["facts"]
        full = [row for row in old if row["facts"] is not None]
        for rows in (lean, full):
            if rows:
                self._connection.execute(
                    update(clients).where(clients.c.id == bindparam("row")), rows
                )
        self._clients += len(new)
        self._added += len(new)
        self._updated += len(old)

    def _known(self, fingerprints: Sequence[bytes]) -> dict[bytes, Row[Any]]:
        query: Select[Any] = select(
            clients.c.id,
            clients.c.fingerprint,
            clients.c.anchor,
            clients.c.first_seen,
            clients.c.last_seen,
            clients.c.requests,
            clients.c.verdict,
            func.length(clients.c.facts).label("facts_bytes"),
        ).where(clients.c.fingerprint.in_(fingerprints))
        return {bytes(row.fingerprint): row for row in self._connection.execute(query)}

    def _numbers(self, table: Table, column: Column[Any], values: set[Any]) -> dict[Any, int]:
        """The number of each value in a side table, where it is put if it is not there yet."""
        found = self._look_up(table, column, values)
        missing = values - found.keys()
        if missing:
            self._connection.execute(insert(table), [{column.name: one} for one in missing])
            found |= self._look_up(table, column, missing)
            if table is issuers:
                self._bytes += sum(_issuer_size(one) for one in missing)
        return found

    def _look_up(self, table: Table, column: Column[Any], values: set[Any]) -> dict[Any, int]:
        if not values:
            return {}
        rows = self._connection.execute(select(column, table.c.id).where(column.in_(values)))
        return {
            bytes(value) if isinstance(value, memoryview) else value: number
            for value, number in rows
        }

    def _link(self, chunk: Sequence[ClientSeen], known: dict[bytes, Row[Any]]) -> None:
        api_ids = self._numbers(
            api_names,
            api_names.c.name,
            {api[:LABEL] for one in chunk for api in one.apis},
        )
        if not api_ids:
            return
        query = select(clients.c.fingerprint, clients.c.id).where(
            clients.c.fingerprint.in_([one.fingerprint for one in chunk])
        )
        ids = {bytes(row.fingerprint): row.id for row in self._connection.execute(query)}
        have: dict[int, set[int]] = {}
        links = select(client_apis).where(
            client_apis.c.client.in_([row.id for row in known.values()])
        )
        for row in self._connection.execute(links):
            have.setdefault(row.client, set()).add(row.api)
        wanted = []
        for one in chunk:
            client = ids[one.fingerprint]
            old = have.get(client, set())
            more = sorted({api_ids[api[:LABEL]] for api in one.apis} - old)
            wanted += [
                {"client": client, "api": api} for api in more[: max(0, MOST_APIS - len(old))]
            ]
        if wanted:
            self._connection.execute(insert(client_apis), wanted)

    def _evict(self) -> bool:
        """Forget some of the oldest, never more than needed; False if there are none."""
        rows_over = self._clients - self._limits.rows
        bytes_over = self._bytes - self._limits.bytes
        at_most = max(rows_over, bytes_over // _LARGEST_ROW + 1)
        query = (
            select(
                clients.c.id,
                clients.c.issuer,
                func.length(clients.c.subject).label("subject_size"),
                func.length(clients.c.facts).label("facts_bytes"),
            )
            .order_by(clients.c.last_seen, clients.c.id)
            .limit(min(at_most, _CHUNK))
        )
        gone, of_issuers = [], set()
        for row in self._connection.execute(query):
            gone.append(row.id)
            of_issuers.add(row.issuer)
            self._clients -= 1
            self._bytes -= _size(row.subject_size, row.facts_bytes)
        if not gone:
            return False
        self._connection.execute(delete(clients).where(clients.c.id.in_(gone)))
        self._evicted += len(gone)
        self._prune_issuers(of_issuers)
        return True

    def _prune_issuers(self, numbers: set[int]) -> None:
        used = exists().where(clients.c.issuer == issuers.c.id)
        pruned = self._connection.execute(
            delete(issuers).where(issuers.c.id.in_(numbers), ~used).returning(issuers.c.told)
        )
        self._bytes -= sum(_issuer_size(told) for told in pruned.scalars())


def _chunks(batch: Sequence[ClientSeen]) -> Iterator[Sequence[ClientSeen]]:
    for start in range(0, len(batch), _CHUNK):
        yield batch[start : start + _CHUNK]


def _combined(batch: Iterable[ClientSeen]) -> dict[bytes, ClientSeen]:
    """Each certificate once."""
    found: dict[bytes, ClientSeen] = {}
    for one in batch:
        other = found.get(one.fingerprint)
        found[one.fingerprint] = one if other is None else _both(other, one)
    return found


def _both(one: ClientSeen, other: ClientSeen) -> ClientSeen:
    earlier, later = (one, other) if one.last_seen <= other.last_seen else (other, one)
    return dataclasses.replace(
        later,
        certificate=later.certificate or earlier.certificate,
        verdict=earlier.verdict if later.verdict is None else later.verdict,
        first_seen=min(one.first_seen, other.first_seen),
        count=one.count + other.count,
        apis=one.apis | other.apis,
    )


def _new_values(
    seen: ClientSeen, certificate: ClientCertificate, issuer: int, anchor: int | None
) -> dict[str, Any]:
    return {
        "fingerprint": seen.fingerprint,
        "subject": _told(certificate.subject),
        "issuer": issuer,
        "serial": serial_bytes(certificate.serial),
        "not_after": certificate.not_after,
        "anchor": anchor,
        "facts": certificate.facts,
        "first_seen": seen.first_seen,
        "last_seen": seen.last_seen,
        "requests": seen.count,
        "verdict": seen.verdict or 0,
    }


def _joined_values(seen: ClientSeen, row: Row[Any], anchor: int | None) -> dict[str, Any]:
    """For an update; ``facts`` None: as they are."""
    last: datetime = row.last_seen
    # Kept are whole seconds: what was seen within the kept second is the later.
    later = seen.last_seen >= last
    certificate = seen.certificate if later else None
    return {
        "row": row.id,
        "anchor": row.anchor if certificate is None else anchor,
        "facts": (certificate.facts or None) if certificate else None,
        "first_seen": min(seen.first_seen, row.first_seen),
        "last_seen": max(seen.last_seen, last),
        "requests": row.requests + seen.count,
        "verdict": seen.verdict if later and seen.verdict is not None else row.verdict,
    }


def serial_bytes(serial: int) -> bytes:
    """Two's complement, big-endian, as in the certificate."""
    return serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)


def _told(text: str) -> str:
    """At most TOLD characters that any database keeps; certificates may hold anything."""
    kept = text[:TOLD].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return kept.encode("utf-8", "replace").decode()


def _size(subject: int, facts: int) -> int:
    return _ROW_BYTES + subject + facts


def _issuer_size(told: str) -> int:
    # Once in the table and once in its index.
    return 40 + 2 * len(told)
