"""The gateway's part of the public listener: its port, and a process that serves it."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import structlog

from ostiary.admin.sockets import bind_tcp
from ostiary.config.model.pki import Pki
from ostiary.supervisor import leash
from ostiary.wiring.logs import logs_are_human
from ostiary.wiring.publishing.counting import Counting

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_ENDING_SECONDS = 6.0


class Publishing:
    """Of one run. Without ``pki`` in the configuration it does nothing."""

    def __init__(self, pki: Pki | None, state: Path) -> None:
        """Raises AdminPortTaken."""
        self._log = structlog.get_logger("ostiary.pki")
        self._folder = state / "ca"
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.counting = Counting()
        if pki is not None:
            self._socket = bind_tcp(pki.host, pki.port, "pki")

    def start(self) -> None:
        """Serve from now on, again and again whatever ends it."""
        if self._socket is not None:
            self._keeping = asyncio.create_task(self._keep(self._socket))

    async def stop(self) -> None:
        """Answers under way come to their end. A second call does nothing."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        if self._process is not None:
            await self._end(self._process)
            self._process = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _keep(self, sock: socket.socket) -> None:
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                self._process = await self._spawn(sock)
                await self._hear(self._process)
                code = await self._process.wait()
                self._log.error("pki-ended", code=code)
            except OSError as error:
                self._log.error("pki-not-started", error=str(error))
            pause = _FIRST_PAUSE if loop.time() - begun > _LONGEST_PAUSE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        """Until it ends."""
        if process.stdout is None:
            raise RuntimeError("it was started with a pipe")
        try:
            async for line in process.stdout:
                self.counting.hear(line)
        finally:
            self.counting.ended()

    async def _spawn(self, sock: socket.socket) -> asyncio.subprocess.Process:
        """On a leash: when the gateway dies, so does it."""
        logs = "console" if logs_are_human() else "json"
        module = ("-P", "-m", "ostiary.wiring.publishing.serving")
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid())),
            *(sys.executable, *module, str(sock.fileno()), str(self._folder), logs),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(sock.fileno(),),
            start_new_session=True,  # a Ctrl-C at the terminal is the gateway's to handle
        )

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
