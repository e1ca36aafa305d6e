"""The files a document names: read, understood, and held against each other.

Every problem is told, at the line that names the file: missing, a request instead of a certificate,
a key of another certificate, an expired server certificate.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from ostiary.compiler.bundle import (
    AdminMaterial,
    EnrolmentMaterial,
    EntryMaterial,
    Materials,
    UpstreamMaterial,
)
from ostiary.config.load import Loaded
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import Admin, TlsEntry
from ostiary.config.model.proxy import Target as Upstream
from ostiary.kernel.problems import Problem, Severity
from ostiary.services.condition_checks import judge_conditions
from ostiary.services.list_files import GatheredLists, ListGathering
from ostiary.services.lists import ListReading
from ostiary.services.name_checks import judge_file_names, judge_registrars
from ostiary.services.ocsp_responders import named_responders
from ostiary.services.ports import ReadFile, Unreadable
from ostiary.services.targets import upstreams_of
from ostiary.services.token_sources import TokenReading, TokenSource, token_sources
from ostiary.services.webhooks import Reading, Target, targets_of
from ostiary.trust.anchors import AnchorSet
from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import UnreadableError
from ostiary.x509.keys import PrivateKey
from ostiary.x509.pem import key_matches, read_certificates, read_private_key

Path = tuple[str | int, ...]

SOON = timedelta(days=30)
"""How long before a server certificate expires it is warned about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the document's files hold, and what is wrong or doubtful about them by themselves."""

    materials: Materials
    problems: tuple[Problem, ...]
    digests: Mapping[str, str]
    """SHA-256 (hexadecimal; empty where it could not be read) of every file but lists, by absolute
    path."""
    lists: GatheredLists
    webhooks: Mapping[str, Target] = field(default_factory=dict)
    """Who is notified, by name."""
    tokens: Mapping[str, TokenSource] = field(default_factory=dict)
    """Who vouches for tokens, by the name that judgements give them."""


def with_lists(gathered: Gathered, lists: GatheredLists) -> Gathered:
    """The same with other lists."""
    materials = replace(gathered.materials, crls=lists.listener, client_crls=lists.clients)
    return replace(gathered, materials=materials, lists=lists)


