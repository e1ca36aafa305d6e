"""What authorization servers have said of tokens, remembered for a while."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ostiary.jose.claims import Claims
from ostiary.services.token_sources import Introspection
from ostiary.wiring.issuer_calls import IssuerUnreachable

_MOST: Final = 20_000
_MOST_ASKED: Final = 256
"""Questions under way."""
_INACTIVE_SECONDS: Final = 10.0

Introspected = Callable[[Introspection, bytes], Awaitable[Claims | None]]
Said = tuple[Claims | None, float]
"""The claims, None of a token that isn't active; and until when that counts, Unix seconds."""


class Introspecting:
    """Asks about each token once. One event loop uses it.

    Who doesn't wait any longer doesn't end the question: its answer is there for the next request.
    """

    def __init__(self, ask: Introspected, now: Callable[[], float]) -> None:
        """``now``: Unix seconds."""
        self._ask = ask
        self._now = now
        self._said: OrderedDict[bytes, Said] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Said]] = {}
        self._log = structlog.get_logger("ostiary.credentials")

    async def __call__(self, source: Introspection, token: bytes) -> Said:
        """What is said of a token. Raises IssuerUnreachable."""
        key = _digest(source, token)
        said = self._said.get(key)
        if said is not None and said[1] > self._now():
            return said
        if key not in self._asking:
            if len(self._asking) >= _MOST_ASKED:
                raise IssuerUnreachable("too many tokens are asked about already")
            task = asyncio.create_task(self._asked(key, source, token), name="introspecting")
            task.add_done_callback(_look_at)
            self._asking[key] = task
        return await asyncio.shield(self._asking[key])

    async def end(self) -> None:
        """Leave it at that."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _asked(self, key: bytes, source: Introspection, token: bytes) -> Said:
        try:
            # It may be withdrawn while it is on its way: it counts from when it was asked for.
            at = self._now()
            claims = await self._ask(source, token)
        except IssuerUnreachable as error:
            self._log.warning("token-not-introspected", error=str(error))
            raise
        finally:
            self._asking.pop(key, None)
        seconds = _INACTIVE_SECONDS if claims is None else float(source.ttl)
        said = self._said[key] = (claims, at + seconds)
        self._said.move_to_end(key)
        while len(self._said) > _MOST:
            self._said.popitem(last=False)
        return said


def _look_at(task: "asyncio.Task[Said]") -> None:
    if not task.cancelled():
        task.exception()


def _digest(source: Introspection, token: bytes) -> bytes:
    asked = (source.url, source.authorization or "", source.authorities)
    heads = (hashlib.sha256(one.encode()).digest() for one in asked)
    return hashlib.sha256(b"".join(heads) + token).digest()
