"""What the configuration file gives, and so nobody else can change."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ostiary.config.effective import AuthType
from ostiary.services.prepare import Prepared
from ostiary.x509.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedAnchor:
    """A trusted certificate that the file names."""

    certificate: Certificate
    where: str
    """``gateway.config.yml: https.tls.default.ca``."""
    file: str
    """The file it is in, as written."""


def file_of(prepared: Prepared) -> str:
    """The configuration file as people call it."""
    return PurePosixPath(prepared.file).name


def locked_anchors(prepared: Prepared) -> tuple[LockedAnchor, ...]:
    """Every certificate that the file has trusted, one row for each place."""
    return tuple(_locked_anchors(prepared))


def _locked_anchors(prepared: Prepared) -> Iterator[LockedAnchor]:
    name = file_of(prepared)
    materials = prepared.materials
    places = (
        *((f"https.tls.{entry}.ca", one.anchor_files) for entry, one in materials.entries.items()),
        ("clientCertificateAuth.trustedCertificates", materials.trusted_files),
    )
    for key, files in places:
        for file, certificates in files.items():
            for certificate in certificates:
                where = f"{name}: {key}"
                yield LockedAnchor(certificate=certificate, where=where, file=file)


def ssl_enabled(prepared: Prepared) -> bool:
    """Whether there is an https section with a certificate."""
    return prepared.document.https is not None and bool(prepared.document.https.tls)


def takes_certificates(prepared: Prepared) -> bool:
    """Whether trusted certificates can be added: SSL is enabled (fourth seed), or certificates
    come in a header, which works without."""
    return ssl_enabled(prepared) or prepared.effective.type.value is AuthType.HEADER
