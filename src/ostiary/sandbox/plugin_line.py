"""The line to a process of plug-ins: how it is begun, asked and ended."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from ostiary.sandbox.output import Output
from ostiary.scripts.protocol import HEAD, READY, Garbled, framed, length_of

_BEGIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[4]); "
    "from ostiary.sandbox.plugin_worker import main; "
    "main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])"
)
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TZDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Of the environment: the rest may hold secrets that the configuration refers to."""
_LONGEST_START: Final = 30.0


class Line:
    """A process that can be asked: answers come in any order, by number."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        output: "asyncio.Task[None]",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer
        self._output = output
        self._clock = clock
        self._asked = self._told = 0
        self._heard = clock()
        self._open: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening = asyncio.create_task(self._listen())

    @property
    def gone(self) -> bool:
        """Whether nobody answers any more."""
        return self._listening.done() or self.process.returncode is not None

    @property
    def silent(self) -> float:
        """For how many seconds it has answered nothing, though it was asked."""
        return self._clock() - self._heard if self._asked > self._told else 0.0

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """What it says. Raises OSError, EOFError, Garbled where it has gone."""
        if self.gone:
            raise EOFError
        if self._asked == self._told:
            self._heard = self._clock()
        self._asked += 1
        number = self._asked
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(framed({**message, "number": number}))
            await self._writer.drain()
            told: dict[str, Any] = await answer
            return told
        finally:
            del self._open[number]

    async def end(self) -> None:
        """Kill it; once or more."""
        self._listening.cancel()
        self._writer.close()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # and what it may have begun
        await self.process.wait()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        # Children that it left hold the pipe open: what they still say is nobody's business.
        await asyncio.wait((self._output,), timeout=0.2)
        self._output.cancel()

    async def _listen(self) -> None:
        try:
            while True:
                length = length_of(await self._reader.readexactly(HEAD))
                told = json.loads(await self._reader.readexactly(length))
                self._told, self._heard = self._told + 1, self._clock()
                number = told.get("number") if isinstance(told, dict) else None
                waiting = self._open.get(number) if isinstance(number, int) else None
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
        except (OSError, EOFError, Garbled, ValueError, RecursionError):
            pass  # whatever it was: it can't be asked any more
        finally:
            for waiting in self._open.values():
                if not waiting.done():
                    waiting.set_exception(EOFError())


async def begin(package: str) -> Line:
    """A process that has imported the package, and can be asked. Raises OSError, EOFError,
    TimeoutError."""
    ours, its = socket.socketpair()
    with its:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-IBuc",
                _BEGIN,
                str(its.fileno()),
                str(os.getpid()),
                package,
                json.dumps(sys.path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(its.fileno(),),
                env=environment(),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
    output = asyncio.create_task(Output(package).drain(process))
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    line = None
    try:
        async with asyncio.timeout(_LONGEST_START):
            await reader.readexactly(len(READY))
        line = Line(process, reader, writer, output)
        return line
    finally:
        if line is None:
            await Line(process, reader, writer, output).end()


def environment() -> dict[str, str]:
    """What plug-ins see of the gateway's environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "MALLOC_ARENA_MAX": "2"}
