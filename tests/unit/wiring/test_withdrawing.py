"""A block withdraws the verdicts on its certificate; all of them where those aren't known."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from ostiary.agent.rows import Rows
from ostiary.kernel.blocked import NOBODY, Block, Blocked
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.engine import Engine
from ostiary.supervisor.runtime import MasterSocket
from ostiary.trust.decision import Refused
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import Standing, standing_of
from ostiary.wiring.folders import Folders
from ostiary.wiring.gateway import Gateway
from ostiary.wiring.withdrawing import Withdrawal, same_policies

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PROCESSES = (
    "1 master 0 [failed: 0] 0d00h00m02s 2.6.12\n# workers\n7 worker 0 0d00h00m01s 2.6.12\n"
    "# old workers\n8 worker 1 0d00h00m01s 2.6.12\n"
)
REFUSED = Refused(Reason.BLOCKED, "by ann", NOW)
KEY = "e|ABC"


@asynccontextmanager
async def master(away: int = 0) -> AsyncIterator[tuple[MasterSocket, list[str]]]:
    """Two workers' master, and what they hear; the first so many questions have no answer."""
    heard: list[str] = []
    left = iter(range(away))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.read()).decode().strip()
        if said == "show proc":
            writer.write(b"" if next(left, None) is not None else PROCESSES.encode())
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


EVERYBODY = [
    f"@!{worker}; experimental-mode on; set var proc.ost.gone int({{}})" for worker in (7, 8)
]


def everybody(number: int) -> list[str]:
    """What two workers are told so that all are asked about again."""
    return [one.format(number) for one in EVERYBODY]


def test_what_could_not_be_withdrawn_is_withdrawn_as_soon_as_it_can() -> None:
    async def scene() -> None:
        rows = Rows()
        rows.note(KEY, b"1" * 32, b"\x30\x00", REFUSED, int(NOW.timestamp()) + 60)
        blocked = Blocked([Block(number=1, mark=b"1" * 32, at=NOW, by="ann")])
        withdrawal = Withdrawal(rows)
        change = Standing({}, NOBODY), Standing({}, blocked), (), NOW
        async with master(away=2) as (socket, heard):
            assert not await withdrawal.withdraw_between(socket, *change)
            await withdrawal.make_good(socket)
            assert heard == []
            await withdrawal.make_good(socket)
            assert sorted(heard) == everybody(768)
            await withdrawal.make_good(socket)
            assert len(heard) == 2, "once is enough"
        async with master(away=1) as (socket, heard):
            assert not await withdrawal.withdraw(socket)
            # What is known of this change says nothing about the one before.
            assert await withdrawal.withdraw_between(socket, *change)
            assert sorted(heard) == everybody(1280)

    asyncio.run(scene())


def test_a_change_of_trust_that_does_not_come_about_leaves_no_verdict_behind(
    tmp_path: Path,
) -> None:
    """Between the change and its failure clients are judged by what is not in force after all."""
    binary = EngineBinary(
        path=tmp_path, version=(2, 6, 12), version_text="2.6.12", openssl_running="",
        pcre2=True, environment={}, why="never started",
    )  # fmt: skip

    async def scene() -> None:
        gateway = Gateway(Folders(state=tmp_path), binary, 1)
        async with master(away=1) as (socket, heard):
            gateway._engine = cast(Engine, SimpleNamespace(socket=socket))
            before = gateway._desk.standing
            assert not await gateway._judge_by(standing_of({"e": TrustPolicy(anchors=())}))
            assert gateway._desk.standing is before
            assert sorted(heard) == everybody(512)

    asyncio.run(scene())


def test_a_scope_that_comes_or_goes_with_another_policy_is_a_change() -> None:
    entry, stricter = TrustPolicy(anchors=()), TrustPolicy(anchors=(), report_only=True)
    alone = standing_of({"e": entry})
    for policy, same in ((entry, True), (stricter, False)):
        both = standing_of({"e": entry, "e.a": policy})
        assert same_policies(alone, both) is same_policies(both, alone) is same
