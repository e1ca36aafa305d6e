"""The configuration file as it is changed here: only what is in force is, and it can be undone."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from ostiary.config.effective import Managed
from ostiary.kernel.errors import OstiaryError
from ostiary.management.errors import Conflicting
from ostiary.management.ports import FileEdit, FileInForce
from ostiary.services.lists import ListReading
from ostiary.services.ports import Unreadable
from ostiary.services.prepare import Prepared, read_written
from ostiary.store.files import FileTrouble, Trouble
from ostiary.store.operators_file import rewrite
from ostiary.wiring import world
from ostiary.wiring.ground import prepare_rest
from ostiary.wiring.inspecting import inspect
from ostiary.x509.certificate import Certificate


def file_in_force(prepared: Prepared) -> FileInForce:
    """The file that ``prepared`` was made of. Raises Conflicting where it is another one now."""
    try:
        content = world.read_file(prepared.file)
    except Unreadable as error:
        raise Conflicting(f"{prepared.file}: {error}") from error
    _refuse_other(prepared, content)
    return FileInForce(prepared=prepared, content=content, environ=os.environ)


def prepare_edited(
    now: Prepared,
    managed: Managed,
    trusted: tuple[Certificate, ...],
    file: FileEdit,
    reading: ListReading | None = None,
) -> Prepared:
    """What would be in force with another content of the file. Raises ConfigRefused, Conflicting
    where the edit was made for another content than is in force."""
    _refuse_other(now, file.before)
    written = read_written(now.file, lambda _: file.after, os.environ, inspect)
    return prepare_rest(written, managed, trusted, reading, now.fetched)


Keep = Callable[[], Awaitable[None]]


async def keep_nothing() -> None:
    """What is put in force is on the disk already."""


class Rewriting:
    """One edit on its way to the disk."""

    def __init__(self, path: str, file: FileEdit | None) -> None:
        """``None``: nothing is written."""
        self._path = Path(path)
        self._file = file
        self._done = False
        self._log = structlog.get_logger("ostiary.run")

    async def keep(self) -> None:
        """Write it; once. Raises Conflicting."""
        if self._file is not None and not self._done:
            await asyncio.to_thread(self._write, self._file)
            self._done = True

    async def take_back(self) -> None:
        """The file as it was before, if it was written: it could not be put in force."""
        if self._file is None or not self._done:
            return
        try:
            await asyncio.to_thread(self._write, self._file.back())
        except OstiaryError as error:
            self._log.error("configuration-file-not-taken-back", error=str(error))

    def _write(self, file: FileEdit) -> None:
        try:
            rewrite(self._path, file.before, file.after)
        except FileTrouble as error:
            if error.trouble is Trouble.CHANGED:
                raise Conflicting(_OTHER.format(self._path)) from error
            raise Conflicting(str(error)) from error


_OTHER = (
    "{}: the file has changes that are not in force (see 'ostiary check'; once they are in force "
    "or taken back, read again and repeat the change)"
)


def _refuse_other(prepared: Prepared, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() != prepared.digests[prepared.file]:
        raise Conflicting(_OTHER.format(prepared.file))
