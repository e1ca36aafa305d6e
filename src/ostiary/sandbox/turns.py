"""Whose script runs next: parties take turns, so one that asks much keeps no other waiting."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Places for those who come, a party after the other. One event loop uses it."""

    def __init__(self, places: int) -> None:
        """So many go on at once."""
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def add(self, places: int) -> None:
        """So many more at once."""
        for _ in range(places):
            self._free += 1
            self._pass_on()

    @asynccontextmanager
    async def taken(self, whose: str) -> AsyncIterator[None]:
        """Wait for a place, have it, give it back."""
        await self._take(whose)
        try:
            yield
        finally:
            self._free += 1
            self._pass_on()

    async def _take(self, whose: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._free += 1  # it was given in the moment in which nobody waited any more
                self._pass_on()
            else:
                self._leave(whose, place)
            raise

    def _leave(self, whose: str, place: asyncio.Future[None]) -> None:
        of_party = self._waiting.get(whose)
        if of_party and place in of_party:
            of_party.remove(place)
            if not of_party:
                del self._waiting[whose]

    def _pass_on(self) -> None:
        """To the party that has waited longest for one; it is the last then."""
        for whose in list(self._waiting):
            of_party = self._waiting[whose]
            while of_party and self._free:
                place = of_party.popleft()
                if not place.done():
                    self._free -= 1
                    place.set_result(None)
                    break
            self._waiting.move_to_end(whose)
            if not of_party:
                del self._waiting[whose]
            if not self._free:
                return
