"""Intermediate certificates that clients have sent are kept over restarts."""

from pathlib import Path

import structlog

from ostiary.store.files import FileTrouble
from ostiary.store.intermediates_file import (
    Damaged,
    Kept,
    NeverSaved,
    load_intermediates,
    save_intermediates,
)
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.intermediates import load as parse_intermediates


class LearntIntermediates:
    """The file of those that a desk has learnt."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path
        self._saved_version = 0
        self._log = structlog.get_logger("ostiary.gateway")

    def load(self) -> Intermediates:
        """Those of the last time; none, and it is told why, where the file is damaged."""
        match load_intermediates(self._path):
            case Kept(content):
                loaded = parse_intermediates(content)
                for sentence in loaded.damage:
                    self._log.warning("intermediates-damaged", detail=sentence)
                return loaded.intermediates
            case Damaged(why=why, aside=aside):
                self._log.warning("intermediates-damaged", detail=why, aside=str(aside))
            case NeverSaved():
                pass
        return Intermediates()

    def save(self, desk: Desk) -> None:
        """Write what was learnt since the last time; a full disk is told, not fatal."""
        version = desk.intermediates_version
        if version == self._saved_version:
            return
        try:
            save_intermediates(self._path, desk.intermediates.dump())
        except FileTrouble as error:
            self._log.warning("intermediates-not-saved", error=str(error))
            return
        self._saved_version = version
