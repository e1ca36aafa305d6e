"""The process of one package's plug-ins: many questions at once, until nobody is left to ask.

Plain methods are called in a few threads, ``async`` ones in the event loop. Each question is
answered, whatever becomes of it, unless the process is ended: the gateway ends it when it says that
a thread is stuck, and when it says nothing.
"""

import asyncio
import contextlib
import ctypes
import inspect
import json
import os
import resource
import signal
import socket
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ostiary.plugins.answers import call_of, checked
from ostiary.plugins.call import Kind
from ostiary.plugins.installed import entry_points, load
from ostiary.plugins.interface import Plugin
from ostiary.plugins.wire import identity_of, request_of, told_answer
from ostiary.scripts.protocol import HEAD, READY, framed, length_of

THREADS: Final = 8
TOGETHER: Final = 64
"""Questions at once."""
ALTOGETHER: Final = 1.6
"""Seconds for a question, its wait for a thread included."""
MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of addresses."""
_LONGEST_TRACE: Final = 4000
_PR_SET_PDEATHSIG: Final = 1


class _Stuck(Exception):
    """A thread that doesn't come back."""


class Worker:
    """Answers for the plug-ins of a package."""

    def __init__(self, package: str) -> None:
        """They are imported now: a fault of one is told when it is asked."""
        self._package = package
        self._plugins: dict[tuple[str, str, str], Plugin] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="plugin")
        self._free = asyncio.Semaphore(THREADS)
        self._entries = {
            (kind.value, entry.name): (entry, kind) for _, kind, entry in entry_points(package)
        }
        for entry, kind in self._entries.values():
            with contextlib.suppress(Exception):
                load(entry, kind)

    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The message that answers this one."""
        number = asked.get("number")
        try:
            plugin = self._plugin(asked["call"])
            async with asyncio.timeout(ALTOGETHER):
                said = await self._ask(plugin, asked)
            return {"number": number, "answer": told_answer(checked(plugin, said))}
        except _Stuck:
            return {"number": number, "late": True, "stuck": True}
        except TimeoutError:
            return {"number": number, "late": True}
        except (Exception, SystemExit, KeyboardInterrupt):  # noqa: BLE001 - third parties' code
            return {"number": number, "trace": traceback.format_exc()[-_LONGEST_TRACE:]}

    def _plugin(self, call: dict[str, Any]) -> Plugin:
        key = (call["kind"], call["name"], call["parameters"])
        if key not in self._plugins:
            entry, kind = self._entries[call["kind"], call["name"]]
            made = load(entry, Kind(kind)).model_validate(json.loads(call["parameters"]))
            self._plugins[key] = made
        return self._plugins[key]

    async def _ask(self, plugin: Plugin, asked: dict[str, Any]) -> Any:
        shown = plugin, request_of(asked["request"]), identity_of(asked["identity"])
        method = getattr(plugin, "holds", None) or getattr(plugin, "decide", None)
        if inspect.iscoroutinefunction(method):
            async with asyncio.timeout(plugin.time_limit):
                return await call_of(*shown)
        await self._free.acquire()
        thread = asyncio.get_running_loop().run_in_executor(self._threads, call_of, *shown)
        thread.add_done_callback(lambda _: self._free.release())
        done, _ = await asyncio.wait((thread,), timeout=plugin.time_limit)
        if not done:
            raise _Stuck
        said = thread.result()
        if inspect.isawaitable(said):
            async with asyncio.timeout(plugin.time_limit):
                return await said
        return said


async def serve(line: int, package: str) -> None:
    """Answer what comes from the socket with this number until it is closed."""
    worker = Worker(package)
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=line))
    writer.write(READY)
    together = asyncio.Semaphore(TOGETHER)
    tasks: set[asyncio.Task[None]] = set()

    async def one(asked: dict[str, Any]) -> None:
        try:
            writer.write(framed(await worker.answer(asked)))
        finally:
            together.release()

    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            length = length_of(await reader.readexactly(HEAD))
            asked = json.loads(await reader.readexactly(length))
            await together.acquire()
            task = asyncio.create_task(one(asked))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    os._exit(0)  # whatever its threads are at: nobody is left to ask


def limited(gateway: int) -> None:
    """From here on: no more memory than allowed, no core dumps, and no life without the gateway."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the gateway says when it ends
    for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != gateway:
        os._exit(0)


def main(line: int, gateway: int, package: str) -> None:
    """Become the process of this package."""
    limited(gateway)
    asyncio.run(serve(line, package))
