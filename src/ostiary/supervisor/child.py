"""One HAProxy master of ours: spawned on a leash, known by its handle, never by a name."""

import asyncio
import io
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from ostiary.supervisor import leash
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.check import Finding, Level, read_findings
from ostiary.supervisor.reports import EngineMisplaced

# sun_path holds 107 bytes (unix(7)) and HAProxy first binds "<path>.<pid>.tmp".
_SOCKET_PATH_LIMIT = 90
_WORDS_READ = 64 * 1024
_WORDS_KEPT = 1024 * 1024
_TERM_SECONDS = 2.0
_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "67108864", "MALLOC_TOP_PAD_": "1048576"}
"""For glibc (mallopt(3)), bytes. By default it gives memory back to the kernel from 128 KiB on,
which three of our buffers are: HAProxy would ask for them again with the next requests, page by
page. What the operator's environment says comes first."""
MASTER_SOCKET = "master.sock"
"""Name of the master's socket in the run folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSetup:
    """How to run the engine. The run folder is ours alone, and private."""

    binary: EngineBinary
    run_folder: Path
    stdout: int
    """An open descriptor for HAProxy's stdout, where ``log stdout format raw`` writes."""
    start_seconds: float = 30.0
    """Bound on a start or a reload. Loading must be quicker; it was checked just before."""
    drain_seconds: float = 30.0
    """How long requests in flight may take when the engine is stopped."""

    @property
    def cfg(self) -> Path:
        """The path the master knows for life: a link to the wanted revision's haproxy.cfg."""
        return self.run_folder / "haproxy.cfg"

    @property
    def master_socket(self) -> Path:
        """Where the master listens; mode 600."""
        return self.run_folder / MASTER_SOCKET

    @property
    def stderr(self) -> Path:
        """HAProxy's stderr. A file, since a pipe nobody reads for a while would block HAProxy."""
        return self.run_folder / "engine.err"


class Child:
    """A running, or ended, HAProxy master."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path) -> None:
        self._process = process
        self._stderr = stderr

    @classmethod
    async def spawn(cls, setup: EngineSetup) -> "Child":
        """Start HAProxy in master-worker mode. Call it from the main thread's loop: the leash is
        tied to the thread that spawns (PR_SET_PDEATHSIG in prctl(2)).

        Raises EngineMisplaced.
        """
        if len(os.fsencode(setup.master_socket)) > _SOCKET_PATH_LIMIT:
            raise EngineMisplaced(
                f"{str(setup.master_socket)!r} is too long for a socket "
                f"(choose a run folder so that it has at most {_SOCKET_PATH_LIMIT} bytes)"
            )
        engine = (str(setup.binary.path), "-W", "-S", f"{setup.master_socket},mode,600")
        try:
            with _appending(setup.stderr) as stderr:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid())),
                    *(*engine, "-f", str(setup.cfg)),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=setup.stdout,
                    stderr=stderr,
                    env={**_MEMORY, **os.environ, **setup.binary.environment},
                    start_new_session=True,  # a Ctrl-C at the terminal is ours to handle
                )
        except OSError as exc:
            raise EngineMisplaced(f"the engine can't be started: {exc}") from exc
        return cls(process, setup.stderr)

    @property
    def pid(self) -> int:
        """The master's pid."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """The master is no more, and was waited for."""
        return self._process.returncode is not None

    @property
    def code(self) -> int:
        """The exit code as the shell counts it, of a child that has ended."""
        code = self._process.returncode or 0
        return code if code >= 0 else 128 - code

    async def wait(self) -> None:
        """Wait for the end."""
        await self._process.wait()

    def reload(self) -> None:
        """Have the master load the configuration anew (management guide, section 4: SIGUSR2)."""
        self._signal(signal.SIGUSR2)

    def mark(self) -> int:
        """A place in what HAProxy has said so far, for ``words``."""
        try:
            size = self._stderr.stat().st_size
            if size > _WORDS_KEPT:
                os.truncate(self._stderr, 0)  # opened for appending, so HAProxy goes on at 0
                return 0
        except OSError:
            return 0
        return size

    def words(self, since: int = 0) -> tuple[Finding, ...]:
        """The latest alerts since the mark; the warnings if there is no alert."""
        try:
            with self._stderr.open("rb") as said:
                size = said.seek(0, os.SEEK_END)
                said.seek(max(since, size - _WORDS_READ))
                text = said.read(_WORDS_READ).decode(errors="replace")
        except OSError as exc:
            why = f"what HAProxy said can't be read: {exc.strerror}"
            return (Finding(level=Level.ALERT, file=None, line=None, message=why),)
        findings = read_findings(text)
        return tuple(each for each in findings if each.level is Level.ALERT) or findings

    async def drain(self, seconds: float) -> None:
        """Let requests in flight end, for at most ``seconds``; then end the master anyway."""
        self._signal(signal.SIGUSR1)
        if not await self._ends_within(seconds):
            await self.end()

    def hurry(self) -> None:
        """Tell the master to end now, whatever is in flight; ``wait`` tells when it has."""
        self._signal(signal.SIGTERM)

    async def end(self) -> None:
        """End the master now, and with it its workers; politely first, for unfinished writes."""
        self._signal(signal.SIGTERM)
        if not await self._ends_within(_TERM_SECONDS):
            self._signal(signal.SIGKILL)
            await self._process.wait()

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def _signal(self, number: int) -> None:
        if not self.ended:
            try:
                self._process.send_signal(number)
            except ProcessLookupError:
                return  # it ended just now; wait() tells


def _appending(path: Path) -> io.FileIO:
    """A fresh file opened with O_APPEND, so that it may be cut short while HAProxy writes."""
    path.unlink(missing_ok=True)
    return io.FileIO(path, "a")
