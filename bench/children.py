"""Processes we start, pinned to a core and ended by their own ids, with everything they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import procfs


class DidNotStart(Exception):
    """A server ended, or did not listen in time; the message carries the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How one server is started: argv, what is added to the environment, the port it opens."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A server we started. `pid` is the root of its process tree; `log` has all its output."""

    pid: int
    log: Path
    began: float


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int) -> bool:
    """Does somebody accept connections at 127.0.0.1:port?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def pinned(core: int, argv: Sequence[str]) -> list[str]:
    """The same command, bound to one CPU core; children inherit it."""
    return ["taskset", "-c", str(core), *argv]


@contextmanager
def serving(launch: Launch, *, core: int, patience: float = 20.0) -> Iterator[Child]:
    """Start a server, wait until its port answers, and end its whole process tree afterwards.

    Raises DidNotStart."""
    log = launch.folder / "output.log"
    with log.open("wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            pinned(core, launch.argv),
            env={**os.environ, **launch.env},
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, launch, log, began + patience)
        yield Child(pid=process.pid, log=log, began=began)
    finally:
        end(process)


def _wait_until_listening(
    process: subprocess.Popen[bytes], launch: Launch, log: Path, deadline: float
) -> None:
    while not listening(launch.port):
        if process.poll() is not None:
            raise DidNotStart(f"{launch.argv[0]} ended with {process.returncode}: {tail(log)}")
        if time.monotonic() > deadline:
            raise DidNotStart(f"{launch.argv[0]} does not listen: {tail(log)}")
        time.sleep(0.01)


def tail(log: Path) -> str:
    """The last lines of a log, for a message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def end(process: subprocess.Popen[bytes], patience: float = 5.0) -> None:
    """SIGTERM to the root, SIGKILL to whatever of its tree is left. Identities are (pid, start
    time), so a number given to somebody else meanwhile is never signalled."""
    tree = procfs.tree(process.pid)
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _gone(tree, 1.0)
    for left in tree:
        if procfs.alive(left):
            os.kill(left.pid, signal.SIGKILL)
    _gone(tree, 1.0)


def _gone(tree: Sequence[procfs.Process], patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(procfs.alive(p) for p in tree):
        time.sleep(0.02)
