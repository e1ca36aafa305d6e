"""One question for a revocation list: asked by the rules, read, and held against what is there."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from ostiary.services.fetching import Request, Response
from ostiary.services.list_sources import Held, SourceState, nearest_end, take_in
from ostiary.services.lists import ListFile
from ostiary.services.prepare import Prepared
from ostiary.store.list_copies import SourceCopy
from ostiary.wiring import world
from ostiary.wiring.list_believing import believer, fetch_of, rules_for
from ostiary.wiring.list_shelf import ListShelf
from ostiary.wiring.lists import read_lists
from ostiary.x509.certificate import Certificate

if TYPE_CHECKING:
    from ostiary.wiring.fetching import Fetcher

_OK = 200

Known = Callable[[], tuple[Certificate, ...]]
"""Intermediates that were verified so far."""


@dataclass(slots=True)
class Source:
    """One URL, and what came of it."""

    url: str
    found: bool
    """A certificate named it, the configuration does not."""
    due: datetime
    """When it is asked next."""
    held: Held = field(default_factory=Held)
    tag: str = ""
    """ETag of the newest content, and ``modified`` its Last-Modified."""
    modified: str = ""
    confirmed: datetime | None = None
    """When it last said what its newest content is."""
    asked: datetime | None = None
    failures: int = 0
    """In a row."""
    error: str = ""
    wanted: datetime | None = None
    """When a decision last lacked it."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def copy(self) -> SourceCopy:
        """For the disk."""
        return SourceCopy(
            source=self.url,
            found=self.found,
            digests=self.held.digests,
            tag=self.tag,
            modified=self.modified,
            confirmed=self.confirmed.timestamp() if self.confirmed else 0.0,
        )

    def state(self) -> SourceState:
        """For people."""
        return SourceState(
            source=self.url,
            found=self.found,
            lists=self.held.every,
            confirmed=self.confirmed,
            asked=self.asked,
            next_try=self.due,
            error=self.error,
        )


class ListAsker:
    """Asks sources; reads one answer at a time. Of one event loop."""

    def __init__(self, shelf: ListShelf) -> None:
        """New contents are handed to ``shelf``."""
        self._shelf = shelf
        self._fetcher: Fetcher | None = None
        self._reading = asyncio.Lock()
        self._log = structlog.get_logger("ostiary.revocation")

    async def ask(self, source: Source, prepared: Prepared, known: Known) -> bool:
        """Ask for what is newer; True if there was. Raises NotFetched, NotACrl, NotTaken."""
        fetch = fetch_of(prepared.document)
        timeout = fetch.timeout or timedelta(seconds=60)
        asked = Request(
            url=source.url,
            headers=_conditions(source),
            most_bytes=fetch.max_bytes,
            seconds=timeout.total_seconds(),
        )
        if self._fetcher is None:
            self._fetcher = (await asyncio.to_thread(_import_fetcher))()
        rules = rules_for(source.url, prepared.document, found=source.found)
        answer = await self._fetcher.fetch(asked, rules)
        before = source.held
        if answer.status == _OK:
            await self._take(source, answer, prepared, known)
            source.tag = answer.headers.get("etag", "")
            source.modified = answer.headers.get("last-modified", "")
        source.confirmed = world.now()
        return source.held is not before

    async def _take(
        self, source: Source, answer: Response, prepared: Prepared, known: Known
    ) -> None:
        content = answer.content
        digest = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
        if digest in source.held.digests[:1]:
            return
        # One after the other: a long list takes half a gigabyte while it is read.
        async with self._reading:
            lists = await asyncio.to_thread(read_lists, content)

        def taken() -> Held:
            return take_in(source.held, ListFile(digest, lists), believer(prepared, known()))

        source.held = await asyncio.to_thread(taken)
        self._shelf.add(digest, content)
        for one in lists:
            self._log.info(
                "list-fetched",
                url=source.url,
                issuer=one.issuer,
                number=one.number,
                entries=one.count,
                until=str(one.next_update),
            )


def _conditions(source: Source) -> Mapping[str, str]:
    ends = nearest_end(source.held.newest)
    if ends is not None and ends <= world.now():
        return {}  # whoever says that there is nothing newer is mistaken, or repeats himself
    told = {"If-None-Match": source.tag, "If-Modified-Since": source.modified}
    return {name: value for name, value in told.items() if value}


def _import_fetcher() -> "type[Fetcher]":
    from ostiary.wiring.fetching import Fetcher  # noqa: PLC0415 - with it comes httpx

    return Fetcher
