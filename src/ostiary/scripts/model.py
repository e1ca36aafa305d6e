"""What is asked of a script, and what can come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Wanted(StrEnum):
    """What the result of a script is taken for."""

    TRUTH = "truth"
    """True or false, as JavaScript has it."""
    TEXT = "text"
    """A text that fits a header: printable ASCII. Numbers and booleans are written out."""
    MESSAGE = "message"
    """Any text."""
    CHANGES = "changes"
    """Nothing: it is run for what it does to ``req.headers`` and to its own variables."""


@dataclass(frozen=True, slots=True)
class Script:
    """Source text, as the operator wrote it."""

    source: str
    wanted: Wanted
    template: bool = False
    """Whether it is the inside of a template string."""
    headers: tuple[str, ...] = ()
    """The headers that it may change, lower case."""

    @property
    def code(self) -> str:
        """As a JavaScript script. Express Gateway puts the same marks around a template."""
        return f"`{self.source}`" if self.template else self.source


@dataclass(frozen=True, slots=True)
class BodySchema:
    """What a request's body must be like."""

    text: str
    """The schema, as JSON."""
    log_errors: bool = False


What: TypeAlias = Script | BodySchema
"""Everything that can be asked."""


class Failure(StrEnum):
    """Why there is no result."""

    THREW = "threw"
    TIME = "time-limit"
    MEMORY = "memory-limit"
    NO_TEXT = "no-text"
    """What came isn't text, is longer than LONGEST_TEXT, or can't be written where it is wanted."""
    NOT_JSON = "not-json"
    """What is left in variables, or in a header, can't be handed on."""
    HEADERS = "headers"
    """A header was changed whose name doesn't stand in the script."""
    BODY = "body"
    """The request's body isn't what its Content-Type says."""
    REPEATED = "repeated-header"
    """A header that a request has once comes twice, and the service may read the other one."""
    CRASHED = "crashed"
    """The process that ran it has ended, or had to be ended."""

    @property
    def sentence(self) -> str:
        """For the log."""
        return _SENTENCES[self]


_SENTENCES: Mapping[Failure, str] = {
    Failure.THREW: "the script threw",
    Failure.TIME: "the script took too long",
    Failure.MEMORY: "the script wanted too much memory",
    Failure.NO_TEXT: "the script gave no text that can be used here",
    Failure.NOT_JSON: "the script left something that can't be handed on",
    Failure.HEADERS: "the script changed a header whose name doesn't stand in it",
    Failure.BODY: "the request's body isn't what its Content-Type says",
    Failure.REPEATED: "a header that a request has once comes twice",
    Failure.CRASHED: "the process that ran the script has ended",
}

LONGEST_TEXT = 4096
"""Characters of a text result; HAProxy must have room for it in a header."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition's result."""

    holds: bool
    why: str = field(default="", compare=False)
    """Where a body doesn't fit, for the log."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a script did."""

    headers: Mapping[str, str | None] = field(repr=False)
    """New values by name, lower case; None where it was removed."""
    variables: str = field(default="", repr=False)
    """The script's own variables, as JSON; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No result."""

    failure: Failure
    detail: str = ""
    """What QuickJS says, without a stack: for the log, never for clients."""


Result: TypeAlias = Truth | Said | Changed | Failed


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may take."""

    seconds: float = 0.05
    """Of processor time."""
    memory: int = 16 * 1024 * 1024
    """Bytes."""
