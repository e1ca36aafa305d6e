"""From the operator's text to something that can be served: every problem at once, or none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.compiler.policies import trust_policies
from ostiary.config.effective import effective
from ostiary.config.load import Loaded, load
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import Unquotable
from ostiary.kernel.problems import ConfigRefused, Position, Problem, Severity
from ostiary.services.materials import Gathering
from ostiary.services.ports import ReadFile, Unreadable
from ostiary.trust.policy import TrustPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A configuration that holds together, with everything it names."""

    file: str
    """Absolute path of the configuration file."""
    document: Document
    loaded: Loaded
    materials: Materials
    policies: Mapping[str, TrustPolicy]
    """By entry id: what the agent judges by."""
    warnings: tuple[Problem, ...]
    digests: Mapping[str, str]
    """SHA-256 of every file this was made from, the configuration file included, by path."""

    @property
    def folder(self) -> PurePosixPath:
        """The configuration file's folder: relative paths in the document start there."""
        return PurePosixPath(self.file).parent

    def bundle(self, place: Place) -> Bundle:
        """The engine's files for one revision. Raises ConfigRefused."""
        try:
            return compile_document(
                self.document, self.materials, place, effective(self.document)
            )
        except Unquotable as error:
            raise ConfigRefused([_whole(self.file, str(error), "")]) from error


_NO_FILE = "name the file with --config, or see a gateway at work first: ostiary demo"


def prepare(file: str, read: ReadFile, environ: Mapping[str, str], now: datetime) -> Prepared:
    """Read and check the configuration at the absolute path ``file``.

    Raises ConfigRefused with every problem found, in the document and in the files it names.
    """
    try:
        content = read(file)
    except Unreadable as error:
        raise ConfigRefused([_whole(file, str(error), _NO_FILE)]) from error
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ConfigRefused(
            [_whole(file, f"isn't UTF-8 text: {error}", "save it as UTF-8")]
        ) from error
    loaded = load(text, file, environ)
    gathering = Gathering(loaded, PurePosixPath(file).parent, read, now)
    materials = gathering.gather()
    problems = (*loaded.warnings, *gathering.problems)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConfigRefused(problems, gathering.digests)
    return Prepared(
        file=file,
        document=loaded.document,
        loaded=loaded,
        materials=materials,
        policies=trust_policies(loaded.document, materials),
        warnings=problems,
        digests={**gathering.digests, file: _digest(content)},
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _whole(file: str, message: str, way_out: str) -> Problem:
    return Problem(
        position=Position(file=file, line=1, column=1), path="", message=message, way_out=way_out
    )
