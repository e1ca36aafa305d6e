"""OCSP in a gateway that runs: answers kept over restarts, asked for again before they end, and
verdicts taken back when there is other word.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.services.ocsp_state import OcspState
from ostiary.store.checked_file import CheckedFile, Damaged, Kept, NeverSaved
from ostiary.store.files import FileTrouble
from ostiary.trust.status_lines import encode_lines
from ostiary.trust.statuses import MOST_BYTES, Statuses
from ostiary.wiring.inquiring import Exchange, Inquiring
from ostiary.x509.ocsp_answer import Condition
from ostiary.x509.ocsp_question import Subject

_LOOK_SECONDS = 1.0
_SAVED_EVERY = timedelta(seconds=60)
"""What is lost by a sudden end is asked for again; but who was revoked is on the disk at once."""
_IN_USE = timedelta(hours=2)
"""A client that comes again and again is asked about each hour, as long as a verdict holds."""

Reconsider = Callable[[tuple[Subject, ...]], Awaitable[bool]]
"""Has remembered verdicts about these taken back; False: that must be tried again."""


class Consulting:
    """The answers at hand, and who keeps them fresh. One event loop uses it."""

    def __init__(
        self, path: Path, exchange: Exchange, now: Callable[[], datetime], reconsider: Reconsider
    ) -> None:
        """``path``: where the answers are kept; they are read now."""
        self._log = structlog.get_logger("ostiary.ocsp")
        self._file = _file(path)
        self._now = now
        self._reconsider = reconsider
        self.statuses = Statuses()
        self.inquiring = Inquiring(self.statuses, exchange, now, secrets.token_bytes, self._note)
        self._news: list[Subject] = []
        self._awake = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._saved_version, self._saved_at = 0, now()
        self._load()

    def copy(self) -> Statuses:
        """The answers at hand, for somebody else; from any thread."""
        return _statuses_of(encode_lines(self.statuses.lines()))

    def state(self) -> OcspState:
        """How it is, for people; from any thread."""
        found = tuple(self.statuses.ends())
        counts = Counter(condition for condition, _ in found)
        ends = (until for condition, until in found if condition is Condition.GOOD)
        return OcspState(
            good=counts[Condition.GOOD],
            revoked=counts[Condition.REVOKED],
            unknown=counts[Condition.UNKNOWN],
            ends=min(ends, default=None),
            responders=self.inquiring.responders(),
        )

    def begin(self) -> None:
        """Keep the answers fresh from now on; verdicts can be taken back."""
        self._tasks = (
            asyncio.create_task(self._take_back(), name="ocsp-news"),
            asyncio.create_task(self._look_after(), name="ocsp-fresh"),
        )

    async def end(self) -> None:
        """Ask nobody any more, and save what is at hand."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.inquiring.end()
        await self._save()

    def _note(self, subject: Subject) -> None:
        self._news.append(subject)
        self._awake.set()

    async def _take_back(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            news, self._news = self._news, []
            try:
                if not await self._reconsider(tuple(news)):
                    self._news += news
                await self._save()
            except Exception as error:  # noqa: BLE001 - our own bug must not end the listening
                # Somebody revoked may still pass: it is tried again.
                self._news += news
                self._log.exception("ocsp-not-acted-on", error=repr(error))

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                now = self._now()
                if self._news:
                    self._awake.set()
                for key in self.statuses.due(now, now - _IN_USE):
                    question = self.statuses.question(key)
                    if question is not None:
                        self.inquiring.ask(question)
                        await asyncio.sleep(0)
                if now - self._saved_at >= _SAVED_EVERY:
                    await self._save()
            except Exception as error:  # noqa: BLE001 - as above
                self._log.exception("ocsp-not-looked-after", error=repr(error))

    def _load(self) -> None:
        match self._file.load():
            case Kept(content):
                bad = self.statuses.load(content)
                if bad:
                    self._log.warning("ocsp-answers-damaged", lines=bad)
            case Damaged(why=why, aside=aside):
                self._log.warning("ocsp-answers-damaged", detail=why, aside=str(aside))
            case NeverSaved():
                pass

    async def _save(self) -> None:
        """A full disk is told, not fatal: the answers at hand go on to count."""
        version = self.statuses.version
        self._saved_at = self._now()
        if version == self._saved_version:
            return
        try:
            lines = self.statuses.lines()
            await asyncio.to_thread(lambda: self._file.save(encode_lines(lines)))
        except (FileTrouble, OstiaryError) as error:
            self._log.warning("ocsp-answers-not-saved", error=str(error))
            return
        self._saved_version = version


def answers_in(path: Path) -> Statuses:
    """The answers that a gateway has saved there; none where they can't be read."""
    found = _file(path).peek()
    return _statuses_of(found.content if isinstance(found, Kept) else b"")


def _statuses_of(lines: bytes) -> Statuses:
    found = Statuses()
    found.load(lines)
    return found


def _file(path: Path) -> CheckedFile:
    return CheckedFile(path=path, kind="ostiary-ocsp 1", most_bytes=4 * MOST_BYTES)
