"""What goes into the compiler and what comes out of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.trust.ocsp import Responder
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMaterial:
    """The files of one ``tls`` entry, read and parsed."""

    certificate: bytes
    """PEM: the server certificate, then its chain."""
    key: bytes
    """PEM: the private key, PKCS #8, not encrypted."""
    anchors: tuple[Certificate, ...]
    """The trust anchors of this entry's ``ca``; empty trusts nobody."""
    anchor_files: Mapping[str, tuple[Certificate, ...]] = field(default_factory=dict)
    """The same by file as written, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamMaterial:
    """The TLS files of one service endpoint; None where the document names none."""

    client: bytes | None = None
    """PEM: certificate and key with which the gateway presents itself."""
    anchors: bytes | None = None
    """PEM: who may sign the upstream's certificate; None means the system's roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminMaterial:
    """The TLS files of the admin listener, read and parsed; for Python's own TLS, not the
    engine's."""

    certificate: bytes
    """PEM: the certificate, then its chain."""
    key: bytes
    """PEM: the private key, PKCS #8, not encrypted."""
    anchors: tuple[Certificate, ...]
    """Whose certificates administrators may show; empty: nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentMaterial:
    """What the listener for enrolment shows."""

    certificate: bytes
    """PEM: the certificate, then its chain."""
    key: bytes
    """PEM: the private key, PKCS #8, not encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """Everything the document names, as read from disk."""

    entries: Mapping[str, EntryMaterial] = field(default_factory=dict)
    """By name in ``https.tls``."""
    upstreams: Mapping[tuple[str | None, str | None, str | None], UpstreamMaterial] = field(
        default_factory=dict
    )
    """By (keyFile, certFile, caFile) as written in the document."""
    crls: tuple[RevocationList, ...] = ()
    """The lists of ``https.options.crl``, usable or not."""
    client_crls: tuple[RevocationList, ...] = ()
    """The lists of ``clientCertificateAuth.revocation.crl``, for clients only: with type header the
    entries' own certificates are load balancers'."""
    ocsp: tuple[Responder, ...] = ()
    """The responders of ``clientCertificateAuth.revocation.ocsp``."""
    trusted: tuple[Certificate, ...] = ()
    """Trusted at every entry with type certificate, and in header mode: the file's and the store's
    together, each once."""
    trusted_files: Mapping[str, tuple[Certificate, ...]] = field(default_factory=dict)
    """What ``clientCertificateAuth.trustedCertificates`` names, by file as written."""
    trusted_store: tuple[Certificate, ...] = ()
    """The store's trusted certificates; they and those of the files are ``trusted``."""
    admin: AdminMaterial | None = None
    enrolment: EnrolmentMaterial | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the bundle will live and whom it talks to; all absolute paths."""

    folder: str
    """The revision's folder: every file of the bundle is written here."""
    run_folder: str
    """Where sockets live; the same for every revision, since workers hand them on."""
    revision: int
    system_roots: str = "@system-ca"
    """The CA file that upstreams are verified by where the document names none."""
    dual_stack: bool = True
    """Whether this host has IPv6: a listener without ``hostname`` then takes both families."""

    @property
    def agent_socket(self) -> str:
        """Where HAProxy asks the agent."""
        return f"{self.run_folder}/agent.sock"

    @property
    def enrolment_socket(self) -> str:
        """Where HAProxy passes on what devices ask for when they enrol."""
        return f"{self.run_folder}/est.sock"

    @property
    def events_socket(self) -> str:
        """Where HAProxy tells refusals, as datagrams."""
        return f"{self.run_folder}/events.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The engine's files for one revision: relative file name to content."""

    files: Mapping[str, bytes]


def entry_id(listener: str, name: str) -> str:
    """The short, stable name of a TLS entry in keys and questions: 16 hex digits.

    It depends on the names alone, not on what is trusted there, so that a worker which still
    drains asks about the entry and is judged by what is trusted *now*.
    """
    return hashlib.sha256(f"{listener}/{name.lower()}".encode()).hexdigest()[:16]
