"""Who guesses: addresses from which many wrong credentials come are not listened to for a while.

Only credentials that are not known yet are turned away by it, so those that work go on working,
also behind one address with somebody who guesses.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_WRONG: Final = 60
"""In a minute, of one client."""
AWAY_SECONDS: Final = 60
_MINUTE: Final = 60.0
_MOST_CLIENTS: Final = 50_000


@dataclass(slots=True)
class _Client:
    since: float
    wrong: int
    away_until: float = 0.0


class Guessing:
    """Counts wrong credentials by where they came from. One event loop uses it."""

    def __init__(self, turn_away: Callable[[int, str, int], None]) -> None:
        """``turn_away`` has a worker (its process id) not ask about a client's credentials until a
        time (Unix seconds)."""
        self._turn_away = turn_away
        self._clients: OrderedDict[str, _Client] = OrderedDict()

    def may_try(self, client: str, at: float) -> bool:
        """Whether one more of its credentials is looked at; ``at``: Unix seconds."""
        found = self._clients.get(client)
        return found is None or found.away_until <= at

    def failed(self, client: str, worker: int, at: float) -> None:
        """One was wrong."""
        found = self._clients.get(client)
        if found is None or at - found.since >= _MINUTE:
            found = self._clients[client] = _Client(since=at, wrong=0)
        self._clients.move_to_end(client)
        found.wrong += 1
        if found.wrong > MOST_WRONG and found.away_until <= at:
            found.away_until = at + AWAY_SECONDS
            self._turn_away(worker, client, int(found.away_until))
        while len(self._clients) > _MOST_CLIENTS:
            self._clients.popitem(last=False)
