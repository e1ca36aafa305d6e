"""Sets of keys that issuers publish: fetched in the background, and when a new one is needed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ostiary.jose.keys import VerificationKey
from ostiary.jose.tokens import Head, knows
from ostiary.services.token_sources import PublishedKeys, shown
from ostiary.wiring.issuer_calls import IssuerUnreachable

BETWEEN_SECONDS: Final = 10.0
"""Between two looks for a key id that isn't known: anybody can make tokens that name one."""
_AGAIN_SECONDS: Final = 30.0
"""After keys could not be had."""

FetchKeys = Callable[[PublishedKeys], Awaitable[tuple[VerificationKey, ...]]]
OnChange = Callable[[bool], Awaitable[None]]
"""Told of other keys; whether some are gone, by which tokens may have been admitted."""


class KeySet:
    """The keys of one issuer. One event loop uses it."""

    def __init__(
        self,
        source: PublishedKeys,
        fetch: FetchKeys,
        now: Callable[[], float],
        on_change: OnChange,
    ) -> None:
        """``now``: Unix seconds. Nothing is fetched before ``begin``."""
        self._source = source
        self._fetch = fetch
        self._now = now
        self._on_change = on_change
        self._keys: tuple[VerificationKey, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._looking: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("ostiary.credentials")

    def begin(self) -> None:
        """Fetch from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._refresh(), name="keys")

    async def end(self) -> None:
        """Leave it at that."""
        tasks = [one for one in (self._task, self._looking) if one is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def at_hand(self) -> tuple[VerificationKey, ...]:
        """The keys that count at the moment, without a look for others; from any thread."""
        return self._keys if self._until() > self._now() else ()

    async def keys_for(self, head: Head) -> tuple[tuple[VerificationKey, ...], float]:
        """The keys for a token, and until when they count (Unix seconds); fetched anew for an id
        that isn't known.

        Raises IssuerUnreachable where it can't be known whether the id is one of the issuer's.
        """
        if self._until() <= self._now() or not knows(head, self._keys):
            await self._look()
        if self._until() <= self._now():
            raise IssuerUnreachable(f"there are no keys of {shown(self._source.url)}")
        if not knows(head, self._keys) and self._failed:
            raise IssuerUnreachable(f"{shown(self._source.url)} can't be asked for a key")
        return self._keys, self._until()

    async def look_again(self) -> bool:
        """A token without a key id fits no key. Whether there are other keys now."""
        before = self._keys
        await self._look()
        return self._keys != before

    def _until(self) -> float:
        return 0.0 if self._fetched_at is None else self._fetched_at + self._source.max_age

    async def _look(self) -> None:
        """Fetch, unless that was done just now; many wait for one."""
        if self._looking is None:
            if self._tried_at is not None and self._now() - self._tried_at < BETWEEN_SECONDS:
                return
            self._looking = asyncio.create_task(self._fetched(), name="keys-looking")
        await asyncio.shield(self._looking)

    async def _fetched(self) -> None:
        try:
            self._tried_at = self._now()
            found = await self._fetch(self._source)
        except IssuerUnreachable as error:
            self._failed = True
            self._log.warning("keys-not-fetched", error=str(error))
            return
        except Exception:  # noqa: BLE001 - it is tried again, whatever it was
            self._failed = True
            self._log.exception("keys-not-fetched", issuer=shown(self._source.url))
            return
        finally:
            self._looking = None
        self._failed = False
        self._fetched_at = self._now()
        before, self._keys = self._keys, found
        if set(before) != set(found):
            self._log.info("keys-fetched", issuer=shown(self._source.url), keys=len(found))
            await self._on_change(not set(before) <= set(found))

    async def _refresh(self) -> None:
        while True:
            if self._looking is None:
                self._looking = asyncio.create_task(self._fetched(), name="keys-looking")
            await asyncio.shield(self._looking)
            pause = min(_AGAIN_SECONDS, self._source.refresh)
            await asyncio.sleep(pause if self._failed else self._source.refresh)
