"""Processes that run scripts: what they can reach, and what becomes of them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ostiary.sandbox.turns import Turns
from ostiary.sandbox.workers import MOST_OF_ONE, Busy, Workers
from ostiary.scripts.model import Failed, Failure, Limits, Script, Truth, Wanted
from ostiary.scripts.request import Shown

SHOWN = Shown(
    method="GET", secure=False, url="/", original="/", headers="\r\n", client="::1", id="1"
)
LONG = "for (;;) [].concat(Array(1e6).join('y'))"  # not interrupted in the midst of one join


def truth(source: str) -> Script:
    return Script(source, Wanted.TRUTH)


async def ready(workers: Workers) -> int:
    """The first process, once it waits for a script."""
    async with asyncio.timeout(30):
        while not workers.idle:
            with contextlib.suppress(Busy):
                assert await workers.run(truth("true"), SHOWN, Limits(), "other") == Truth(True)
    return workers.idle[0]


def with_workers(act: Callable[[Workers], Awaitable[None]]) -> None:
    async def run() -> None:
        workers = Workers()
        try:
            await act(workers)
        finally:
            await workers.end()

    asyncio.run(run())


def test_a_process_has_its_line_and_nothing_else() -> None:
    async def look(workers: Workers) -> None:
        assert await workers.run(truth("true"), SHOWN, Limits()) == Truth(True)
        (process,) = workers.idle
        of = Path(f"/proc/{process}")
        files = {str(file.readlink()) for file in (of / "fd").iterdir()}
        assert {one for one in files if not one.startswith("socket:")} == {os.devnull}
        assert len([one for one in files if one.startswith("socket:")]) == 1
        assert (of / "environ").read_bytes() == b""
        limits = (of / "limits").read_text()
        for limit in ("Max open files", "Max core file size", "Max file size", "Max processes"):
            assert f"{limit} " in limits
            line = next(one for one in limits.splitlines() if one.startswith(limit))
            assert line.removeprefix(limit).split()[0] == "0"

    with_workers(look)


def test_a_process_that_hangs_is_ended_and_another_begun() -> None:
    async def hang(workers: Workers) -> None:
        await ready(workers)
        result = await workers.run(truth(LONG), SHOWN, Limits(memory=64 * 1024 * 1024))
        assert isinstance(result, Failed)
        assert result.failure in (Failure.TIME, Failure.MEMORY)
        assert await workers.run(truth("true"), SHOWN, Limits()) == Truth(True)

    with_workers(hang)


def test_a_process_that_was_killed_is_replaced() -> None:
    async def kill(workers: Workers) -> None:
        process = await ready(workers)
        os.kill(process, signal.SIGKILL)
        while Path(f"/proc/{process}").exists():
            await asyncio.sleep(0.01)
        assert await workers.run(truth("true"), SHOWN, Limits()) == Truth(True)
        assert workers.counters.started == 2

    with_workers(kill)


def test_a_process_that_goes_over_a_question_fails_that_question_alone() -> None:
    async def kill(workers: Workers) -> None:
        process = await ready(workers)
        os.kill(process, signal.SIGSTOP)
        asked = asyncio.create_task(workers.run(truth("true"), SHOWN, Limits(seconds=5)))
        behind = asyncio.create_task(workers.run(truth("1"), SHOWN, Limits()))
        while workers.idle:
            await asyncio.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        result = await asked
        assert isinstance(result, Failed)
        assert result.failure is Failure.CRASHED
        assert await behind == Truth(True)
        assert workers.counters.killed == 1

    with_workers(kill)


def test_several_processes_run_side_by_side() -> None:
    async def many(workers: Workers) -> None:
        workers.have(2)
        asked = [workers.run(truth("true"), SHOWN, Limits()) for _ in range(20)]
        assert await asyncio.gather(*asked) == [Truth(True)] * 20
        assert workers.counters.started == 2

    with_workers(many)


def test_a_party_that_asks_much_keeps_no_other_waiting() -> None:
    endless = truth("for (;;);")

    async def crowd(workers: Workers) -> None:
        await ready(workers)
        crowd = [
            asyncio.create_task(workers.run(endless, SHOWN, Limits(seconds=0.05), "slow"))
            for _ in range(MOST_OF_ONE)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await workers.run(endless, SHOWN, Limits(), "slow")
        for _ in range(3):
            assert await workers.run(truth("true"), SHOWN, Limits(), "other") == Truth(True)
        assert not all(task.done() for task in crowd)
        results = await asyncio.gather(*crowd, return_exceptions=True)
        assert any(isinstance(one, Busy) for one in results)
        assert workers.counters.started == 1  # who waited for too long costs no process

    with_workers(crowd)


def test_a_party_whose_scripts_cost_processes_rests_and_the_others_go_on() -> None:
    async def cost(workers: Workers) -> None:
        for _ in range(2):
            process = await ready(workers)
            os.kill(process, signal.SIGSTOP)
            asked = asyncio.create_task(workers.run(truth("true"), SHOWN, Limits(seconds=5), "bad"))
            while workers.idle:
                await asyncio.sleep(0.01)
            os.kill(process, signal.SIGKILL)
            assert isinstance(await asked, Failed)
        order: list[str] = []

        async def ask(whose: str) -> None:
            assert await workers.run(truth("true"), SHOWN, Limits(), whose) == Truth(True)
            order.append(whose)

        await asyncio.gather(ask("bad"), ask("other"))
        assert order == ["other", "bad"]

    with_workers(cost)


def test_places_go_round_and_none_is_lost_when_somebody_leaves() -> None:
    async def go() -> None:
        turns, order = Turns(1), list[str]()
        holding = asyncio.Event()

        async def hold(whose: str) -> None:
            async with turns.taken(whose):
                order.append(whose)
                await holding.wait()

        tasks = [asyncio.create_task(hold(whose)) for whose in "aaaabbc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        holding.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert "".join(order) == "aabcab"
        async with asyncio.timeout(30), turns.taken("z"):
            pass

    asyncio.run(go())


def test_processes_end_with_their_gateway() -> None:
    started: list[int] = []

    async def note(workers: Workers) -> None:
        await workers.run(truth("true"), SHOWN, Limits())
        started.extend(workers.idle)

    with_workers(note)
    assert not Path(f"/proc/{started[0]}").exists()
