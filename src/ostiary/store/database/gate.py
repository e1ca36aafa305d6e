"""Lets many through, and closes when one must be alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from ostiary.store.database.errors import StoreBusy


class Gate:
    """Transactions pass; while the files beneath are exchanged, nobody does."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait while the gate is closed, then be inside."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, seconds: float) -> Iterator[None]:
        """Let nobody in, and wait until all are out. Raises StoreBusy if they stay ``seconds``."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._closed, seconds):
                raise StoreBusy("the database is being exchanged already (try again)")
            self._closed = True
            empty = self._changed.wait_for(lambda: self._inside == 0, seconds)
        try:
            if not empty:
                raise StoreBusy("somebody is still using the database (try again)")
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()
