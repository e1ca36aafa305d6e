"""Revocation lists of the kit's authorities.

    crl_of(root, {client: None})                              revokes one, without a reason
    crl_of(root, {client: x509.ReasonFlags.key_compromise})
    crl_of(root, begin=kit.now - 2 * DAY, end=kit.now - DAY)  stale
    crl_of(root, signer=other)                                signed by another key
    crl_of(root, number=7, base=5)                            a delta list
    crl_of(root, {a: None}, issuers={a: mid})                 an entry of another authority's

Gives the PEM; ``list_of`` the list as ostiary reads it. ``point`` makes an
issuingDistributionPoint, ``points`` a certificate's cRLDistributionPoints.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList
from tests.support.pki import DAY, Made

Extensions = Sequence[tuple[x509.ExtensionType, bool]]
HERE, ELSEWHERE = "http://a.example/here.crl", "http://a.example/elsewhere.crl"


def crl_of(
    issuer: Made,
    revoked: Mapping[Made, x509.ReasonFlags | None] | None = None,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
    signer: Made | None = None,
    number: int | None = None,
    base: int | None = None,
    issuers: Mapping[Made, Made] | None = None,
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
    for extension, critical in (*_numbers(number, base), *extensions):
        builder = builder.add_extension(extension, critical)
    for made, reason in (revoked or {}).items():
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(made.native.serial_number)
            .revocation_date(begin or now - DAY)
        )
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        if issuers and made in issuers:
            entry = entry.add_extension(x509.CertificateIssuer([name(issuers[made])]), True)
        for extension, critical in entry_extensions:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    key: Any = (signer or issuer).key
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def list_of(
    issuer: Made, revoked: Mapping[Made, x509.ReasonFlags | None] | None = None, **more: Any
) -> RevocationList:
    """The same, read; ``pem_of_list`` gives its PEM again."""
    pem = crl_of(issuer, revoked, **more)
    (found,) = read_crls(pem)
    _made()[found.sha256] = pem
    return found


def pem_of_list(one: RevocationList) -> bytes:
    """The PEM of a list that ``list_of`` made."""
    return _made()[one.sha256]


def der_of_list(pem: bytes) -> bytes:
    """The DER in the only block."""
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def point(*urls: str, reasons: Sequence[x509.ReasonFlags] = (), **flags: bool) -> Extensions:
    """issuingDistributionPoint, as an extension of a list; without names if there is no URL."""
    said = {"only_contains_user_certs": False, "only_contains_ca_certs": False}
    said |= {"indirect_crl": False, "only_contains_attribute_certs": False} | flags
    made = x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url) for url in urls] or None,
        relative_name=None,
        only_some_reasons=frozenset(reasons) or None,
        **said,
    )
    return [(made, True)]


def points(
    *urls: str, reasons: Sequence[x509.ReasonFlags] = (), issuer: Made | None = None
) -> Extensions:
    """cRLDistributionPoints with one point, as an extension of a certificate."""
    made = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url) for url in urls] or None,
        relative_name=None,
        reasons=frozenset(reasons) or None,
        crl_issuer=[name(issuer)] if issuer else None,
    )
    return [(x509.CRLDistributionPoints([made]), False)]


def name(made: Made) -> x509.DirectoryName:
    """The subject as a general name."""
    return x509.DirectoryName(made.native.subject)


def _numbers(number: int | None, base: int | None) -> Extensions:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if number is not None:
        found.append((x509.CRLNumber(number), False))
    if base is not None:
        found.append((x509.DeltaCRLIndicator(base), True))
    return found


@cache
def _made() -> dict[bytes, bytes]:
    return {}
