"""What the engine tells its owner: facts in fields, for the log, the metrics and the console."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.supervisor.check import Finding
from ostiary.supervisor.states import State


class FailureReason(Enum):
    """Why a revision is not served; the values are stable."""

    EXITED = "engine-exited"
    LOADING_FAILED = "loading-failed"
    WRONG_REVISION = "wrong-revision"
    NOT_CONFIRMED = "not-confirmed-in-time"


class EngineFailed(OstiaryError):
    """The engine does not serve the wanted revision; ``words`` are HAProxy's own about it."""

    def __init__(self, revision: int, reason: FailureReason, words: tuple[Finding, ...]) -> None:
        self.revision = revision
        self.reason = reason
        self.words = words
        said = "; ".join(map(str, words)) or "HAProxy said nothing about it"
        super().__init__(f"revision {revision} is not served ({reason.value}): {said}")


class EngineBusy(OstiaryError):
    """The engine is being stopped and takes no new revision."""


class EngineMisplaced(WrongUse):
    """The run folder can't hold the engine's sockets and files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A worker of our own child answered and named this revision."""

    revision: int
    folder: Path
    """The revision's files, as the worker has loaded them."""
    worker: int
    """The worker's pid."""
    seconds: float
    """From the order to the confirmation."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A revision was not taken; what served before is untouched, if there was something."""

    failure: EngineFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The engine ended by itself; ``code`` as the shell counts, 128 and more for a signal."""

    code: int
    words: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Retrying:
    """The next start comes after this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The engine's state changed."""

    before: State
    after: State


Report = Confirmed | Refused | Died | Retrying | Moved
