"""Reading from left to right: what the readers of closed grammars share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ostiary.config.expression.parsing import NotSupported


class Cursor(ABC):
    """A place in a row of texts: tokens, or the characters of one text."""

    def __init__(self, row: Sequence[str]) -> None:
        self._row = row
        self._at = 0

    @property
    def _here(self) -> str:
        """What comes next; empty at the end."""
        return self._row[self._at] if self._at < len(self._row) else ""

    def _next(self) -> str:
        if self._at >= len(self._row):
            raise self._unknown()
        self._at += 1
        return self._row[self._at - 1]

    def _take(self, sign: str) -> bool:
        taken = self._here == sign
        self._at += taken
        return taken

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unknown()

    @abstractmethod
    def _unknown(self) -> NotSupported:
        """What stands here is not of the grammar."""
