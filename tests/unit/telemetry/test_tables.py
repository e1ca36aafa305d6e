"""Deltas of HAProxy's table, read from a socket that answers as HAProxy does."""

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from ostiary.telemetry.tables import LONGEST, SHORTEST, Reading, TableReader

SCOPE = "0123456789abcdef"


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest().upper()


def listing(counts: dict[str, int]) -> bytes:
    lines = [f"# table: ost_verdicts, type: string, size:1048576, used:{len(counts)}"]
    lines += [
        f"0x7fbf00cfd280: key={scope}|{digest(name)} use=0 exp=3599655 shard=0"
        f" http_req_cnt={count} gpt0=1 gpt1=0 gpt2=0"
        for (scope, _, name), count in sorted(
            ((key.rpartition("/"), count) for key, count in counts.items()),
            key=lambda one: (one[0][0], digest(one[0][2])),
        )
    ]
    return "\n".join(lines).encode() + b"\n\n"


class Master:
    """A master socket: each worker has its listing."""

    def __init__(self) -> None:
        self.listings: dict[int, bytes] = {}
        self.asked: list[str] = []

    async def workers(self) -> Iterable[int]:
        return list(self.listings)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.read()).decode()
        self.asked.append(asked)
        writer.write(self.listings.get(int(asked[2:].partition(";")[0]), b"\n"))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def answering(master: Master) -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        server = await asyncio.start_unix_server(master.answer, path)
        async with server:
            yield path


class Told:
    def __init__(self) -> None:
        self.said: list[tuple[str, str, int]] = []
        self.room = True

    def __call__(self, scope: str, key: bytes, requests: int) -> bool:
        if self.room:
            self.said.append((scope, key.hex().upper(), requests))
        return self.room

    def fresh(self) -> dict[tuple[str, str], int]:
        said, self.said = self.said, []
        return {(scope, key): requests for scope, key, requests in said}


def test_only_what_was_counted_since_the_last_look_is_told() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            master.listings = {7: listing({f"{SCOPE}/a": 3, f"{SCOPE}.ff/a": 1, f"{SCOPE}/b": 1})}
            assert (await reader.read()).entries == 3
            assert master.asked == ["@!7; show table ost_verdicts\n"]
            assert told.fresh() == {
                (SCOPE, digest("a")): 3,
                (f"{SCOPE}.ff", digest("a")): 1,
                (SCOPE, digest("b")): 1,
            }
            master.listings = {7: listing({f"{SCOPE}/a": 5, f"{SCOPE}/b": 1, f"{SCOPE}/c": 2})}
            await reader.read()
            assert told.fresh() == {(SCOPE, digest("a")): 2, (SCOPE, digest("c")): 2}

    asyncio.run(look())


def test_workers_are_told_apart_and_a_new_one_counts_from_zero() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            master.listings = {7: listing({f"{SCOPE}/a": 3})}
            await reader.read()
            master.listings = {7: listing({f"{SCOPE}/a": 4}), 8: listing({f"{SCOPE}/a": 2})}
            told.fresh()
            await reader.read()
            assert sorted(one[2] for one in told.said) == [1, 2]
            master.listings = {8: listing({f"{SCOPE}/a": 2})}
            told.fresh()
            await reader.read()
            assert told.fresh() == {}
            master.listings = {7: listing({f"{SCOPE}/a": 9}), 8: listing({f"{SCOPE}/a": 2})}
            await reader.read()
            assert told.fresh() == {(SCOPE, digest("a")): 9}

    asyncio.run(look())


def test_an_entry_that_was_forgotten_and_made_anew_counts_from_zero() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            for count in (50, 4, 6):
                master.listings = {7: listing({f"{SCOPE}/a": count})}
                await reader.read()
            assert [one[2] for one in told.said] == [50, 4, 2]

    asyncio.run(look())


def test_what_finds_no_room_is_told_the_next_time() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            master.listings = {7: listing({f"{SCOPE}/a": 3})}
            told.room = False
            await reader.read()
            told.room = True
            master.listings = {7: listing({f"{SCOPE}/a": 4})}
            await reader.read()
            assert told.fresh() == {(SCOPE, digest("a")): 4}

    asyncio.run(look())


def test_lines_cut_between_two_pieces_are_read_whole() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            master.listings = {7: listing({f"{SCOPE}/{n}": n + 1 for n in range(5_000)})}
            reading = await reader.read()
            assert reading.entries == 5_000
            assert sum(told.fresh().values()) == 5_000 * 5_001 // 2

    asyncio.run(look())


@pytest.mark.parametrize(
    "junk", [b"", b"\n", b"Can't find the target PID matching the prefix '@!7'.\n", b"\xff" * 9999]
)
def test_an_answer_that_is_no_table_tells_nothing(junk: bytes) -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            master.listings = {7: junk}
            assert (
                await TableReader(path, master.workers, told, table="ost_verdicts").read()
            ).entries == 0

    asyncio.run(look())


def test_a_look_that_breaks_off_tells_nothing_twice() -> None:
    async def look() -> None:
        master, told = Master(), Told()
        async with answering(master) as path:
            names = sorted((f"{SCOPE}/{n}" for n in range(2_000)), key=lambda n: digest(n[17:]))
            master.listings = {7: listing(dict.fromkeys(names, 1))}
            reader = TableReader(path, master.workers, told, table="ost_verdicts")
            await reader.read()
            assert len(told.fresh()) == 2_000
            master.listings = {7: listing(dict.fromkeys(names, 2))}
            limit = 700

            def stopping(scope: str, key: bytes, requests: int) -> bool:
                if len(told.said) == limit:
                    raise OSError("broken off")
                return told(scope, key, requests)

            reader._take = stopping
            with pytest.raises(OSError, match="broken off"):
                await reader.read()
            reader._take = told
            await reader.read()
            assert sorted(one[2] for one in told.said) == [1] * 2_000

    asyncio.run(look())


def test_a_long_reading_is_followed_by_a_long_rest() -> None:
    assert Reading(1, 0.001).pause == SHORTEST
    assert Reading(100_000, 0.35).pause == pytest.approx(35)
    assert Reading(10_000_000, 60).pause == LONGEST
