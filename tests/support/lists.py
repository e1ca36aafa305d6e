"""Revocation lists of the kit's authorities.

    crl_of(root, {client: None})                              revokes one, without a reason
    crl_of(root, {client: x509.ReasonFlags.key_compromise})
    crl_of(root, begin=kit.now - 2 * DAY, end=kit.now - DAY)  stale
    crl_of(root, signer=other)                                signed by another key

Gives the PEM; ``list_of`` the list as ostiary reads it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList
from tests.support.pki import DAY, Made

Extensions = Sequence[tuple[x509.ExtensionType, bool]]


def crl_of(
    issuer: Made,
    revoked: Mapping[Made, x509.ReasonFlags | None] | None = None,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
    signer: Made | None = None,
    extensions: Extensions = (),
    entry_extensions: Extensions = (),
) -> bytes:
    """One list, PEM; valid from yesterday until in a month unless told otherwise."""
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.native.subject)
        .last_update(begin or now - DAY)
        .next_update(end or now + 30 * DAY)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for made, reason in (revoked or {}).items():
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(made.native.serial_number)
            .revocation_date(begin or now - DAY)
        )
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        for extension, critical in entry_extensions:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    key: Any = (signer or issuer).key
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def list_of(
    issuer: Made, revoked: Mapping[Made, x509.ReasonFlags | None] | None = None, **more: Any
) -> RevocationList:
    """The same, read."""
    (found,) = read_crls(crl_of(issuer, revoked, **more))
    return found
