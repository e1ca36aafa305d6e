"""Revocation lists of other hosts: fetched in the background, kept on disk, put in force."""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from ostiary.config.model.document import Document
from ostiary.config.revocation_checks import follows_points, list_urls
from ostiary.kernel.errors import OstiaryError
from ostiary.services.fetching import NotFetched
from ostiary.services.list_sources import (
    Fetched,
    NotTaken,
    SourceState,
    nearest_end,
    next_look,
    next_try,
)
from ostiary.services.lists import ListFile, ListReading
from ostiary.services.prepare import Prepared
from ostiary.trust.decision import Missing
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring import world
from ostiary.wiring.list_asking import ListAsker, Source
from ostiary.wiring.list_believing import every_of, first_allowed, rules_of
from ostiary.wiring.list_shelf import ListShelf
from ostiary.wiring.lists import read_lists
from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import NotACrl

MOST_FOUND = 256
"""Distribution points that are followed at the same time."""
_MOST_REMEMBERED = 4096
_AT_ONCE = 4
_ANSWER_SECONDS = 30.0
_TICK_SECONDS = 1.0
_UNWANTED = timedelta(days=1)


class Follower(Protocol):
    """The gateway that serves (``wiring.applying``)."""

    @property
    def prepared(self) -> Prepared:
        """What is in force."""

    def intermediates(self) -> Intermediates:
        """A copy of those it remembers."""

    async def refresh(self, fetched: Fetched) -> None:
        """Put other lists in force."""


