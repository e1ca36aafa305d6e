"""How large and how quick the store is: a million clients, a hundred thousand names, commits.

Run it by itself: ``.venv/bin/python -m bench.store [clients]``. It needs about 1 GB of disk.
"""

import hashlib
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from ostiary.store.database.clients_merge import ClientLimits
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.records import (
    AuditEntry,
    ClientCertificate,
    ClientFilter,
    ClientOrder,
    ClientSeen,
    Scope,
)
from ostiary.store.database.work import Work

NOW = datetime(2026, 7, 1, tzinfo=UTC)
FACTS_BYTES = 180
"""About what telemetry's encoding takes for a device certificate."""


def measured(what: str, act: Callable[[], object]) -> None:
    began, worked = time.perf_counter(), time.process_time()
    told = act()
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    print(f"{what:44} {wall:8.3f} s  ({cpu:.3f} s of CPU)  {'' if told is None else told}")


def shown(work: Work, only: ClientFilter, order: ClientOrder) -> int:
    return len(work.clients.page(only, order=order).items)


def client(number: int) -> ClientSeen:
    digest = hashlib.sha256(b"%d" % number).digest()
    shown = ClientCertificate(
        subject=f"CN=device-{number:07}.fleet.example.com,OU=Sensors,O=Example GmbH,L=Berlin,C=DE",
        issuer=f"CN=Devices CA {number % 7},O=Example GmbH,C=DE",
        serial=int.from_bytes(digest[:16], "big"),
        not_after=NOW + timedelta(days=number % 900),
        anchor=bytes([number % 3]) * 32,
        facts=(digest * 8)[:FACTS_BYTES],
    )
    at = NOW - timedelta(seconds=number % (30 * 86_400))
    return ClientSeen(
        fingerprint=digest,
        certificate=shown,
        first_seen=at,
        last_seen=at,
        count=1,
        verdict=1 if number % 50 else 25,
        apis=frozenset({f"api {number % 10}", "orders"} if number % 4 == 0 else {"orders"}),
    )


def merged(database: Database, numbers: Iterator[int], size: int) -> None:
    while some := list(itertools.islice(numbers, size)):
        with database.begin() as work:
            work.clients.merge(map(client, some))


def clients(database: Database, folder: Path, total: int) -> None:
    measured(
        f"merge {total} new clients, 10,000 at a time",
        lambda: merged(database, iter(range(total)), 10_000),
    )
    size = sum(one.stat().st_size for one in folder.glob("ostiary.clients.db*"))
    print(f"  {size / 1e6:.1f} MB, {size / total:.0f} bytes each, log included")
    measured("merge 1,000 known ones", lambda: merged(database, iter(range(1000)), 1000))
    measured(
        "merge 1,000 new ones (as many are forgotten)",
        lambda: merged(database, iter(range(total, total + 1000)), 1000),
    )
    for what, only in (
        ("first page", ClientFilter()),
        ("page, subject searched, rare", ClientFilter(search="device-0999999")),
        ("page, fingerprint", ClientFilter(search=hashlib.sha256(b"17").hexdigest())),
        ("page, a verdict of 2 %", ClientFilter(verdicts=frozenset({25}))),
        ("page, a verdict nobody has", ClientFilter(verdicts=frozenset({26}))),
        ("page, one API of 2.5 %", ClientFilter(api="api 4")),
        ("page, an API nobody used", ClientFilter(api="nobody's")),
        ("page, near their end", ClientFilter(expiring_before=NOW + timedelta(days=30))),
        ("page, seen within a day", ClientFilter(seen_since=NOW - timedelta(days=1))),
    ):
        for order in ClientOrder:
            with database.reading() as work:
                measured(
                    f"{what}, by {order.value}",
                    partial(shown, work, only, order),
                )
    with database.reading() as work:
        measured("stream all", lambda: sum(1 for _ in work.clients.stream()))
    measured("check the clients", database.check_clients)


def names(database: Database) -> None:
    patterns = [f"CN=device-{n}.example.com,O=Example,**" for n in range(100_000)]

    def replace(wanted: list[str]) -> int:
        with database.begin() as work:
            return work.names.replace(Scope(), wanted, at=NOW, by="bench")

    measured("names: 100,000 new", lambda: replace(patterns))
    measured("names: the same again", lambda: replace(patterns))
    measured("names: one line of them changed", lambda: replace([*patterns[:-50], "CN=x"]))
    measured("names: all in another order", lambda: replace(patterns[::-1]))
    with database.reading() as work:
        measured("names: read all", lambda: len(work.names.patterns(Scope())))
        measured(
            "names: a page near the end", lambda: work.names.page(Scope(), offset=99_900).total
        )
        measured("names: search", lambda: work.names.page(Scope(), search="-9999").total)
    measured("check", database.check)
    measured("save the last good copy", database.save_last_good)


def commits(database: Database) -> None:
    def commit(count: int) -> None:
        for number in range(count):
            with database.begin() as work:
                work.revision.grow()
                work.audit.append(
                    AuditEntry(
                        at=NOW,
                        actor="bench",
                        action="bench.commit",
                        object=str(number),
                        before=None,
                        after={"number": number},
                        request_id="",
                    )
                )

    measured("500 commits with an audit entry", lambda: commit(500))


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as name:
        folder = Path(name)
        limits = ClientLimits(rows=total)
        url = sqlite_url(folder / "ostiary.db")
        with Database.open(url, now=NOW, limits=limits) as database:
            commits(database)
            names(database)
            clients(database, folder, total)


if __name__ == "__main__":
    main()