@dataclass
class Gathering:
    """What was read so far, and every problem met on the way."""

    loaded: Loaded
    folder: PurePosixPath
    """The configuration file's folder: relative paths start there."""
    read: ReadFile
    now: datetime
    reading: ListReading = field(default_factory=ListReading)
    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 (hexadecimal) of every file read, by absolute path, for the watcher."""

    def gather(self) -> Gathered:
        """Read everything the document names; look at the problems before using the result."""
        document = self.loaded.document
        entries = {}
        for name, entry in document.https.tls.items() if document.https else ():
            entries[name] = self._entry(name, entry)
        auth = document.client_certificate_auth
        upstreams = self._upstreams(document)
        lists = ListGathering(self.loaded, self.folder, self.read, self.reading).gather()
        ocsp = named_responders(auth, self._certificates, self._problem, self.now)
        trusted = self._trusted(auth.trusted_certificates or ())
        materials = Materials(
            entries=entries,
            upstreams=upstreams,
            crls=lists.listener,
            client_crls=lists.clients,
            ocsp=ocsp,
            trusted=AnchorSet(one for several in trusted.values() for one in several),
            trusted_files=trusted,
            admin=self._admin(document.admin),
            enrolment=self._enrolment(document, entries),
        )
        reading = Reading(self._content, self._certificates, self._problem)
        webhooks = targets_of(document.notifications.webhooks, reading)
        tokens = token_sources(
            document, TokenReading(self._content, self._certificates, self._problem)
        )
        self.problems.extend(judge_file_names(self.loaded))
        self.problems.extend(judge_conditions(self.loaded))
        return Gathered(
            materials=materials,
            problems=tuple(self.problems),
            digests=self.digests,
            lists=lists,
            webhooks=webhooks,
            tokens=tokens,
        )

    def _entry(self, name: str, entry: TlsEntry) -> EntryMaterial:
        at: Path = ("https", "tls", name)
        chain, key = self._pair((*at, "cert"), entry.cert, (*at, "key"), entry.key)
        files: dict[str, tuple[Certificate, ...]] = {}
        for number, file in enumerate(entry.ca):
            files[file] = self._certificates((*at, "ca", number), file)
            self._judge_anchors((*at, "ca", number), file, files[file])
        return EntryMaterial(
            certificate=chain,
            key=key,
            anchors=AnchorSet(one for found in files.values() for one in found),
            anchor_files=files,
        )

    def _pair(self, at: Path, file: str, key_at: Path, key_file: str) -> tuple[bytes, bytes]:
        """A server's certificate with its chain, and its key, PEM; both empty where unreadable."""
        chain, key = self._certificates(at, file), self._key(key_at, key_file)
        if chain:
            self._judge_server(at, file, chain[0])
        if chain and key and not key_matches(key, chain[0]):
            self._problem(
                key_at,
                f"{key_file!r} is not the key of the certificate {file!r}",
                f"{file!r} is for {chain[0].subject!r}; name the key it was made with",
            )
        return b"".join(one.pem for one in chain), key.pem() if key else b""

    def _judge_server(self, at: Path, file: str, certificate: Certificate) -> None:
        until = f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
        if certificate.not_after < self.now:
            self._problem(at, f"{file!r} expired on {until}", "renew it", Severity.WARNING)
        elif certificate.not_after < self.now + SOON:
            self._problem(at, f"{file!r} expires on {until}", "renew it soon", Severity.WARNING)
        if certificate.not_before > self.now:
            starts = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
            self._problem(
                at, f"{file!r} is not valid before {starts}", "check the clock", Severity.WARNING
            )

    def _judge_anchors(self, at: Path, file: str, found: tuple[Certificate, ...]) -> None:
        for certificate in found:
            if certificate.not_after < self.now:
                self._problem(
                    at,
                    f"the trust anchor {certificate.subject!r} in {file!r} has expired",
                    "nobody is admitted by it; the others stand",
                    Severity.WARNING,
                )

    def _trusted(self, files: Sequence[str]) -> dict[str, tuple[Certificate, ...]]:
        found = {}
        for number, file in enumerate(files):
            at: Path = ("clientCertificateAuth", "trustedCertificates", number)
            found[file] = self._certificates(at, file)
            self._judge_anchors(at, file, found[file])
        return found

    def _admin(self, admin: Admin | None) -> AdminMaterial | None:
        if admin is None or admin.tls is None or not admin.enabled:
            return None
        at: Path = ("admin", "tls")
        chain, key = self._pair((*at, "cert"), admin.tls.cert, (*at, "key"), admin.tls.key)
        anchors: list[Certificate] = []
        for number, file in enumerate(admin.tls.ca):
            anchors.extend(self._certificates((*at, "ca", number), file))
        return AdminMaterial(certificate=chain, key=key, anchors=AnchorSet(anchors))

    def _enrolment(
        self, document: Document, entries: Mapping[str, EntryMaterial]
    ) -> EnrolmentMaterial | None:
        est = document.pki.est if document.pki else None
        if est is None:
            return None
        at: Path = ("pki", "est")
        self.problems.extend(judge_registrars(self.loaded, est))
        if est.tls is None:
            shared = entries.get("default")
            pair = (shared.certificate, shared.key) if shared else (b"", b"")
        else:
            at = (*at, "tls")
            pair = self._pair((*at, "cert"), est.tls.cert, (*at, "key"), est.tls.key)
        return EnrolmentMaterial(certificate=pair[0], key=pair[1])

    def _upstreams(
        self, document: Document
    ) -> dict[tuple[str | None, str | None, str | None], UpstreamMaterial]:
        found = {}
        for at, target in upstreams_of(document):
            key = (target.key_file, target.cert_file, target.ca_file)
            if key not in found:
                found[key] = self._upstream(at, target)
        return found

    def _upstream(self, at: Path, target: Upstream) -> UpstreamMaterial:
        client = anchors = None
        if target.cert_file and target.key_file:
            chain = self._certificates((*at, "certFile"), target.cert_file)
            private = self._key((*at, "keyFile"), target.key_file)
            if chain and private and not key_matches(private, chain[0]):
                self._problem(
                    (*at, "keyFile"),
                    f"{target.key_file!r} is not the key of the certificate {target.cert_file!r}",
                )
            client = b"".join(one.pem for one in chain) + (private.pem() if private else b"")
        if target.ca_file:
            roots = self._certificates((*at, "caFile"), target.ca_file)
            anchors = b"".join(one.pem for one in roots)
        return UpstreamMaterial(client=client, anchors=anchors)

    def _certificates(self, at: Path, file: str) -> tuple[Certificate, ...]:
        content = self._content(at, file)
        if content is None:
            return ()
        try:
            return read_certificates(content)
        except UnreadableError as error:
            self._problem(at, f"{file!r}: {error}", error.way_out)
            return ()

    def _key(self, at: Path, file: str) -> PrivateKey | None:
        content = self._content(at, file)
        if content is None:
            return None
        try:
            return read_private_key(content)
        except UnreadableError as error:
            self._problem(at, f"{file!r}: {error}", error.way_out)
            return None

    def _content(self, at: Path, file: str) -> bytes | None:
        path = str(self.folder / file)
        try:
            content = self.read(path)
        except Unreadable as error:
            self.digests.setdefault(path, "")
            self._problem(at, f"{file!r} ({path}): {error}", "check the path and its permissions")
            return None
        self.digests[path] = hashlib.sha256(content).hexdigest()
        return content

    def _problem(
        self, at: Path, message: str, way_out: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        self.problems.append(self.loaded.problem(at, message, way_out, severity))
