"""Who vouches for tokens, by the configurations that workers still ask by."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog

from ostiary.compiler.profiles import token_judgements_of
from ostiary.config.model.document import Document
from ostiary.consumers.changes import Changed
from ostiary.consumers.tokens import TokenJudgement
from ostiary.jose.keys import VerificationKey
from ostiary.services.prepare import Prepared
from ostiary.services.token_sources import PublishedKeys, TokenSource
from ostiary.wiring.background import Background
from ostiary.wiring.key_sets import FetchKeys, KeySet

_GENERATIONS: Final = 4
"""Configurations whose judgements are known: workers that drain ask by an older one's."""
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 1.0

Reconsider = Callable[[Changed | None], Awaitable[bool]]
"""As ``Gateway.reconsider_credentials``."""


class Vouching:
    """Keys, where keys are published, and whom to ask. One event loop uses it."""

    def __init__(
        self, fetch: FetchKeys, now: Callable[[], float], forget: Callable[[], None]
    ) -> None:
        """``now``: Unix seconds. ``forget`` is called whenever others vouch for tokens."""
        self._fetch = fetch
        self._now = now
        self._forget = forget
        self._reconsider: Reconsider | None = None
        self._document: Document | None = None
        self._judgements: OrderedDict[int, Mapping[str, TokenJudgement]] = OrderedDict()
        self._sources: Mapping[str, TokenSource] = {}
        self._sets: dict[PublishedKeys, KeySet] = {}
        self._beside = Background()
        self._log = structlog.get_logger("ostiary.credentials")

    def begin(self, reconsider: Reconsider) -> None:
        """By whom is taken back what was told of tokens."""
        self._reconsider = reconsider

    @asynccontextmanager
    async def following(self, prepared: Prepared) -> AsyncIterator[None]:
        """Know what this configuration asks about; once it is in force, its keys alone count.

        Until then whatever goes by the same name is judged as before.
        """
        document, sources = prepared.document, prepared.gathered.tokens
        if document is not self._document:
            self._know(await asyncio.to_thread(token_judgements_of, document))
        self._sources = {**sources, **self._sources}
        self._look_after(sources)
        yield
        self._document = document
        before, self._sources = self._sources, sources
        for source in [one for one in self._sets if one not in sources.values()]:
            self._beside.spawn(self._sets.pop(source).end())
        if any(sources.get(name, source) != source for name, source in before.items()):
            await self._take_back()

    async def end(self) -> None:
        """Fetch no more."""
        await self._beside.end()
        for one in self._sets.values():
            await one.end()

    def judgement(self, name: str) -> TokenJudgement | None:
        """By what is judged whatever goes by this id; None: it isn't about tokens."""
        for known in reversed(self._judgements.values()):
            if name in known:
                return known[name]
        return None

    def source(self, judgement: TokenJudgement) -> TokenSource | None:
        """Who vouches for its tokens; None: nobody does any more."""
        return self._sources.get(judgement.source)

    def key_set(self, source: PublishedKeys) -> KeySet:
        """The keys that are published there, for a source that ``source`` gave."""
        return self._sets[source]

    def at_hand(self, source: PublishedKeys) -> tuple[VerificationKey, ...]:
        """The keys that count at the moment, without a look for others; from any thread."""
        published = self._sets.get(source)
        return () if published is None else published.at_hand

    def _know(self, judgements: Mapping[str, TokenJudgement]) -> None:
        number = next(reversed(self._judgements), 0)
        if judgements != self._judgements.get(number):
            self._judgements[number + 1] = judgements
        while len(self._judgements) > _GENERATIONS:
            self._judgements.popitem(last=False)

    def _look_after(self, sources: Mapping[str, TokenSource]) -> None:
        for source in sources.values():
            if isinstance(source, PublishedKeys) and source not in self._sets:
                self._sets[source] = KeySet(source, self._fetch, self._now, self._changed)
                self._sets[source].begin()

    async def _changed(self, gone: bool) -> None:
        self._forget()
        if gone:
            await self._take_back()

    async def _take_back(self) -> None:
        self._forget()
        task = self._beside.spawn(self._until_told())
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not task.done():
            self._log.error("credentials-not-withdrawn")

    async def _until_told(self) -> None:
        while self._reconsider is not None and not await self._told(self._reconsider):
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _told(self, reconsider: Reconsider) -> bool:
        try:
            return await reconsider(None)
        except Exception:  # noqa: BLE001 - who was let in by a key that is gone stays in till then
            self._log.exception("credentials-not-withdrawn")
            return False
