"""Talking to the engine: a bounded client of HAProxy's master socket.

Two traps, both measured on 2.6.12 and 2.8.25, shape it. A prefix (``@!PID command``) holds for one
command only: in ``@!7 a; b`` the master runs b; hence ``@!7; a; b``. And 2.8 does not answer at all
when the worker is gone; hence every question is timed, and a silence is looked into.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ostiary.kernel.errors import OstiaryError

# HAProxy reads a command into one buffer (tune.bufsize, 16 KiB by default).
COMMAND_LIMIT = 8 * 1024
REPLY_LIMIT = 64 * 1024 * 1024
_ROW = re.compile(
    r"^([0-9]+)\s+(master|worker)\s+([0-9]+)(?: \[failed: ([0-9]+)\])?\s+\S+\s+(\S+)\s*$"
)
_REFUSED = re.compile(r"^(Unknown command|Permission denied)[^\n]*", re.MULTILINE)
_GONE = "Can't find the target PID"


class RuntimeTrouble(OstiaryError):
    """The engine could not be asked; whatever was asked is not known to have been done."""


class EngineUnreachable(RuntimeTrouble):
    """Nobody listens on the master socket, or the talk broke off."""


class EngineSilent(RuntimeTrouble):
    """No whole answer came in time."""


class ReplyTooLong(RuntimeTrouble):
    """The answer passed the limit."""


class ReplyMalformed(RuntimeTrouble):
    """The answer is not in the form the HAProxy manual gives."""


class WorkerGone(RuntimeTrouble):
    """The worker asked is not there any more."""


class CommandRefused(RuntimeTrouble):
    """HAProxy does not know the command, or does not allow it."""


class CommandUnsafe(OstiaryError):
    """The command would be read as something else: a line end, NUL or ``;`` in it, or too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """The master process; ``failed`` counts reloads that failed since the last that worked."""

    pid: int
    reloads: int
    failed: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker; ``reloads`` counts the reloads tried since it started, ``draining`` if retired."""

    pid: int
    reloads: int
    draining: bool
    version: str


@dataclass(frozen=True, slots=True)
class Processes:
    """What ``show proc`` lists."""

    master: Master
    workers: tuple[Worker, ...]


@dataclass(frozen=True, slots=True)
class MasterSocket:
    """The master socket at ``path``; each question may take ``seconds``."""

    path: Path
    seconds: float = 5.0
    reply_limit: int = REPLY_LIMIT

    async def processes(self) -> Processes:
        """Master and workers, living ones only. Raises RuntimeTrouble."""
        return read_processes(await self._ask("show proc"))

    async def on_worker(self, pid: int, *commands: str) -> str:
        """Run the commands in turn on one worker; their answers, each ended by an empty line.

        Raises WorkerGone, CommandRefused or another RuntimeTrouble; CommandUnsafe.
        """
        return await self._to_worker(pid, f"@!{pid}; " + "; ".join(map(_safe, commands)))

    async def _to_worker(self, pid: int, line: str) -> str:
        try:
            reply = await self._ask(line)
        except EngineSilent as exc:
            if pid not in {worker.pid for worker in (await self.processes()).workers}:
                raise WorkerGone(f"worker {pid} is gone") from exc
            raise
        if reply.startswith(_GONE):
            raise WorkerGone(f"worker {pid} is gone")
        refused = _REFUSED.search(reply)
        if refused is not None:
            raise CommandRefused(f"worker {pid}: {refused[0]}")
        return reply

    async def add_to_map(self, pid: int, file: str, entries: Mapping[str, str]) -> None:
        """Add entries to a worker's map; keys that it holds already are not looked for.

        All of them together must fit into the engine's buffers (``tune.bufsize``). Raises
        WorkerGone, CommandRefused or another RuntimeTrouble; CommandUnsafe.
        """
        rows = "".join(_row(key, value) for key, value in entries.items())
        reply = await self._to_worker(pid, f"@!{pid} add map {_argument(file)} <<\n{rows}")
        if reply.strip():
            raise CommandRefused(f"worker {pid}: {reply.strip()[:200]}")

    async def clear_map(self, pid: int, file: str) -> None:
        """Empty a worker's map; raises as ``on_worker`` does."""
        await self._to_worker(pid, f"@!{pid} clear map {_argument(file)}")

    async def on_every_worker(self, *commands: str) -> Mapping[int, str]:
        """Run the commands on the current and on every draining worker; pid to answers.

        A worker that ends meanwhile is left out: it serves nobody. Any other RuntimeTrouble with
        one worker is raised after all have been asked.
        """
        workers = (await self.processes()).workers
        asked = (self.on_worker(worker.pid, *commands) for worker in workers)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        replies: dict[int, str] = {}
        for worker, outcome in zip(workers, outcomes, strict=True):
            if isinstance(outcome, WorkerGone):
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            replies[worker.pid] = outcome
        return MappingProxyType(replies)

    async def variable(self, pid: int, name: str) -> str | None:
        """A worker's environment variable; None if it says it has none. Raises RuntimeTrouble."""
        reply = (await self.on_worker(pid, f"show env {name}")).strip()
        if reply == "Variable not found":
            return None
        found, equals, value = reply.partition("=")
        if found != name or not equals:
            raise ReplyMalformed(f"'show env {name}' was answered {reply[:80]!r}")
        return value

    async def _ask(self, line: str) -> str:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._exchange(line)
        except TimeoutError as exc:
            raise EngineSilent(f"no answer in {self.seconds:g} seconds") from exc
        except OSError as exc:
            raise EngineUnreachable(f"{str(self.path)!r}: {exc.strerror or exc}") from exc

    async def _exchange(self, line: str) -> str:
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            writer.write(line.encode() + b"\n")
            writer.write_eof()
            reply = bytearray()
            while chunk := await reader.read(64 * 1024):
                reply += chunk
                if len(reply) > self.reply_limit:
                    raise ReplyTooLong(f"the answer is longer than {self.reply_limit} bytes")
        finally:
            writer.close()
        if not reply:
            # Even a command with nothing to say is answered by an empty line.
            raise EngineUnreachable("the engine closed the connection without an answer")
        return reply.decode(errors="replace")


