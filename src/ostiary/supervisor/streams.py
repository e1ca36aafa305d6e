"""Finding requests under way in a worker by their numbers, and ending some of them.

``show sess`` lists all requests and tunnels, by address in memory, and no number; ``show sess
ADDRESS`` tells the number; ``shutdown session ADDRESS`` ends that one alone, on HTTP/2 too (seen on
2.6.12 and 2.8.25). An address may be another request's as soon as its own has ended: so numbers are
asked for right before, never remembered.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.supervisor.runtime import MasterSocket

_ROW: Final = re.compile(r"^(0x[0-9a-f]+): proto=\S+ src=(\S+) fe=(\S+) ", re.MULTILINE)
_DETAIL: Final = re.compile(r"^(0x[0-9a-f]+): \[[^\]]*\] id=([0-9]+) ", re.MULTILINE)
_BATCH: Final = 64
"""Streams asked about by one command: 100 KB of answer, and some milliseconds of the worker."""


@dataclass(frozen=True, slots=True)
class _Row:
    address: str
    client: str


async def end_streams(
    master: MasterSocket, worker: int, wanted: Mapping[int, str], frontends: frozenset[str]
) -> frozenset[int]:
    """End the streams with these numbers; which were found. Those not found have ended.

    ``wanted``: number to the client's address and port as the frontend's rules see them. They are
    a hint where to look first: behind a PROXY header the list has other ones.
    Raises WorkerGone or another RuntimeTrouble.
    """
    clients, left = set(wanted.values()), set(wanted)
    rows = await _rows(master, worker, frontends)
    rows.sort(key=lambda row: row.client not in clients)
    for start in range(0, len(rows), _BATCH):
        found = await _numbers(master, worker, rows[start : start + _BATCH])
        doomed = left & found.keys()
        if doomed:
            await master.on_worker(worker, *(f"shutdown session {found[one]}" for one in doomed))
            left -= doomed
        if not left:
            break
    return frozenset(wanted.keys() - left)


async def living_streams(
    master: MasterSocket, worker: int, frontends: frozenset[str]
) -> frozenset[int]:
    """The numbers of all streams under way. Raises WorkerGone or another RuntimeTrouble."""
    rows = await _rows(master, worker, frontends)
    living: set[int] = set()
    for start in range(0, len(rows), _BATCH):
        living |= (await _numbers(master, worker, rows[start : start + _BATCH])).keys()
    return frozenset(living)


async def living_by_worker(
    master: MasterSocket, workers: Iterable[int], frontends: frozenset[str]
) -> dict[int, frozenset[int]]:
    """The same of each of these workers; none of one that is gone. Raises RuntimeTrouble."""
    there = {one.pid for one in (await master.processes()).workers}
    return {
        one: await living_streams(master, one, frontends) if one in there else frozenset()
        for one in workers
    }


async def _rows(master: MasterSocket, worker: int, frontends: frozenset[str]) -> list[_Row]:
    said = await master.on_worker(worker, "show sess")
    return [_Row(row[1], row[2]) for row in _ROW.finditer(said) if row[3] in frontends]


async def _numbers(master: MasterSocket, worker: int, rows: list[_Row]) -> dict[int, str]:
    """Number to address; those that ended meanwhile are left out."""
    said = await master.on_worker(worker, *(f"show sess {row.address}" for row in rows))
    return {int(found[2]): found[1] for found in _DETAIL.finditer(said)}
