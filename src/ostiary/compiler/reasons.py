"""Maps that turn numbers into words in the log: verdicts, and OpenSSL's verification errors."""

from ostiary.compiler.credential_names import WOULD_FROM
from ostiary.consumers.reason import CredentialReason
from ostiary.haproxy.files import render_map
from ostiary.trust.reason import ADMITTED_CODE, Reason

# OpenSSL, x509_vfy.h: X509_V_ERR_*; the sentences are ours.
_VERIFY_ERRORS = {
    2: "the issuer of a certificate in the chain is unknown",
    7: "a signature in the chain is wrong",
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed and not trusted",
    19: "the chain ends at a root that is not trusted",
    20: "the certificate's issuer is not trusted or was not sent",
    21: "the certificate's issuer is not trusted or was not sent",
    22: "the chain is too long",
    23: "the certificate was revoked",
    24: "a certificate in the chain is no certificate authority",
    25: "the chain is longer than one of its authorities allows",
    26: "the certificate was issued for another purpose",
    27: "the authority is not trusted for this purpose",
    28: "the authority is rejected for this purpose",
    32: "the issuer may not sign certificates",
    47: "a name is outside what its authority may name",
    48: "a name is outside what its authority may name",
    66: "the key is too weak",
    67: "a key in the chain is too weak",
    68: "a signature in the chain uses a weak digest",
}


def reason_files() -> dict[str, bytes]:
    """``reasons.map`` and ``verify-errors.map``."""
    reasons = {str(reason.code): reason.value for reason in Reason}
    reasons |= {str(WOULD_FROM + one.code): one.value for one in CredentialReason}
    return {
        "reasons.map": render_map({str(ADMITTED_CODE): "admitted", **reasons}),
        "verify-errors.map": render_map({str(code): text for code, text in _VERIFY_ERRORS.items()}),
    }
