"""The process that runs scripts: one question at a time, until nobody is left to ask.

It has one open file, the line to the gateway, and can open no other; no environment; limits on
memory and, for each question, on processor time.
"""

import contextlib
import os
import resource
import signal
import socket
import sys
from typing import Final

from ostiary.scripts.engine import Engine, run
from ostiary.scripts.model import Failed, Failure, Result
from ostiary.scripts.protocol import HEAD, READY, answer, length_of, read_question

_MEMORY: Final = 512 * 1024 * 1024
"""Bytes of addresses, Python's own and shared libraries among them; what is used is far less."""
_SECONDS: Final = 5
"""Of processor time for one question: the engine's own limit comes long before."""


def serve(line: int) -> None:
    """Answer what comes from the socket with this number until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the gateway says when it ends
    with socket.socket(fileno=line) as end:
        _shut_in()
        engine = Engine()
        end.sendall(READY)
        while (head := _read(end, HEAD)) and (body := _read(end, length_of(head))):
            _have(_SECONDS)
            end.sendall(answer(_answered(body, engine)))
            engine = Engine()


def _answered(body: bytes, engine: Engine) -> Result:
    try:
        return run(*read_question(body), engine)
    except Exception as error:  # noqa: BLE001 - whatever a client sent, it costs no process
        return Failed(Failure.CRASHED, type(error).__name__)


def _shut_in() -> None:
    """From here on: no more files, processes or core dumps."""
    os.environ.clear()
    limits = {
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _have(seconds: int) -> None:
    """So much processor time is left; then the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _read(end: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; empty where the line was closed."""
    data = bytearray()
    while len(data) < size:
        with contextlib.suppress(InterruptedError):
            piece = end.recv(size - len(data))
            if not piece:
                return b""
            data += piece
    return bytes(data)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
