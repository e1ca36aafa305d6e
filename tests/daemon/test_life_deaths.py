"""Whatever dies, and however: nobody unknown gets in, and the next start just works."""

import contextlib
import functools
import os
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.runtime import EngineUnreachable
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.gateway import World, mixed, world
from tests.daemon.life import Log, Siege, alive, end_by, processes, until


@pytest.fixture(scope="module")
def shared(engine_binary: EngineBinary) -> Iterator[World]:
    with world(
        engine_binary, mixed, lambda config, _: config.update(engine={"drainTimeoutMs": 20_000})
    ) as it:
        yield it


@pytest.fixture
def site(shared: World) -> World:
    """The gateway, running."""
    if shared.gateway.process.poll() is not None:
        shared.gateway.start()
    return shared


def serves(it: World) -> bool:
    """Whether a known client gets its answer."""
    with contextlib.suppress(OSError, EOFError, ssl.SSLError):
        return it.gateway.status(it.good, "strict.example") == 200
    return False


VICTIMS: dict[str, Callable[[World], int]] = {
    "worker": lambda it: processes(it.gateway).workers[0].pid,
    "master": lambda it: processes(it.gateway).master.pid,
}


def _pid(it: World, victim: str) -> int:
    """Of the process; a master that has just begun may serve before it answers questions."""
    found: list[int] = []

    def told() -> bool:
        with contextlib.suppress(EngineUnreachable):
            found.append(VICTIMS[victim](it))
        return bool(found)

    until(told)
    return found[0]


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_engine_is_back_by_itself_and_lets_nobody_in(site: World, victim: str) -> None:
    with Siege(site) as siege:
        log = Log(site.gateway)
        for _ in range(2):
            until(lambda: serves(site))
            pid = _pid(site, victim)
            os.kill(pid, signal.SIGKILL)
            until(functools.partial(_gone, pid))
            until(lambda: serves(site))
        delays = [line["seconds"] for line in log.lines("engine-restarts")]
        assert delays == sorted(delays)
        assert len(delays) == 2
        assert all("137" in str(line["code"]) for line in log.lines("engine-died"))
    assert siege.never_entered(), siege.seen


def test_when_the_gateway_is_killed_the_door_is_shut_and_the_next_start_just_works(
    site: World,
) -> None:
    gateway = site.gateway
    with Siege(site) as siege:
        for round_ in range(3):
            listed = processes(gateway)
            pids = [listed.master.pid, *(one.pid for one in listed.workers)]
            gateway.process.kill()
            if round_ == 2:  # and all the others too, as an out-of-memory killer may
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            gateway.process.wait(30)
            if round_ == 0:
                until(functools.partial(_gone, *pids))
            gateway.start()
            assert serves(site)
    assert siege.never_entered(), siege.seen


def test_a_gateway_that_stands_still_lets_the_known_pass_and_nobody_else(site: World) -> None:
    gateway = site.gateway
    with Siege(site) as siege, gateway.connect(context(site.good), "a.example") as known:
        assert known.ask("/api/x", "a.example").status == 200
        fresh = site.kit.client(site.a, "fresh")
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            assert gateway.status(fresh, "a.example") == 403
            assert gateway.status(fresh, "strict.example") == 503
            assert known.ask("/api/x", "a.example").status == 200
            assert gateway.status(site.good, "a.example") == 200
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        until(lambda: gateway.status(fresh, "strict.example") == 200)
        assert gateway.status(fresh, "a.example") == 200
    assert siege.never_entered(), siege.seen


def test_at_sigterm_requests_in_flight_end_well_and_nothing_is_left(site: World) -> None:
    gateway = site.gateway
    listed = processes(gateway)
    pids = [listed.master.pid, *(one.pid for one in listed.workers)]
    with _slow(site, 2) as (slow, pool):
        answer = pool.submit(_to_the_end, slow)
        assert end_by(gateway) == 0
        assert answer.result(30).status == 200
    assert not any(alive(pid) for pid in pids)
    left = [entry.name for entry in (gateway.state / "run").iterdir() if entry.is_socket()]
    assert left == []
    with pytest.raises(ConnectionRefusedError):
        Connection(gateway.https)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait_for_requests_in_flight(
    site: World, second: signal.Signals
) -> None:
    gateway = site.gateway
    with _slow(site, 30) as (slow, _):
        log = Log(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        until(lambda: any(line["after"] == "draining" for line in log.lines("engine")))
        time.sleep(0.2)
        assert gateway.process.poll() is None
        began = time.monotonic()
        assert end_by(gateway, second) == 0
        assert time.monotonic() - began < 12
        with pytest.raises((EOFError, ssl.SSLError)):
            slow.read()


def test_a_signal_to_end_during_a_change_lets_the_change_and_the_requests_finish(
    site: World,
) -> None:
    gateway = site.gateway
    with _slow(site, 1.5) as (slow, pool):
        answer = pool.submit(_to_the_end, slow)
        log = Log(gateway)
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: any(line["after"] == "reloading" for line in log.lines("engine")))
        assert end_by(gateway) == 0
        assert log.lines("change-applied")
        assert answer.result(30).status == 200


def test_a_signal_to_end_before_ready_ends_the_start(site: World) -> None:
    gateway = site.gateway
    assert gateway.stop() == 0
    log = Log(gateway)
    ready = (gateway.folder / "out.log").read_bytes().count(b"ready\n")
    gateway.launch()
    until(lambda: log.lines("engine-chosen"))
    assert end_by(gateway) == 0
    assert (gateway.folder / "out.log").read_bytes().count(b"ready\n") == ready
    gateway.start()
    assert serves(site)


def _gone(*pids: int) -> bool:
    return not any(alive(pid) for pid in pids)


def _to_the_end(slow: Connection) -> Reply:
    """The answer; as clients do, the connection is closed when the other side closes it."""
    reply = slow.read()
    assert slow.rest() == b""
    slow.__exit__()
    return reply


@contextlib.contextmanager
def _slow(it: World, seconds: float) -> Iterator[tuple[Connection, ThreadPoolExecutor]]:
    """A connection whose request is with the service now."""
    before = len(it.upstream.seen)
    with (
        ThreadPoolExecutor(1) as pool,
        it.gateway.connect(context(it.good), "a.example") as slow,
    ):
        slow.send(f"GET /api/slow/{seconds} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
        until(lambda: any("slow" in seen.path for seen in it.upstream.seen[before:]))
        yield slow, pool
