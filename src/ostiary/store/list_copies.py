"""Revocation lists across restarts: the last good content of each source, under its digest.

A folder with ``index.json``, which says what belongs to which source, and a file for each content,
named by its SHA-256. Contents are written before the index, so a crash leaves the old state or the
new one; what the index doesn't name is swept. A damaged content is told and left out.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ostiary.store.files import (
    FileTrouble,
    Trouble,
    make_folder,
    read_bounded,
    sweep_leftovers,
    write_atomically,
)

LARGEST = 96 * 1024 * 1024
_LARGEST_INDEX = 8 * 1024 * 1024
_INDEX = "index.json"
_VERSION = 1
_END_OF_TIME = 2.0**37
"""Seconds; more than a date can hold is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCopy:
    """What is known of one source."""

    source: str
    """A URL, or the absolute path of a file."""
    found: bool = False
    """A certificate's distribution point, not written in the configuration."""
    digests: tuple[str, ...]
    """SHA-256 (hexadecimal) of its contents, newest first."""
    tag: str = ""
    """ETag of the newest, and ``modified`` its Last-Modified (RFC 9110 section 8.8)."""
    modified: str = ""
    confirmed: float = 0.0
    """When the source last said that this is its newest, Unix time."""


class ListCopies:
    """The folder. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        """It is made when something is saved."""
        self._folder = folder

    def index(self) -> tuple[SourceCopy, ...]:
        """All sources. Raises FileTrouble where the index can't be read or is damaged."""
        path = self._folder / _INDEX
        try:
            told = json.loads(read_bounded(path, limit=_LARGEST_INDEX))
            if told["version"] != _VERSION:
                raise _damaged(path, f"it is of version {told['version']!r}")
            return tuple(map(_source, told["sources"]))
        except FileTrouble as error:
            if error.trouble is Trouble.MISSING:
                return ()
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(path, "it is no index of revocation lists") from error

    def content(self, digest: str) -> bytes:
        """One content. Raises FileTrouble; also where it isn't what was saved."""
        path = self._path(digest)
        content = read_bounded(path, limit=LARGEST)
        if hashlib.sha256(content).hexdigest() != digest:
            raise _damaged(path, "its digest is another")
        return content

    def save(self, sources: Iterable[SourceCopy], contents: Mapping[str, bytes]) -> None:
        """Keep these sources and no others; ``contents`` by digest are new. Raises FileTrouble."""
        sources = tuple(sources)
        make_folder(self._folder)
        for digest, content in contents.items():
            write_atomically(self._path(digest), content)
        index = {"version": _VERSION, "sources": [asdict(one) for one in sources]}
        write_atomically(self._folder / _INDEX, json.dumps(index, indent=1).encode())
        self._sweep({digest for one in sources for digest in one.digests})

    def _sweep(self, named: set[str]) -> None:
        try:
            sweep_leftovers(self._folder)
            for path in self._folder.glob("*.crl"):
                if path.stem not in named:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise FileTrouble(
                self._folder, Trouble.NOT_WRITTEN, f"can't be swept: {error.strerror or error}"
            ) from error

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.crl"


def _source(told: Any) -> SourceCopy:
    digests = tuple(told["digests"])
    if not all(isinstance(one, str) and len(one) == 64 and one.isalnum() for one in digests):
        raise ValueError("no digests")
    texts = {name: str(told[name]) for name in ("source", "tag", "modified")}
    confirmed = float(told["confirmed"])
    if not 0 <= confirmed < _END_OF_TIME:
        raise ValueError("no time")
    return SourceCopy(**texts, found=told["found"] is True, digests=digests, confirmed=confirmed)


def _damaged(path: Path, why: str) -> FileTrouble:
    return FileTrouble(path, Trouble.UNREADABLE, f"damaged, and not used: {why}")
