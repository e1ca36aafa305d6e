"""What services need from the world, in words of lower floors; wiring plugs the hands in."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ostiary.kernel.errors import OstiaryError


class Unreadable(OstiaryError):
    """A file can't be read; the sentence says why and has no path in it."""


class ReadFile(Protocol):
    """Reads a whole file by absolute path; raises Unreadable."""

    def __call__(self, path: str) -> bytes: ...


Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""
