"""Certificates and settings as views."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from ostiary.config.effective import Part, Source
from ostiary.management.views import SOON_DAYS, CertificateView, Expiry, Setting
from ostiary.store.database.records import Summary
from ostiary.x509.certificate import Certificate
from ostiary.x509.extensions import details_of

T = TypeVar("T")
U = TypeVar("U")
_LONGEST_CHAIN = 10


def expiry(not_before: datetime, not_after: datetime, now: datetime) -> Expiry:
    """Both ends are inside the validity."""
    if now > not_after:
        return Expiry.EXPIRED
    if now < not_before:
        return Expiry.NOT_YET
    near = not_after - now <= timedelta(days=SOON_DAYS)
    return Expiry.SOON if near else Expiry.GOOD


def summary(certificates: tuple[Certificate, ...]) -> Summary:
    """What tables show of a bundle."""
    first = certificates[0]
    return Summary(
        subject=first.subject or "(empty subject)",
        fingerprint=first.sha256,
        not_before=first.not_before,
        not_after=min(one.not_after for one in certificates),
        certificates=len(certificates),
    )


def setting(part: Part[T], file: str) -> Setting[T]:
    """A part of the effective settings; ``file`` locks what it gives."""
    return Setting(part.value, part.source, file if part.source is Source.FILE else None)


def changed(part: Setting[T], to: Callable[[T], U]) -> Setting[U]:
    """The same setting with its value shown in another way."""
    return Setting(to(part.value), part.source, part.locked_by)


def by_subject(certificates: Iterable[Certificate]) -> Mapping[bytes, Certificate]:
    """For looking up issuers; of several with one name the last that is valid longest."""
    ordered = sorted(certificates, key=lambda one: one.not_after)
    return {one.subject_der: one for one in ordered if one.is_ca or one.is_self_issued}


def certificate_view(
    certificate: Certificate, now: datetime, authorities: Mapping[bytes, Certificate]
) -> CertificateView:
    """All that people look for."""
    details = details_of(certificate)
    return CertificateView(
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=f"{certificate.serial:X}",
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        expiry=expiry(certificate.not_before, certificate.not_after, now),
        fingerprint=certificate.fingerprint,
        key=f"{certificate.key.kind.value} {certificate.key.bits}".removesuffix(" 0"),
        signature=certificate.signature_digest,
        version=certificate.version,
        is_ca=certificate.is_ca,
        is_self_issued=certificate.is_self_issued,
        alternative_names=certificate.subject_alternative_names,
        extended_key_usages=details.purposes,
        sha1=details.sha1,
        key_usages=details.key_usages,
        path_length=details.path_length,
        subject_key_id=details.subject_key_id,
        authority_key_id=details.authority_key_id,
        policies=details.policies,
        crl_addresses=details.crl_addresses,
        ocsp_addresses=details.ocsp_addresses,
        issuer_addresses=details.issuer_addresses,
        chain=_chain(certificate, authorities),
        pem=certificate.pem.decode(),
    )


def _chain(certificate: Certificate, authorities: Mapping[bytes, Certificate]) -> tuple[str, ...]:
    """By names alone: for reading, nobody is trusted by it."""
    found: list[str] = []
    below = certificate
    while not below.is_self_issued and len(found) < _LONGEST_CHAIN:
        above = authorities.get(below.issuer_der)
        if above is None:
            break
        found.append(above.subject)
        below = above
    return tuple(found)
