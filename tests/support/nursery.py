"""The real commands as processes of their own, without the wait for their imports.

Each start of ``ostiary`` imports for a second or more, and the tests start it hundreds of times.
So one process imports the whole program once, and each command is a fork of it: with arguments,
environment, folder, files and signals of its own, from ``main()`` to the interpreter's end.
Some tests start the command the long way all the same, as :func:`command` gives it. What starts
``ostiary`` by itself, such as a shell, finds it by :func:`on_the_path`.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).parents[2]
_LAUNCHER = Path(__file__).with_name("launcher.py")
_NURSE = (
    "import sys; from tests.support.nursery import serve; serve(int(sys.argv[1])); "
    "from ostiary.cli import main; main()"
)
_LARGEST = 2**17  # bytes of an order
_PID = 12  # characters of a process id


def command(*arguments: object) -> list[str]:
    """The command line of ``ostiary`` without an installed script."""
    return [sys.executable, "-c", "from ostiary.cli import main; main()", *map(str, arguments)]


class Child:
    """A command that runs, or did; to be used as a :class:`subprocess.Popen`."""

    def __init__(self, report: int, said: bytes) -> None:
        """``said`` is what came from the pipe ``report`` so far: the process id."""
        self.pid = int(said)
        self.returncode: int | None = None
        self._report = report
        self._reading = threading.Lock()

    def poll(self) -> int | None:
        """The exit code (negative: the signal), None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises TimeoutExpired after ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not self._ended(left):
                raise subprocess.TimeoutExpired(f"ostiary ({self.pid})", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> bool:
        with self._reading:
            if self.returncode is not None:
                return True
            milliseconds = None if seconds is None else seconds * 1000
            poll = select.poll()
            poll.register(self._report, select.POLLIN)
            if not poll.poll(milliseconds):
                return False
            said = os.read(self._report, 100)
            os.close(self._report)
            self.returncode = os.waitstatus_to_exitcode(int(said)) if said else -signal.SIGKILL
            return True


def start(
    *arguments: object,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start ``ostiary`` with these arguments; like :class:`subprocess.Popen`."""
    order = {
        "argv": ["ostiary", *map(str, arguments)],
        "env": dict(os.environ if env is None else env),
        "cwd": str(cwd or Path.cwd()),
    }
    report, told = os.pipe()
    try:
        with Path(os.devnull).open("r+b", buffering=0) as nothing:
            files = [_number(one, nothing.fileno()) for one in (stdin, stdout, stderr)]
            socket.send_fds(_nurse(), [json.dumps(order).encode()], [*files, told])
    finally:
        os.close(told)
    said = os.read(report, _PID)
    assert said, "nothing was started"
    return Child(report, said)


def on_the_path(folder: Path) -> int:
    """Put a program ``ostiary`` into the folder; it is for processes that are started with the
    file of this number left open (``pass_fds``)."""
    line = _nurse().fileno()
    program = shlex.join([sys.executable, "-IS", str(_LAUNCHER), str(line)])
    (folder / "ostiary").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    (folder / "ostiary").chmod(0o755)
    return line


def _number(file: int | IO[bytes], nothing: int) -> int:
    if file == subprocess.DEVNULL:
        return nothing
    return file if isinstance(file, int) else file.fileno()


@functools.cache
def _nurse() -> socket.socket:
    """The line to the process that has imported everything, which starts at the first call."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-c", _NURSE, str(its.fileno())],
            pass_fds=(its.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
        )

    def end() -> None:
        # Not only closed: whatever a test left running may hold the line, too.
        ours.shutdown(socket.SHUT_RDWR)
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def serve(line: int) -> None:
    """Import everything, then carry out orders; returns in the new processes alone, each with its
    arguments in ``sys.argv``. Ends the process when nobody is left to give orders."""
    import ostiary  # noqa: PLC0415 - the tests' own process need not
    from ostiary.cli.verbs import VERBS  # noqa: PLC0415

    # All but the commands: each has options to be made, and only one of them is wanted.
    left = {f"ostiary.cli.{module}" for verb in VERBS.values() for module in verb.modules}
    for module in pkgutil.walk_packages(ostiary.__path__, "ostiary."):
        if module.name not in left and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # Also what each process does once, as it would before it answers.
    importlib.import_module("ostiary.admin.app").get_ready()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = socket.socket(fileno=line)
    while True:
        order, files, *_ = socket.recv_fds(orders, _LARGEST, 4)
        if not order:
            os._exit(0)
        if os.fork() == 0 and _is_the_new_one(files):
            _become(json.loads(order), files)
            orders.detach()
            return
        for file in files:
            os.close(file)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _is_the_new_one(files: list[int]) -> bool:
    """True in a new process; its parent tells its id, waits for its end and tells that."""
    pid = os.fork()
    if pid == 0:
        return True
    *streams, report = files
    for stream in streams:
        os.close(stream)
    os.write(report, f"{pid:{_PID}}".encode())
    ending = select.poll()
    ending.register(os.pidfd_open(pid), select.POLLIN)
    ending.register(report, 0)
    if any(file == report for file, _ in ending.poll()):
        # Nobody is left who would end it.
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    with contextlib.suppress(BrokenPipeError):
        os.write(report, str(status).encode())
    os._exit(0)


def _become(order: Mapping[str, Any], files: list[int]) -> None:
    """Take on what was ordered."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=sys.stdout.encoding, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, sys.stderr.encoding, "backslashreplace", closefd=False)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    # As the interpreter does at its start.
    paths = order["env"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [one for one in paths if one and one not in sys.path]
    sys.argv[:] = order["argv"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
