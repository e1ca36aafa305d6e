"""The process that serves the public listener. It has the keys that answer OCSP, and no others.

    python -P -m ostiary.wiring.publishing.serving DESCRIPTOR FOLDER LOGS

DESCRIPTOR is of a socket that listens already, FOLDER the authority's, LOGS json or console. It is
a process of its own so that whoever asks much here delays no decision about a client.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
from asyncio import subprocess
from pathlib import Path
from typing import Any

import structlog
import uvloop

from ostiary.admin.listening import Listening
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.public import PublicFiles
from ostiary.pki.answering import Answering
from ostiary.pki.app import PublicApp, PublicProtocol
from ostiary.pki.catalog import Catalog
from ostiary.pki.complaints import Complaints
from ostiary.pki.due import anything_due, late_without_key
from ostiary.pki.index import Page
from ostiary.pki.shelves import Shelves
from ostiary.wiring import world
from ostiary.wiring.logs import set_up_logs
from ostiary.wiring.publishing.counting import Counts, line_of

LOOK_SECONDS = 0.5
_POLITE = 5
_RENEWAL_SECONDS = 300.0
_BUSY_SECONDS = 5.0
"""Until another try, where another command works with the authority."""
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0


class Serving:
    """One house, looked at and served until told to end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalog = Catalog(PublicFiles(folder))
        self._complaints = Complaints(world.now)
        self._log = structlog.get_logger("ostiary.pki")
        self._ending = asyncio.Event()
        self._fault = ""
        self._late: set[str] = set()
        self._pause = _FIRST_PAUSE
        self._not_before = 0.0
        self._told: Counts = {}
        self._renewal: asyncio.Task[None] | None = None

    async def serve(self, sock: socket.socket) -> None:
        """Until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        self._look()
        app = self._app()
        listening = Listening(app, name="pki", protocol=PublicProtocol)
        await listening.on_tcp(sock, None)
        gc.freeze()  # what is here now stays: no need to look through it again and again
        try:
            while not self._ending.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), LOOK_SECONDS)
                self._look()
                self._tell(app)
        finally:
            await listening.stop()
            if self._renewal is not None:
                self._renewal.cancel()
                await asyncio.gather(self._renewal, return_exceptions=True)
            self._catalog.close()

    def _app(self) -> PublicApp:
        return PublicApp(
            catalog=self._catalog,
            shelves=Shelves(self._catalog, world.now),
            answering=Answering(self._catalog, world.now, self._complaints),
            page=Page(self._catalog, world.now),
            clock=world.now,
            complaints=self._complaints,
        )

    def _look(self) -> None:
        try:
            self._catalog.look()
            due = anything_due(self._catalog, world.now())
            self._warn_of_late()
            self._fault = ""
        except OstiaryError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                self._log.error("authority-not-read", error=self._fault)
            return
        except Exception as error:  # noqa: BLE001 - our own bug must not end what serves
            self._complaints.tell("authority-not-read", error, ours=True)
            return
        resting = asyncio.get_running_loop().time() < self._not_before
        if due and not resting and (self._renewal is None or self._renewal.done()):
            self._renewal = asyncio.create_task(self._renew())

    def _tell(self, app: PublicApp) -> None:
        """How many answers, as a line for the gateway; if it doesn't read just now, the next line
        tells it all."""
        counts = app.counts()
        if counts == self._told:
            return
        # Less than PIPE_BUF, so it is written as a whole or not at all.
        with contextlib.suppress(OSError):
            os.write(1, line_of(counts))
            self._told = counts

    def _warn_of_late(self) -> None:
        late = {one.name: (one, end) for one, end in late_without_key(self._catalog, world.now())}
        for name in late.keys() - self._late:
            one, end = late[name]
            self._log.warning(
                "list-ends",
                authority=one.authority.name,
                until=end.isoformat(),
                detail="its key is not here: bring it back into 'keys', then: ostiary ca publish",
            )
        self._late = set(late)

    async def _renew(self) -> None:
        """In a process that has the keys for a moment; with growing pauses if it fails."""
        answer = await _renewal_of(self._folder)
        if answer["faults"]:
            busy = "inUse" in answer
            self._rest(_BUSY_SECONDS if busy else self._pause)
            if not busy:
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)
                self._log.warning(
                    "not-renewed", errors=answer["faults"], again="ostiary ca publish"
                )
        else:
            # Made or not: should it still be due, another try at once would do no better.
            self._rest(_BUSY_SECONDS)
            self._pause = _FIRST_PAUSE
        if answer.get("lists") or answer.get("responders"):
            self._log.info(
                "renewed", lists=answer.get("lists"), responders=answer.get("responders")
            )

    def _rest(self, seconds: float) -> None:
        self._not_before = asyncio.get_running_loop().time() + seconds


async def _renewal_of(folder: Path) -> dict[str, Any]:
    command = ("-P", "-m", "ostiary.wiring.publishing.renewing", str(folder))
    job = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_RENEWAL_SECONDS):
            said, _ = await job.communicate()
        found = json.loads(said)
    except (TimeoutError, ValueError):
        return {"faults": [f"the process that renews failed (exit code {job.returncode})"]}
    finally:
        if job.returncode is None:
            job.kill()
            await job.wait()
    return found if isinstance(found, dict) and "faults" in found else {"faults": ["no answer"]}


def _main(descriptor: int, folder: Path, logs: str) -> None:
    set_up_logs(human=logs == "console")
    # What strangers send that isn't HTTP is nothing to tell; faults of ours the application tells.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    os.nice(_POLITE)
    os.set_blocking(1, False)

    async def live() -> None:
        sock = socket.socket(fileno=descriptor)
        sock.setblocking(False)
        await Serving(folder).serve(sock)

    uvloop.run(live())


if __name__ == "__main__":
    _main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
