import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import EngineSetup
from ostiary.supervisor.engine import Engine
from ostiary.supervisor.reports import (
    Confirmed,
    Died,
    EngineFailed,
    EngineMisplaced,
    FailureReason,
    Moved,
    Refused,
    Retrying,
)
from ostiary.supervisor.states import State
from tests.daemon.engine_rig import Rig, rig, until

pytestmark = pytest.mark.daemon
Ports = Callable[[], int]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


async def master_of(it: Rig) -> int:
    return (await it.engine.socket.processes()).master.pid


def test_a_start_is_confirmed_by_the_worker_itself(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            confirmed = await it.engine.serve(it.revision(7))
            assert (confirmed.revision, it.engine.state) == (7, State.SERVING)
            assert await it.get() == "r7"
            processes = await it.engine.socket.processes()
            assert [worker.pid for worker in processes.workers] == [confirmed.worker]
            assert await it.engine.living_revisions() == {7}
        assert it.engine.state is State.DOWN
        assert not alive(confirmed.worker)

    asyncio.run(scene())


def test_the_access_log_goes_straight_to_the_descriptor_given(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            await it.get()
            log = run_folder / "out.log"
            await until(lambda: "200 /" in log.read_text())

    asyncio.run(scene())


def test_a_start_that_is_refused_says_why_in_haproxys_words_and_leaves_nothing(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            with pytest.raises(EngineFailed, match="unknown keyword 'bogus'") as caught:
                await it.engine.serve(it.revision(1, extra="  bogus thing\n"))
            assert caught.value.reason is FailureReason.EXITED
            assert caught.value.words[0].line == 16
            assert it.engine.state is State.DOWN
            assert it.engine.serving is None
            await it.engine.serve(it.revision(2))
            assert await it.get() == "r2"

    asyncio.run(scene())


def test_a_worker_that_names_another_revision_is_not_believed(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            with pytest.raises(EngineFailed) as caught:
                await it.engine.serve(it.revision(2, says=1))
            assert caught.value.reason is FailureReason.WRONG_REVISION
            with pytest.raises(ConnectionError):
                await it.get()

    asyncio.run(scene())


def test_a_reload_changes_over_and_a_refused_one_changes_nothing(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            master = await master_of(it)
            second = await it.engine.serve(it.revision(2))
            assert await it.get() == "r2"
            for bad in (3, 4):
                with pytest.raises(EngineFailed, match="unknown keyword 'bogus'") as caught:
                    await it.engine.serve(it.revision(bad, extra="  bogus thing\n"))
                assert caught.value.reason is FailureReason.LOADING_FAILED
                assert isinstance(it.reports[-2], Refused)
                assert it.engine.state is State.SERVING
                assert it.engine.serving is not None
                assert it.engine.serving.number == 2
                assert await it.get() == "r2"
            link = run_folder / "haproxy.cfg"
            assert link.readlink() == run_folder / "r2" / "haproxy.cfg"
            fifth = await it.engine.serve(it.revision(5))
            assert fifth.worker != second.worker
            assert await it.get() == "r5"
            assert await master_of(it) == master

    asyncio.run(scene())


def test_a_reload_to_a_port_that_is_taken_is_refused_and_the_old_one_serves(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            async with rig(engine_binary, run_folder, free_port()) as it:
                await it.engine.serve(it.revision(1))
                extra = f"  bind 127.0.0.1:{taken.getsockname()[1]}\n"
                with pytest.raises(EngineFailed, match="cannot bind"):
                    await it.engine.serve(it.revision(2, extra=extra))
                assert await it.get() == "r1"

    asyncio.run(scene())


def test_a_reload_whose_worker_names_another_revision_brings_the_old_one_back(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            with pytest.raises(EngineFailed) as caught:
                await it.engine.serve(it.revision(2, says=9))
            assert caught.value.reason is FailureReason.WRONG_REVISION
            await until(lambda: it.engine.state is State.SERVING)
            assert await it.get() == "r1"

    asyncio.run(scene())


def test_no_request_is_lost_in_thirty_reloads_under_load(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            answers: list[str] = []
            done = asyncio.Event()

            async def newcomer() -> None:
                while not done.is_set():
                    answers.append(await it.get())
                    await asyncio.sleep(0.005)

            async with asyncio.TaskGroup() as clients:
                for pause in (0.005, 0.01, 0.1):
                    clients.create_task(newcomer())
                    clients.create_task(it.keep_asking(done, pause))
                for number in range(2, 32):
                    await it.engine.serve(it.revision(number))
                    assert await it.get() == f"r{number}"
                done.set()
            assert len(set(answers)) > 10

    asyncio.run(scene())


def test_a_draining_worker_is_seen_asked_and_named(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            first = await it.engine.serve(it.revision(1))
            _, held = await asyncio.open_connection("127.0.0.1", it.port)
            held.write(b"GET / HTTP/1.1\r\n")
            await held.drain()
            await asyncio.sleep(0.1)
            second = await it.engine.serve(it.revision(2))
            replies = await it.engine.socket.on_every_worker(
                "show env OSTIARY_REVISION", "show info"
            )
            assert set(replies) == {first.worker, second.worker}
            assert replies[first.worker].startswith("OSTIARY_REVISION=1\n\nName: HAProxy")
            assert await it.engine.living_revisions() == {1, 2}
            processes = await it.engine.socket.processes()
            draining = {worker.pid for worker in processes.workers if worker.draining}
            assert draining == {first.worker}
            held.close()

    asyncio.run(scene())


@pytest.mark.parametrize("victim", ["master", "worker"])
def test_a_killed_engine_is_back_by_itself(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports, victim: str
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            first = await it.engine.serve(it.revision(1))
            master = await master_of(it)
            os.kill(master if victim == "master" else first.worker, signal.SIGKILL)
            await until(lambda: len([r for r in it.reports if isinstance(r, Confirmed)]) == 2)
            assert await it.get() == "r1"
            assert await master_of(it) != master
            assert not alive(first.worker)
            (died,) = [r for r in it.reports if isinstance(r, Died)]
            assert died.code == 137
            assert Retrying(0.1) in it.reports

    asyncio.run(scene())


def test_an_engine_that_can_not_come_back_is_tried_ever_more_slowly_until_it_can(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            cfg = run_folder / "r1" / "haproxy.cfg"
            cfg.rename(run_folder / "aside")
            os.kill(await master_of(it), signal.SIGKILL)
            delays: list[float] = []
            while len(delays) < 3:
                await asyncio.sleep(0.05)
                delays = [r.seconds for r in it.reports if isinstance(r, Retrying)]
            assert delays == [0.1, 0.2, 0.4]
            confirmed = await it.engine.serve(it.revision(2))
            assert confirmed.revision == 2
            assert await it.get() == "r2"

    asyncio.run(scene())


def test_orders_given_at_once_are_carried_out_in_turn(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            orders = [it.engine.serve(it.revision(number)) for number in (1, 2, 3)]
            confirmed = await asyncio.gather(*orders)
            assert [each.revision for each in confirmed] == [1, 2, 3]
            assert await it.get() == "r3"

    asyncio.run(scene())


def test_an_order_taken_back_half_way_leaves_the_old_revision_serving(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            order = asyncio.create_task(it.engine.serve(it.revision(2)))
            await until(lambda: it.engine.state is State.RELOADING)
            order.cancel()
            await asyncio.gather(order, return_exceptions=True)
            await until(lambda: it.engine.state is State.SERVING)
            assert await it.get() == "r1"

    asyncio.run(scene())


def test_an_engine_waiting_for_its_next_start_can_be_stopped(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            os.kill(await master_of(it), signal.SIGKILL)
            await until(lambda: it.engine.state is State.WAITING)
            await it.engine.stop()
            await it.engine.stop()
            assert it.engine.state is State.DOWN
            with pytest.raises(ConnectionError):
                await it.get()

    asyncio.run(scene())


def test_a_request_in_flight_ends_before_the_engine_stops(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as it:
            await it.engine.serve(it.revision(1))
            reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
            writer.write(b"GET / HTTP/1.1\r\n")
            await asyncio.sleep(0.1)
            stopping = asyncio.create_task(it.engine.stop())
            await asyncio.sleep(0.3)
            assert not stopping.done()
            assert it.engine.state is State.DRAINING
            writer.write(b"Host: a\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
            await stopping
            writer.close()

    asyncio.run(scene())


def test_a_request_that_never_ends_does_not_hold_the_stop_up(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port(), drain_seconds=0.3) as it:
            confirmed = await it.engine.serve(it.revision(1))
            _, writer = await asyncio.open_connection("127.0.0.1", it.port)
            writer.write(b"GET / HTTP/1.1\r\n")
            await asyncio.sleep(0.1)
            async with asyncio.timeout(20):  # its client is waited for thirty
                await it.engine.stop()
            assert not alive(confirmed.worker)
            assert it.reports[-1] == Moved(State.DRAINING, State.DOWN)
            writer.close()

    asyncio.run(scene())


def test_a_start_that_takes_too_long_is_ended(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port(), start_seconds=0.001) as it:
            with pytest.raises(EngineFailed) as caught:
                await it.engine.serve(it.revision(1))
            assert caught.value.reason is FailureReason.NOT_CONFIRMED
            with pytest.raises(ConnectionError):
                await it.get()

    asyncio.run(scene())


def test_a_run_folder_too_deep_for_a_socket_is_told(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    async def scene() -> None:
        deep = run_folder / ("d" * 80)
        deep.mkdir()
        setup = EngineSetup(binary=engine_binary, run_folder=deep, stdout=1)
        async with rig(engine_binary, run_folder, free_port()) as it:
            with pytest.raises(EngineMisplaced, match="too long for a socket"):
                await Engine(setup, it.reports.append).serve(it.revision(1))

    asyncio.run(scene())


OWNER = """
import asyncio, sys
from pathlib import Path
from ostiary.supervisor.binary import find_engine
from tests.daemon.engine_rig import rig
async def scene():
    binary = find_engine(
        configured=Path(sys.argv[1]), search_path="", wheel=None, libraries=())
    async with rig(binary, Path(sys.argv[2]), int(sys.argv[3])) as it:
        confirmed = await it.engine.serve(it.revision(1))
        master = (await it.engine.socket.processes()).master.pid
        await it.engine.serve(it.revision(2))
        worker = (await it.engine.socket.processes()).workers[0].pid
        print(master, worker, flush=True)
        await asyncio.sleep(90)
asyncio.run(scene())
"""


def test_when_the_gateway_is_killed_the_engine_dies_and_the_next_start_just_works(
    engine_binary: EngineBinary, run_folder: Path, free_port: Ports
) -> None:
    port = free_port()
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(engine_binary.path), str(run_folder), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
    ) as owner:
        assert owner.stdout is not None
        master, worker = map(int, owner.stdout.readline().split())
        assert alive(master)
        owner.kill()
        owner.wait(30)

    async def scene() -> None:
        await until(lambda: not alive(master) and not alive(worker))
        async with rig(engine_binary, run_folder, port) as it:
            await it.engine.serve(it.revision(3))
            assert await it.get() == "r3"

    asyncio.run(scene())
