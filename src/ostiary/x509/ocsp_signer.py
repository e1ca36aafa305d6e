"""Certificates that an authority gave to its OCSP responders (RFC 6960 section 4.2.2.2)."""

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.x509.certificate import Certificate, bearing_oddities

_OCSP_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string


def fault_of_delegate(certificate: Certificate) -> str | None:
    """Why its extensions don't let it answer for the authority that issued it, or None.

    RFC 6960 4.2.2.2: id-kp-OCSPSigning must be there itself, anyExtendedKeyUsage is not enough;
    RFC 5280 4.2.1.12: with a key usage, digitalSignature or nonRepudiation.
    """
    if _OCSP_SIGNING not in certificate.extended_key_usages:
        return "it is not for OCSP signing (extended key usage)"
    usage = _usage(certificate)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return "its key is not for signatures (key usage)"
    return None


def is_never_revoked(certificate: Certificate) -> bool:
    """Whether its authority says that it needn't be looked up (id-pkix-ocsp-nocheck, 4.2.2.2.1)."""
    with bearing_oddities():
        return any(isinstance(one.value, x509.OCSPNoCheck) for one in certificate.native.extensions)


def _usage(certificate: Certificate) -> x509.KeyUsage | None:
    with bearing_oddities():
        for extension in certificate.native.extensions:
            if isinstance(extension.value, x509.KeyUsage):
                return extension.value
    return None
