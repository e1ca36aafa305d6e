"""Last good contents of lists, of files and URLs, over restarts; a full disk is told, not fatal."""

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from ostiary.services.list_sources import Held
from ostiary.services.lists import ListFile
from ostiary.services.ports import Unreadable
from ostiary.store.files import FileTrouble
from ostiary.store.list_copies import ListCopies, SourceCopy
from ostiary.wiring import world
from ostiary.wiring.folders import Folders
from ostiary.wiring.lists import read_lists
from ostiary.x509.errors import NotACrl

_MOST_UNSAVED = 256 * 1024 * 1024
"""Bytes that wait for room on the disk; beyond that they are fetched again after a restart."""
_PAUSE_SECONDS = 30.0
"""After the disk refused."""


class ListShelf:
    """What a gateway keeps of its lists. Calls from several threads wait for each other."""

    def __init__(self, copies: ListCopies) -> None:
        self._copies = copies
        self._lock = threading.Lock()
        self._unsaved: dict[str, bytes] = {}
        self._saved: tuple[SourceCopy, ...] | None = None
        self._told = ""
        self._again = 0.0
        self._log = structlog.get_logger("ostiary.revocation")

    def sources(self) -> tuple[SourceCopy, ...]:
        """All that was kept; none where that is damaged."""
        with self._lock:
            if self._saved is None:
                try:
                    self._saved = self._copies.index()
                except FileTrouble as error:
                    self._log.error("list-copies-damaged", error=str(error))
                    self._saved = ()
            return self._saved

    def held(self, copy: SourceCopy) -> Held:
        """The contents of one source; what is damaged is told and left out."""
        found = []
        for digest in copy.digests:
            try:
                found.append(ListFile(digest, read_lists(self._copies.content(digest))))
            except (FileTrouble, NotACrl) as error:
                self._log.error("list-copy-damaged", source=copy.source, error=str(error))
        # Older contents without the newest would be put in force as if they were it.
        whole = len(found) == len(copy.digests)
        return Held(tuple(found)) if whole else Held()

    def recall(self, path: str, digest: str) -> ListFile | None:
        """What a file held when the gateway ran before (``services.lists.Recall``)."""
        for copy in self.sources():
            if copy.source == path and copy.digests and copy.digests[0] != digest:
                return next(iter(self.held(copy).copies), None)
        return None

    def add(self, digest: str, content: bytes) -> None:
        """New content, to be kept with the next ``keep``."""
        with self._lock:
            self._unsaved[digest] = content
            while sum(map(len, self._unsaved.values())) > _MOST_UNSAVED:
                del self._unsaved[next(iter(self._unsaved))]

    def keep(self, fetched: Sequence[SourceCopy], files: Mapping[str, ListFile]) -> None:
        """Keep these sources and files (by absolute path), if they are others than before."""
        known = {one.source: one for one in self.sources()}
        with self._lock:
            wanted = [*fetched, *self._of_files(files, known)]
            there = {digest for one in known.values() for digest in one.digests}
            there |= self._unsaved.keys()
            # What found no room meanwhile: the copy before is better than none.
            whole = (
                one if there.issuperset(one.digests) else known.get(one.source) for one in wanted
            )
            sources = tuple(one for one in whole if one is not None and one.digests)
            now = time.monotonic()
            if _told(sources) == _told(self._saved or ()) or now < self._again:
                return
            try:
                named = {digest for one in sources for digest in one.digests}
                new = {one: text for one, text in self._unsaved.items() if one in named}
                self._copies.save(sources, new)
            except FileTrouble as error:
                if str(error) != self._told:
                    self._log.error("list-copies-not-saved", error=str(error))
                self._told, self._again = str(error), now + _PAUSE_SECONDS
                return
            self._saved, self._told = sources, ""
            self._unsaved.clear()

    def _of_files(
        self, files: Mapping[str, ListFile], known: Mapping[str, SourceCopy]
    ) -> list[SourceCopy]:
        found = []
        for path, file in files.items():
            before = known.get(path)
            if before is not None and (file.kept or before.digests == (file.digest,)):
                # What is newer than the file as it is now stays.
                found.append(before)
            elif not path.startswith("/") or "\n" in path:
                continue  # written out in the configuration
            elif file.digest in self._unsaved or self._read(path, file.digest):
                found.append(SourceCopy(source=path, digests=(file.digest,)))
        return found

    def _read(self, path: str, digest: str) -> bool:
        try:
            content = world.read_file(path)
        except Unreadable:
            return False
        if hashlib.sha256(content).hexdigest() != digest:
            return False  # it has changed since: the gateway will read it, and come again
        self._unsaved[digest] = content
        return True


def _told(sources: Sequence[SourceCopy]) -> list[tuple[str, bool, tuple[str, ...], str]]:
    """What is worth writing anew: that a source was asked again is not."""
    return [(one.source, one.found, one.digests, one.tag) for one in sources]


def shelf_in(state: Path) -> ListShelf:
    """The shelf of a state folder."""
    return ListShelf(ListCopies(Folders(state=state).lists))
