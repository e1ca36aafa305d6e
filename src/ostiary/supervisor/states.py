"""The life of the engine as a table; ``python -m ostiary.supervisor.states`` draws it."""

import sys
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from ostiary.kernel.errors import OstiaryError


class State(Enum):
    """Where the engine is; the values are shown in logs, metrics and the console."""

    DOWN = "down"
    STARTING = "starting"
    SERVING = "serving"
    RELOADING = "reloading"
    """The old worker serves while the master loads the new revision."""
    WAITING = "waiting"
    """The engine died; the next start comes after a back-off."""
    DRAINING = "draining"


class Event(Enum):
    """What can happen to the engine."""

    START = "start"
    RELOAD = "reload"
    STOP = "stop"
    CONFIRMED = "confirmed"
    """A new worker of our own child answered with the wanted revision."""
    REFUSED = "refused"
    """The engine would not load the revision; what served before is untouched."""
    DIED = "died"
    GONE = "gone"


class ImpossibleMove(OstiaryError):
    """Our own bug: an event arrived in a state in which it can't happen."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event.value!r} cannot arrive while {state.value!r}")


MOVES: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.DOWN, Event.START): State.STARTING,
        (State.STARTING, Event.CONFIRMED): State.SERVING,
        (State.STARTING, Event.REFUSED): State.DOWN,
        (State.STARTING, Event.DIED): State.WAITING,
        (State.SERVING, Event.RELOAD): State.RELOADING,
        (State.SERVING, Event.DIED): State.WAITING,
        (State.SERVING, Event.STOP): State.DRAINING,
        (State.RELOADING, Event.CONFIRMED): State.SERVING,
        (State.RELOADING, Event.REFUSED): State.SERVING,
        (State.RELOADING, Event.DIED): State.WAITING,
        (State.WAITING, Event.START): State.STARTING,
        (State.WAITING, Event.STOP): State.DRAINING,
        (State.DRAINING, Event.GONE): State.DOWN,
    }
)


def step(state: State, event: Event) -> State:
    """The state after ``event``. Raises ImpossibleMove."""
    after = MOVES.get((state, event))
    if after is None:
        raise ImpossibleMove(state, event)
    return after


def mermaid() -> str:
    """The table as a Mermaid state diagram, in the table's order."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DOWN.value}"]
    lines += [
        f"    {before.value} --> {after.value}: {event.value}"
        for (before, event), after in MOVES.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(mermaid())
