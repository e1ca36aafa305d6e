"""Verified intermediate certificates across restarts.

A resumed TLS session brings no chain, so what was verified once is kept. Losing the file costs a
full handshake; believing a damaged one could cost more, so it is reported, ignored and kept aside.
"""

from pathlib import Path

from ostiary.store.checked_file import CheckedFile, Damaged, Kept, Loaded, NeverSaved

__all__ = ["Damaged", "Kept", "NeverSaved", "load_intermediates", "save_intermediates"]

# Ten thousand intermediates of 4 KiB; public PKIs have fewer than that in all.
_LIMIT = 40 * 1024 * 1024


def save_intermediates(path: Path, content: bytes) -> None:
    """Write ``content`` under its checksum. Raises FileTrouble (NOT_WRITTEN, TOO_LARGE)."""
    _file(path).save(content)


def load_intermediates(path: Path) -> Loaded:
    """What was saved, or why it can't be believed. Raises nothing for what is in the file."""
    return _file(path).load()


def _file(path: Path) -> CheckedFile:
    return CheckedFile(path=path, kind="ostiary-intermediates 1", most_bytes=_LIMIT)
