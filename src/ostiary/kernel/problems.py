"""Problems: what is wrong in what the operator wrote, where, and how to mend it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ostiary.kernel.errors import WrongUse


class Severity(Enum):
    """An error stops the configuration from being used; a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong, told once: where, what (with the value), and the way out."""

    position: Position
    path: str
    """Dotted path in the document, for example ``https.tls.default.key``; empty for the whole."""
    message: str
    """What is wrong, with the offending value quoted; lower case, no full stop."""
    way_out: str = ""
    """What to do about it; empty when the message says it all."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        end = f" ({self.way_out})" if self.way_out else ""
        return f"{self.position}: {self.severity.value}: {where}{self.message}{end}"


class ConfigRefused(WrongUse):
    """The configuration can't be used; carries every problem found, not the first only."""

    def __init__(self, problems: Iterable[Problem], files: Mapping[str, str] | None = None) -> None:
        """``files``: what it was read from, a change of which is worth another try: SHA-256
        (hexadecimal; empty where nothing could be read) by absolute path."""
        self.problems = tuple(problems)
        self.files = dict(files or {})
        super().__init__("\n".join(str(problem) for problem in self.problems))
