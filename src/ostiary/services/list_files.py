"""The files of revocation lists that a document names; they change oftener than all else."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ostiary.config.load import Loaded
from ostiary.config.model.revocation_fetch import is_url
from ostiary.kernel.problems import Problem, Severity
from ostiary.services.lists import ListFile, ListReading
from ostiary.services.ports import ReadFile, Unreadable
from ostiary.x509.errors import UnreadableError
from ostiary.x509.revocation import RevocationList

Path = tuple[str | int, ...]

_CLIENT_CRL = ("clientCertificateAuth", "revocation", "crl")
_LISTENER_CRL = ("https", "options", "crl")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredLists:
    """What the files of lists hold, and what is wrong or doubtful about them by themselves."""

    listener: tuple[RevocationList, ...]
    """Of ``https.options.crl``."""
    clients: tuple[RevocationList, ...]
    """Of ``clientCertificateAuth.revocation.crl``."""
    places: tuple[tuple[Path, RevocationList], ...]
    """Every revocation list, and the place in the document that names its file."""
    files: Mapping[str, ListFile]
    """By absolute path: so that what hasn't changed isn't read again."""
    digests: Mapping[str, str]
    """SHA-256 (hexadecimal; empty where it could not be read), by absolute path."""
    problems: tuple[Problem, ...]


@dataclass
class ListGathering:
    """What was read so far, and every problem met on the way."""

    loaded: Loaded
    folder: PurePosixPath
    """The configuration file's folder: relative paths start there."""
    read: ReadFile
    reading: ListReading
    _problems: list[Problem] = field(default_factory=list)
    _digests: dict[str, str] = field(default_factory=dict)
    _places: list[tuple[Path, RevocationList]] = field(default_factory=list)
    _files: dict[str, ListFile] = field(default_factory=dict)

    def gather(self) -> GatheredLists:
        """Read all of them; look at the problems before using the result."""
        document = self.loaded.document
        revocation = document.client_certificate_auth.revocation
        listener = document.https.options.crl if document.https else ()
        return GatheredLists(
            listener=self._lists(_LISTENER_CRL, listener),
            clients=self._lists(_CLIENT_CRL, (revocation and revocation.crl) or ()),
            places=tuple(self._places),
            files=self._files,
            digests=self._digests,
            problems=tuple(self._problems),
        )

    def _lists(self, place: Path, files: Sequence[str]) -> tuple[RevocationList, ...]:
        found: list[RevocationList] = []
        for number, text in enumerate(files):
            at: Path = (*place, number)
            if is_url(text):
                continue  # what is fetched comes to it later
            written_out = "-----BEGIN" in text
            path = text if written_out else str(self.folder / text)
            content = text.encode() if written_out else self._content(at, text, path)
            if content is None:
                continue
            try:
                file = self.reading.file(path, content, hashlib.sha256(content).hexdigest())
            except UnreadableError as error:
                self._problem(at, str(error), error.way_out)
                continue
            self._files[path] = file
            self._places.extend((at, crl) for crl in file.every)
            self._gone_back(at, file)
            found.extend(file.every)
        return tuple(found)

    def _content(self, at: Path, text: str, path: str) -> bytes | None:
        try:
            content = self.read(path)
        except Unreadable as error:
            self._digests[path] = ""
            way_out = "check the path and its permissions"
            self._problem(at, f"{text!r} ({path}): {error}", way_out)
            return None
        self._digests[path] = hashlib.sha256(content).hexdigest()
        return content

    def _gone_back(self, at: Path, file: ListFile) -> None:
        for kept in file.kept:
            self._problem(
                at,
                f"the revocation list of {kept.issuer!r} is older than the one in force, which has "
                f"number {kept.number} and stays",
                "put the newest list there; if the authority counts anew, give the file a new name",
                Severity.WARNING,
            )

    def _problem(
        self, at: Path, message: str, way_out: str, severity: Severity = Severity.ERROR
    ) -> None:
        self._problems.append(self.loaded.problem(at, message, way_out, severity))
