"""From the operator's text to something that can be served: every problem at once, or none."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.compiler.policies import policies_of_any_type, trust_policies
from ostiary.config.effective import Effective, Managed
from ostiary.config.load import Draft, Loaded, draft
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import Unquotable
from ostiary.kernel.blocked import Blocked
from ostiary.kernel.problems import ConfigRefused, Position, Problem, Severity
from ostiary.plugins.call import Inspect, not_looked_at
from ostiary.services.list_files import ListGathering
from ostiary.services.list_sources import NOTHING_FETCHED, Fetched, wanted_lists
from ostiary.services.lists import ListReading
from ostiary.services.materials import Gathered, Gathering, Path, with_lists
from ostiary.services.name_checks import judge_managed_names
from ostiary.services.ports import ReadFile, Unreadable
from ostiary.services.trust_checks import judge_trust
from ostiary.trust.anchors import AnchorSet
from ostiary.trust.policy import TrustPolicy
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A configuration that holds together, with everything it names."""

    file: str
    """Absolute path of the configuration file."""
    document: Document
    loaded: Loaded
    gathered: Gathered
    """What was read from the files the document names."""
    materials: Materials
    """The same, with what the store trusts and the lists that were fetched."""
    fetched: Fetched
    """All lists that were fetched, whether the document asks for them or not."""
    crl_places: tuple[tuple[Path, RevocationList], ...]
    """Every revocation list in force, and the place in the document that brings it."""
    policies: Mapping[str, TrustPolicy]
    """By scope: what the type in force judges by."""
    warnings: tuple[Problem, ...]
    digests: Mapping[str, str]
    """SHA-256 of every file this was made from, the configuration file included, by path."""
    engine: object = field(default_factory=object)
    """Where two have the same one, the engine's files are the same, too."""

    @property
    def folder(self) -> PurePosixPath:
        """The configuration file's folder: relative paths in the document start there."""
        return PurePosixPath(self.file).parent

    @property
    def effective(self) -> Effective:
        """Client certificate authentication as it acts."""
        return self.loaded.effective

    @property
    def managed(self) -> Managed:
        """What is set beside the file."""
        return self.loaded.managed

    @property
    def blocked(self) -> Blocked:
        """Who may pass nowhere."""
        return self.managed.blocked

    def policies_of_any_type(self) -> Mapping[str, TrustPolicy]:
        """By scope: what the agent judges by, for workers of another type, too."""
        return policies_of_any_type(self.document, self.materials, self.effective)

    def bundle(self, place: Place) -> Bundle:
        """The engine's files for one revision. Raises ConfigRefused."""
        try:
            return compile_document(self.document, self.materials, place, self.effective)
        except Unquotable as error:
            raise ConfigRefused([_whole(self.file, str(error), "")]) from error

    def with_managed(
        self, managed: Managed, trusted: Iterable[Certificate], now: datetime
    ) -> "Prepared":
        """The same files with other managed settings and trusted certificates; reads nothing.

        Raises ConfigRefused for what does not go together with the file; the problem says that
        its cause is in the store. Where the blocked certificates alone are others, nothing else
        is looked at: that takes no longer with a thousand APIs.
        """
        trusted = tuple(trusted)
        mine = self.managed
        if (
            managed.gateway == mine.gateway
            and managed.apis == mine.apis
            and trusted == self.materials.trusted_store
        ):
            return replace(self, loaded=replace(self.loaded, managed=managed))
        loaded = self.loaded.draft.checked(managed)
        return _put_together(
            self.file,
            loaded,
            self.gathered,
            now,
            digests=self.digests,
            found=judge_managed_names(loaded, self.managed),
            trusted=trusted,
            fetched=self.fetched,
        )

    def with_fetched(self, fetched: Fetched, now: datetime) -> "Prepared":
        """The same with other lists that were fetched; reads nothing. Raises ConfigRefused."""
        return self._with_other_lists(self.gathered, fetched, now)

    def with_list_files(self, read: ReadFile, reading: ListReading, now: datetime) -> "Prepared":
        """The same with the files of lists as they are now. Raises ConfigRefused."""
        folder = PurePosixPath(self.file).parent
        lists = ListGathering(self.loaded, folder, read, reading).gather()
        gathered = with_lists(self.gathered, lists)
        return self._with_other_lists(gathered, self.fetched, now)

    def _with_other_lists(self, gathered: Gathered, fetched: Fetched, now: datetime) -> "Prepared":
        made = _put_together(
            self.file,
            self.loaded,
            gathered,
            now,
            digests={**self.digests, **gathered.lists.digests},
            found=judge_managed_names(self.loaded, self.managed),
            trusted=self.materials.trusted_store,
            fetched=fetched,
        )
        # The engine is told nothing of lists.
        return replace(made, engine=self.engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The configuration file, read and typed: the first half of ``prepare``."""

    file: str
    digest: str
    draft: Draft

    @property
    def document(self) -> Document:
        """What the operator wrote; not yet known to hold together."""
        return self.draft.document


_NO_FILE = "name the file with --config, or see a gateway at work first: ostiary demo"


def prepare(
    file: str,
    read: ReadFile,
    environ: Mapping[str, str],
    now: datetime,
    *,
    managed: Managed | None = None,
    trusted: Iterable[Certificate] = (),
    inspect: Inspect = not_looked_at,
) -> Prepared:
    """Read and check the configuration at the absolute path ``file``.

    ``managed`` and ``trusted`` are what the store gives: settings, and trusted certificates.
    Raises ConfigRefused with every problem found, in the document and in the files it names.
    """
    written = read_written(file, read, environ, inspect)
    return prepare_written(written, read, now, managed=managed, trusted=trusted)


def read_written(
    file: str, read: ReadFile, environ: Mapping[str, str], inspect: Inspect = not_looked_at
) -> Written:
    """Read the configuration file alone. Raises ConfigRefused where it makes no document.

    ``inspect`` looks at the plug-ins that it names.
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
    made = draft(text, file, environ, inspect)
    return Written(file=file, digest=_digest(content), draft=made)


def prepare_written(
    written: Written,
    read: ReadFile,
    now: datetime,
    *,
    managed: Managed | None = None,
    trusted: Iterable[Certificate] = (),
    reading: ListReading | None = None,
    fetched: Fetched = NOTHING_FETCHED,
) -> Prepared:
    """The second half of ``prepare``: everything the document names. Raises ConfigRefused.

    ``reading``: how files of revocation lists are read, and those read before; ``fetched``: those
    that come from elsewhere.
    """
    loaded = written.draft.checked(managed)
    folder = PurePosixPath(written.file).parent
    gathered = Gathering(loaded, folder, read, now, reading or ListReading()).gather()
    return _put_together(
        written.file,
        loaded,
        gathered,
        now,
        digests={**gathered.lists.digests, **gathered.digests, written.file: written.digest},
        found=judge_managed_names(loaded),
        trusted=trusted,
        fetched=fetched,
    )


def _put_together(
    file: str,
    loaded: Loaded,
    gathered: Gathered,
    now: datetime,
    *,
    digests: Mapping[str, str],
    found: Iterable[Problem],
    trusted: Iterable[Certificate],
    fetched: Fetched,
) -> Prepared:
    store = AnchorSet(trusted)
    lists = wanted_lists(loaded.document, fetched)
    materials = replace(
        gathered.materials,
        trusted_store=store,
        trusted=AnchorSet((*gathered.materials.trusted, *store)),
        client_crls=(*gathered.materials.client_crls, *lists.every),
    )
    problems = [*loaded.warnings, *gathered.problems, *gathered.lists.problems, *found]
    if not _errors(problems):
        written = (*gathered.lists.places, *lists.written)
        problems += judge_trust(loaded, materials, written, now, complete=lists.complete)
    if _errors(problems):
        files = {path: digest for path, digest in digests.items() if path != file}
        raise ConfigRefused(problems, files)
    return Prepared(
        file=file,
        document=loaded.document,
        loaded=loaded,
        gathered=gathered,
        materials=materials,
        fetched=fetched,
        crl_places=(*gathered.lists.places, *lists.written, *lists.found),
        policies=trust_policies(loaded.document, materials, loaded.effective),
        warnings=tuple(problems),
        digests=digests,
    )


def _errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _whole(file: str, message: str, way_out: str) -> Problem:
    return Problem(
        position=Position(file=file, line=1, column=1), path="", message=message, way_out=way_out
    )
