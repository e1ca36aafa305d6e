"""The trusted certificates in force, as files under checksums, twice.

On disk, ``<state>/truststore/current`` and ``<state>/truststore/last-good``, each with:

* ``<sha256>.pem``: one trusted bundle each, named by its content;
* ``manifest``: which of them, under a checksum of its own; written last.

A file that the manifest doesn't name, or that isn't what its name says, is never used, and a set is
taken whole or not at all. The last good copy is of the same set, never of an older one: an older
one may trust what was taken away since.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ostiary.store.files import (
    PRIVATE_FILE,
    FileTrouble,
    Trouble,
    make_folder,
    read_bounded,
    sync_folder,
    write_atomically,
)
from ostiary.store.soundness import Condition, Damaged, Sound, Soundness
from ostiary.store.truststore_manifest import (
    Manifest,
    file_name,
    manifest_of,
    read_manifest,
    write_manifest,
)

_MANIFEST: Final = "manifest"
_LARGEST_BUNDLE = 64 * 1024 * 1024
_LARGEST_MANIFEST = 8 * 1024 * 1024
"""Room for a hundred thousand bundles; ten thousand are promised."""
_FEW = 64
"""Up to here each file is synced alone; beyond, one sync(2) of everything costs less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The set in force is sound."""

    bundles: tuple[bytes, ...]
    revision: int
    """Of the database when the set was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The set in force is damaged; its copy is sound."""

    bundles: tuple[bytes, ...]
    revision: int
    damage: Damaged


@dataclass(frozen=True, slots=True)
class NeverBuilt:
    """There is no trust store here; if the database trusts something, it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Neither the set nor its copy can be believed; nothing of either may be used."""

    damage: Damaged
    copy: Damaged


Loaded = Current | LastGood | NeverBuilt | Lost


class TrustStore:
    """``<state>/truststore``; only the holder of the StateLock may use it."""

    def __init__(self, state: Path) -> None:
        self._root = state / "truststore"
        self._current = self._root / "current"
        self._last_good = self._root / "last-good"

    def verify(self) -> Soundness:
        """Read every file of the set in force. Raises nothing for what is on the disk."""
        return _soundness(self._current)

    def verify_last_good(self) -> Soundness:
        """Read every file of the copy; damaged also if it is of another set."""
        found, copy = _read(self._current), _read(self._last_good)
        if isinstance(copy, Damaged):
            return copy
        if isinstance(found, Current) and found != copy:
            what = f"{str(self._last_good)!r} is no copy of the set in force"
            return Damaged(condition=Condition.CORRUPT, what=what)
        return Sound()

    def load(self) -> Loaded:
        """The set in force, or its copy. Raises nothing for what is on the disk."""
        found = _read(self._current)
        if isinstance(found, Current):
            return found
        if not self.built:
            return NeverBuilt()
        copy = _read(self._last_good)
        if isinstance(copy, Damaged):
            return Lost(damage=found, copy=copy)
        return LastGood(bundles=copy.bundles, revision=copy.revision, damage=found)

    @property
    def built(self) -> bool:
        """Whether there is a set or a copy, sound or not."""
        return self._current.exists() or self._last_good.exists()

    def revision(self) -> int | None:
        """The newest revision of the database that a sound manifest tells of; None without one.

        Reads no bundle. A database of an older revision lacks changes that were in force.
        """
        found = (_manifest_in(folder) for folder in (self._current, self._last_good))
        return max((one.revision for one in found if isinstance(one, Manifest)), default=None)

    def rebuild(self, bundles: Iterable[bytes], *, revision: int) -> None:
        """Put these in force, whatever is on the disk, and copy them.

        Interrupted at any moment, it leaves the old set or the new one in force, and a copy of
        that or none. Raises FileTrouble (NOT_WRITTEN).
        """
        given = tuple(bundles)
        manifest = manifest_of(given, revision)
        contents = {hashlib.sha256(bundle).hexdigest(): bundle for bundle in given}
        try:
            # First of all the copy is void: it must never be older than the set in force.
            _remove(self._last_good / _MANIFEST)
            for folder in (self._current, self._last_good):
                _write(folder, manifest, contents)
        except OSError as exc:
            raise FileTrouble(
                self._root, Trouble.NOT_WRITTEN, f"can't be rebuilt: {exc.strerror or exc}"
            ) from exc


def _soundness(folder: Path) -> Soundness:
    found = _read(folder)
    return found if isinstance(found, Damaged) else Sound()


def _manifest_in(folder: Path) -> Manifest | Damaged:
    try:
        manifest = read_manifest(read_bounded(folder / _MANIFEST, limit=_LARGEST_MANIFEST))
    except FileTrouble as exc:
        return Damaged(condition=_CONDITIONS[exc.trouble], what=str(exc))
    if manifest is None:
        what = f"{str(folder / _MANIFEST)!r} isn't what was written"
        return Damaged(condition=Condition.CORRUPT, what=what)
    return manifest


def _read(folder: Path) -> Current | Damaged:
    manifest = _manifest_in(folder)
    if isinstance(manifest, Damaged):
        return manifest
    try:
        bundles = []
        for digest in manifest.digests:
            path = folder / file_name(digest)
            bundle = read_bounded(path, limit=_LARGEST_BUNDLE)
            if hashlib.sha256(bundle).hexdigest() != digest:
                what = f"{str(path)!r} isn't what was written"
                return Damaged(condition=Condition.CORRUPT, what=what)
            bundles.append(bundle)
    except FileTrouble as exc:
        return Damaged(condition=_CONDITIONS[exc.trouble], what=str(exc))
    return Current(bundles=tuple(bundles), revision=manifest.revision)


_CONDITIONS: Final[Mapping[Trouble, Condition]] = {
    Trouble.MISSING: Condition.MISSING,
    Trouble.UNREADABLE: Condition.UNREADABLE,
    Trouble.A_FOLDER: Condition.CORRUPT,
    Trouble.NOT_A_FILE: Condition.CORRUPT,
    Trouble.TOO_LARGE: Condition.CORRUPT,
    Trouble.NOT_WRITTEN: Condition.UNREADABLE,
}


def _write(folder: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        _remove(folder)
    make_folder(folder)
    lacking = [digest for digest in manifest.digests if not _holds(folder, digest)]
    few = len(lacking) <= _FEW
    for digest in lacking:
        _put(folder / file_name(digest), contents[digest], sync=few)
    if not few:
        os.sync()
    sync_folder(folder)
    _remove_unless_file(folder / _MANIFEST)
    write_atomically(folder / _MANIFEST, write_manifest(manifest))
    _sweep(folder, manifest)


def _holds(folder: Path, digest: str) -> bool:
    try:
        bundle = read_bounded(folder / file_name(digest), limit=_LARGEST_BUNDLE)
    except FileTrouble:
        return False
    return hashlib.sha256(bundle).hexdigest() == digest


def _put(path: Path, content: bytes, *, sync: bool) -> None:
    """Need not be whole at once: the manifest doesn't name this file yet, or it was damaged."""
    _remove(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb") as handle:
        handle.write(content)
        if sync:
            handle.flush()
            os.fsync(handle.fileno())


def _sweep(folder: Path, manifest: Manifest) -> None:
    stay = {_MANIFEST, *map(file_name, manifest.digests)}
    for entry in folder.iterdir():
        if entry.name not in stay:
            _remove(entry)


def _remove_unless_file(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        _remove(path)


def _remove(path: Path) -> None:
    """Whatever it is, and for good."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()
    else:
        return
    sync_folder(path.parent)
