"""What plug-ins print, in the gateway's log: read all, told a part."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

_LONGEST_LINE: Final = 1000
_MOST_LINES: Final = 100
"""Told in each period."""
_PERIOD: Final = 10.0
"""Seconds."""
_PIECE: Final = 65_536


class Output:
    """Cuts a stream into lines, and leaves out what is too much."""

    def __init__(self, package: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._told = 0
        self._left_out = 0
        self._rest = b""
        self._log = structlog.get_logger("ostiary.plugins").bind(package=package)

    async def drain(self, process: asyncio.subprocess.Process) -> None:
        """Read until the process has closed it: one that prints never waits for the log."""
        if process.stdout is None:
            return
        while piece := await process.stdout.read(_PIECE):
            self.take(piece)
        self.end()

    def take(self, piece: bytes) -> None:
        """Tell the lines that are whole, and those that are too long."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._rest) > _LONGEST_LINE:
            self._tell(self._rest)
            self._rest = b""

    def end(self) -> None:
        """Tell what is left."""
        if self._rest:
            self._tell(self._rest)
            self._rest = b""
        self._own_up()

    def _tell(self, line: bytes) -> None:
        if self._clock() - self._begun > _PERIOD:
            self._own_up()
            self._begun, self._told = self._clock(), 0
        if not line.strip():
            return
        if self._told >= _MOST_LINES:
            self._left_out += 1
            return
        self._told += 1
        self._log.info("plugin-says", text=line[:_LONGEST_LINE].decode(errors="replace"))

    def _own_up(self) -> None:
        if self._left_out:
            self._log.warning("plugin-says-too-much", lines=self._left_out)
            self._left_out = 0
