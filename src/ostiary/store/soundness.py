"""Sound or damaged: what a look at something on disk comes to."""

from dataclasses import dataclass
from enum import Enum

from ostiary.kernel.errors import OstiaryError


class Condition(Enum):
    """How something on disk fails; the values are stable."""

    CORRUPT = "corrupt"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Sound:
    """It is what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """It is not what was written, or can't be looked at."""

    condition: Condition
    what: str
    """A sentence for the log and the console, with the path or the name in it."""


Soundness = Sound | Damaged


class SnapshotDamaged(OstiaryError):
    """What is kept on disk can't be believed; ``damage`` says how."""

    def __init__(self, damage: Damaged) -> None:
        self.damage = damage
        super().__init__(
            f"{damage.what} (run 'ostiary trust recover': the last good copy is then used)"
        )
