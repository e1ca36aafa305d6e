"""A block withdraws the verdicts on its certificate; all of them where those aren't known."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ostiary.agent.rows import Rows
from ostiary.kernel.blocked import NOBODY, Block, Blocked
from ostiary.supervisor.runtime import MasterSocket
from ostiary.trust.decision import Refused
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import Standing, standing_of
from ostiary.wiring.withdrawing import Withdrawal, same_policies

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PROCESSES = (
    "1 master 0 [failed: 0] 0d00h00m02s 2.6.12\n# workers\n7 worker 0 0d00h00m01s 2.6.12\n"
    "# old workers\n8 worker 1 0d00h00m01s 2.6.12\n"
)
REFUSED = Refused(Reason.BLOCKED, "by ann", NOW)
KEY = "e|ABC"


@asynccontextmanager
async def master() -> AsyncIterator[tuple[MasterSocket, list[str]]]:
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.read()).decode().strip()
        if said == "show proc":
            writer.write(PROCESSES.encode())
        else:
            heard.append(said)
            writer.write(b"\n")
        writer.close()

    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        async with await asyncio.start_unix_server(serve, path):
            yield MasterSocket(path), heard


def said(rows: Rows, mark: bytes, last: int = 0) -> list[list[str]]:
    """What two workers are told when that mark is blocked, and when it is freed."""

    async def scene() -> list[list[str]]:
        withdrawal = Withdrawal(rows)
        withdrawal._number = last
        blocked = Blocked([Block(number=1, mark=mark, at=NOW, by="ann")])
        found = []
        async with master() as (socket, heard):
            for before, after in ((NOBODY, blocked), (blocked, NOBODY)):
                heard.clear()
                standings = Standing({}, before), Standing({}, after)
                assert await withdrawal.withdraw_between(socket, *standings, (), NOW)
                found.append(sorted(heard))
        return found

    return asyncio.run(scene())


def test_only_the_rows_of_the_blocked_certificate_are_withdrawn_from_every_worker() -> None:
    rows = Rows()
    rows.note(KEY, b"1" * 32, b"\x30\x00", REFUSED, int(NOW.timestamp()) + 60)
    rows.note("e|DEF", b"2" * 32, b"\x30\x00", REFUSED, int(NOW.timestamp()) + 60)
    for number, lines in zip((256, 512), said(rows, b"1" * 32), strict=True):
        told = f"set table ost_verdicts key {KEY} data.gpt {number}"
        assert lines == [f"@!{worker}; {told}" for worker in (7, 8)]


def test_of_whom_nothing_is_remembered_nothing_is_withdrawn() -> None:
    assert said(Rows(), b"1" * 32) == [[], []]


def test_where_it_is_not_known_which_rows_they_are_all_are_withdrawn() -> None:
    rows = Rows(capacity=0)
    rows.note(KEY, b"1" * 32, b"\x30\x00", REFUSED, int(NOW.timestamp()) + 60)
    for number, lines in zip((256, 512), said(rows, b"2" * 32), strict=True):
        told = f"experimental-mode on; set var proc.ost.gone int({number})"
        assert lines == [f"@!{worker}; {told}" for worker in (7, 8)]


def test_when_numbers_run_out_the_engine_remembers_nothing_any_more() -> None:
    """A number that came again would bring verdicts back to life."""
    rows = Rows()
    rows.note(KEY, b"1" * 32, b"\x30\x00", REFUSED, int(NOW.timestamp()) + 60)
    told = f"experimental-mode on; set var proc.ost.gone int({2**32})"
    for lines in said(rows, b"1" * 32, 2**32 - 256):
        assert lines == [f"@!{worker}; {told}" for worker in (7, 8)]


def test_a_scope_that_comes_or_goes_with_another_policy_is_a_change() -> None:
    entry, stricter = TrustPolicy(anchors=()), TrustPolicy(anchors=(), report_only=True)
    alone = standing_of({"e": entry})
    for policy, same in ((entry, True), (stricter, False)):
        both = standing_of({"e": entry, "e.a": policy})
        assert same_policies(alone, both) is same_policies(both, alone) is same