def read_processes(text: str) -> Processes:
    """Read the table of ``show proc`` (management guide 9.4). Raises ReplyMalformed."""
    master: Master | None = None
    workers: list[Worker] = []
    draining = False
    for line in text.splitlines():
        draining = line == "# old workers" if line.startswith("# ") else draining
        row = _ROW.match(line)
        if row is None:
            continue
        pid, reloads, version = int(row[1]), int(row[3]), row[5]
        if row[2] == "worker":
            workers.append(Worker(pid=pid, reloads=reloads, draining=draining, version=version))
        elif row[4] is not None:
            master = Master(pid=pid, reloads=reloads, failed=int(row[4]), version=version)
    if master is None:
        raise ReplyMalformed(f"'show proc' was answered {text[:80]!r}")
    return Processes(master, tuple(workers))


def _row(key: str, value: str) -> str:
    """A line of a payload, which an empty line ends: nothing in it is read as a command."""
    if not key or re.search(r"\s", key) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        raise CommandUnsafe(f"{key[:80]!r} can't be an entry of a map")
    return f"{key} {value}\n"


def _argument(text: str) -> str:
    """One word of a command, whatever is in it (management guide 9.3)."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise CommandUnsafe(f"{text[:80]!r} is not one word")
    return re.sub(r"([\\ ;])", r"\\\1", text)


def _safe(command: str) -> str:
    if not command.strip() or re.search(r"[\x00-\x1f\x7f;]", command):
        raise CommandUnsafe(f"{command[:80]!r} is not one command")
    if len(command.encode()) > COMMAND_LIMIT:
        raise CommandUnsafe(f"a command of more than {COMMAND_LIMIT} bytes")
    return command
