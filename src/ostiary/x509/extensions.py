"""The rest of what a certificate says, for people who look at one: nothing is decided by it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID as AccessOID
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from ostiary.x509.certificate import Certificate, bearing_oddities
from ostiary.x509.names import alternative_text

_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign",
)  # fmt: skip
_PURPOSES = {
    Purpose.SERVER_AUTH.dotted_string: "serverAuth",
    Purpose.CLIENT_AUTH.dotted_string: "clientAuth",
    Purpose.CODE_SIGNING.dotted_string: "codeSigning",
    Purpose.EMAIL_PROTECTION.dotted_string: "emailProtection",
    Purpose.TIME_STAMPING.dotted_string: "timeStamping",
    Purpose.OCSP_SIGNING.dotted_string: "OCSPSigning",
    Purpose.ANY_EXTENDED_KEY_USAGE.dotted_string: "anyExtendedKeyUsage",
    Purpose.SMARTCARD_LOGON.dotted_string: "smartcardLogon",
    Purpose.KERBEROS_PKINIT_KDC.dotted_string: "pkInitKDC",
    Purpose.IPSEC_IKE.dotted_string: "ipsecIKE",
}
_AGREEMENT_USAGES = ("encipher_only", "decipher_only")
"""Defined only beside key agreement (RFC 5280 4.2.1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Extensions of RFC 5280 section 4.2, as texts; empty where there is none."""

    sha1: str
    """SHA-1 of the DER, lower-case hex: what older tools show."""
    key_usages: tuple[str, ...] = ()
    """As in RFC 5280: ``keyCertSign``."""
    purposes: tuple[str, ...] = ()
    """Extended key usages: names as ``clientAuth``, others as dotted numbers."""
    path_length: int | None = None
    """How many intermediates may stand below; None: any number."""
    subject_key_id: str = ""
    """Lower-case hex; likewise ``authority_key_id``."""
    authority_key_id: str = ""
    policies: tuple[str, ...] = ()
    """Dotted object identifiers."""
    crl_addresses: tuple[str, ...] = ()
    ocsp_addresses: tuple[str, ...] = ()
    issuer_addresses: tuple[str, ...] = ()
    """Where the issuer's certificate can be had."""


def details_of(certificate: Certificate) -> Details:
    """Made anew each time. The certificate was read strictly, so this raises nothing."""
    found = Details(
        sha1=hashlib.sha1(certificate.der, usedforsecurity=False).hexdigest(),
        purposes=tuple(_PURPOSES.get(one, one) for one in certificate.extended_key_usages),
    )
    with bearing_oddities():
        for extension in certificate.native.extensions:
            found = _with(found, extension.value)
    return found


def _with(found: Details, value: x509.ExtensionType) -> Details:
    match value:
        case x509.KeyUsage():
            return replace(found, key_usages=tuple(_usages(value)))
        case x509.BasicConstraints(path_length=length):
            return replace(found, path_length=length)
        case x509.SubjectKeyIdentifier(digest=digest):
            return replace(found, subject_key_id=digest.hex())
        case x509.AuthorityKeyIdentifier(key_identifier=identifier):
            return replace(found, authority_key_id=(identifier or b"").hex())
        case x509.CertificatePolicies():
            listed = tuple(one.policy_identifier.dotted_string for one in value)
            return replace(found, policies=listed)
        case _:
            return _with_addresses(found, value)


def _with_addresses(found: Details, value: x509.ExtensionType) -> Details:
    match value:
        case x509.CRLDistributionPoints():
            names = [name for point in value for name in point.full_name or ()]
            return replace(found, crl_addresses=_texts(names))
        case x509.AuthorityInformationAccess():
            ocsp, issuers = (
                _texts(one.access_location for one in value if one.access_method == method)
                for method in (AccessOID.OCSP, AccessOID.CA_ISSUERS)
            )
            return replace(found, ocsp_addresses=ocsp, issuer_addresses=issuers)
        case _:
            return found


def _texts(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(alternative_text(name).removeprefix("URI:") for name in names)


def _usages(value: x509.KeyUsage) -> Iterable[str]:
    agreeing = _AGREEMENT_USAGES if value.key_agreement else ()
    for name in (*_USAGES, *agreeing):
        if getattr(value, name):
            first, *rest = name.split("_")
            words = [one.upper() if one == "crl" else one.capitalize() for one in rest]
            yield "cRLSign" if name == "crl_sign" else first + "".join(words)