class ListSources:
    """All sources of one gateway. Of one event loop, but for ``load`` and ``states``."""

    def __init__(self, shelf: ListShelf) -> None:
        """``shelf`` keeps contents over restarts."""
        self._shelf = shelf
        self._sources: dict[str, Source] = {}
        self._follower: Follower | None = None
        self._prepared: Prepared | None = None
        self._asker = ListAsker(shelf)
        self._publishing = asyncio.Lock()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._wake = asyncio.Event()
        self._pending = False
        self._full = False
        self._told = ""
        self._asked: dict[tuple[str, ...], str] = {}
        self._log = structlog.get_logger("ostiary.revocation")

    def load(self, document: Document) -> Fetched:
        """What was kept of the lists that this document asks for. Before the gateway serves."""
        urls, follows = list_urls(document), follows_points(document)
        now = world.now()
        for copy in self._shelf.sources():
            if not (follows if copy.found else copy.source in urls):
                continue
            held = self._shelf.held(copy)
            self._sources[copy.source] = Source(
                copy.source,
                copy.found,
                now,
                held,
                tag=copy.tag if held.copies else "",
                modified=copy.modified if held.copies else "",
                confirmed=datetime.fromtimestamp(copy.confirmed, UTC) if copy.confirmed else None,
                wanted=now,
            )
        return self.fetched

    def reading(self, before: Mapping[str, ListFile]) -> ListReading:
        """How files of lists are read; ``before``: what was read last time."""
        return ListReading(read_lists, before, self._shelf.recall)

    @property
    def fetched(self) -> Fetched:
        """All lists as they are now."""
        every = [(one.url, one.found, one.held.every) for one in self._sources.values()]
        return Fetched(
            by_url={url: lists for url, found, lists in every if lists and not found},
            found=tuple((url, lists) for url, found, lists in every if lists and found),
        )

    def states(self) -> tuple[SourceState, ...]:
        """Every source; from any thread."""
        return tuple(one.state() for one in tuple(self._sources.values()))

    def want(self, missing: Missing) -> None:
        """Certificates on a verified path point to these lists, and a decision lacks them."""
        prepared = self._prepared
        if prepared is None or not follows_points(prepared.document):
            return
        for addresses in missing:
            url = self._asked.get(addresses)
            if url is None:
                url = self._choose(addresses, prepared.document)
            if url:
                self._follow_point(url)

    async def fetch_now(self, source: str | None = None) -> None:
        """Ask a source, or all of them, at once; returns when what came of it acts, and after
        some time in any case."""
        prepared = self._sync()
        chosen = [one for one in self._sources.values() if source in (None, one.url)]
        tasks = [self._start(one, prepared) for one in chosen] if prepared else []
        if tasks:
            await asyncio.wait(tasks, timeout=_ANSWER_SECONDS)
        await self._publish()

    async def run(self, follower: Follower) -> None:
        """Look after all sources until cancelled."""
        self._follower = follower
        try:
            while True:
                try:
                    self._look_at_due_ones(self._sync())
                    await self._publish()
                    await self._shelve()
                except Exception as error:  # noqa: BLE001 - our own bug must not end what serves
                    self._log.exception("lists-not-looked-after", error=repr(error))
                await self._pause()
        finally:
            tasks = [one.task for one in self._sources.values() if one.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.shield(self._shelve())

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK_SECONDS):
                await self._wake.wait()
        self._wake.clear()

    def _look_at_due_ones(self, prepared: Prepared | None) -> None:
        if prepared is None:
            return
        now, every = world.now(), every_of(prepared.document)
        for source in tuple(self._sources.values()):
            # Beyond ``every`` it is only if that was changed, or the clock.
            if source.task is None and not now < source.due <= now + every:
                self._start(source, prepared)

    def _sync(self) -> Prepared | None:
        """Follow the configuration in force."""
        if self._follower is None or self._follower.prepared is self._prepared:
            return self._prepared
        before, prepared = self._prepared, self._follower.prepared
        self._prepared = prepared
        document, now = prepared.document, world.now()
        if before is None or before.document is not document:
            self._asked.clear()
        urls, follows = list_urls(document), follows_points(document)
        rules = rules_of(document)
        for source in tuple(self._sources.values()):
            stays = source.url in urls
            if not stays and follows and source.found:
                stays = isinstance(first_allowed((source.url,), rules), str)
            if not stays:
                self._drop(source)
        for url in urls:
            known = self._sources.setdefault(url, Source(url, False, now))
            known.found = False
        return prepared

    def _drop(self, source: Source) -> None:
        del self._sources[source.url]
        if source.task is not None:
            source.task.cancel()
        self._pending = self._pending or bool(source.held.copies)

    def _choose(self, addresses: tuple[str, ...], document: Document) -> str:
        """The address of a list to ask; empty where none may be."""
        chosen = first_allowed(addresses, rules_of(document))
        if len(self._asked) >= _MOST_REMEMBERED:
            self._asked.clear()
        if isinstance(chosen, NotFetched):
            self._log.warning("list-not-followed", urls=addresses, error=str(chosen))
            chosen = ""
        self._asked[addresses] = chosen
        return chosen

    def _follow_point(self, url: str) -> None:
        now, known = world.now(), self._sources.get(url)
        if known is not None:
            known.wanted = now
        elif self._has_room(now):
            self._sources[url] = Source(url, True, now, wanted=now)
            self._full = False
            self._wake.set()
        else:
            if not self._full:
                full = f"{MOST_FOUND} distribution points are followed already"
                self._log.warning("list-not-followed", urls=(url,), error=full)
            self._full = True

    def _has_room(self, now: datetime) -> bool:
        found = [one for one in self._sources.values() if one.found]
        for one in found:
            unwanted = one.wanted is None or now - one.wanted > _UNWANTED
            if not one.held.copies and one.failures and (unwanted or len(found) >= MOST_FOUND):
                self._drop(one)
        return sum(one.found for one in self._sources.values()) < MOST_FOUND

    def _start(self, source: Source, prepared: Prepared) -> asyncio.Task[None]:
        if source.task is None:
            work = self._look(source, prepared)
            source.task = asyncio.create_task(work, name=f"list {source.url}")
        return source.task

    async def _look(self, source: Source, prepared: Prepared) -> None:
        every = every_of(prepared.document)
        try:
            async with self._gate:
                source.asked = world.now()
                news = await self._asker.ask(source, prepared, self._known)
            self._pending |= news
            ends = nearest_end(source.held.newest)
            now = world.now()
            if ends is not None and ends <= now:
                raise NotTaken(f"the list that is there ended at {ends:%Y-%m-%d %H:%M} UTC")
            source.failures, source.error = 0, ""
            source.due = next_look(now, ends, every, random.random())  # noqa: S311 - no secret
        except (NotFetched, NotACrl, NotTaken) as error:
            self._failed(source, str(error), every)
        except Exception as error:  # noqa: BLE001 - our own bug must not end the fetching
            self._log.exception("list-not-fetched", url=source.url, error=repr(error))
            self._failed(source, f"internal error: {error!r}", every)
        finally:
            source.task = None
            self._wake.set()

    def _failed(self, source: Source, error: str, every: timedelta) -> None:
        source.failures += 1
        source.due = next_try(world.now(), source.failures, every, random.random())  # noqa: S311 - no secret
        if error != source.error:
            until = nearest_end(source.held.newest)
            kept = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "none"
            self._log.warning("list-not-fetched", url=source.url, error=error, kept=kept)
        source.error = error

    def _known(self) -> tuple[Certificate, ...]:
        return self._follower.intermediates().certificates if self._follower else ()

    async def _publish(self) -> None:
        """Put what has changed in force; tried again a moment later if that fails."""
        async with self._publishing:
            if not self._pending or self._follower is None:
                return
            self._pending = False
            try:
                await self._follower.refresh(self.fetched)
                self._log.info("lists-in-force")
                self._told = ""
            except OstiaryError as error:
                self._pending = True
                if str(error) != self._told:
                    self._log.error("lists-not-in-force", error=str(error))
                self._told = str(error)

    async def _shelve(self) -> None:
        if self._prepared is None:
            return
        sources = [one.copy() for one in self._sources.values()]
        files = self._prepared.gathered.lists.files
        await asyncio.to_thread(self._shelf.keep, sources, files)
