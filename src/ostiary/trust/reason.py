"""Why a certificate was refused: stable words and numbers, with the prose beside them."""

from enum import Enum

ADMITTED_CODE = 1
"""The number that stands for "admitted" wherever a Reason's ``code`` stands for a refusal."""


class Reason(Enum):
    """One refusal. The value and ``code`` are public and never change; the prose may improve.

    Numbers run from 2 to 99 and fit a stick-table counter.
    """

    code: int
    sentence: str
    """One sentence without a full stop."""
    way_out: str
    """What the operator or the client's owner can do about it."""

    # The defaults are never used: they let a type checker accept Reason("weak-key").
    def __new__(cls, value: str, code: int = 0, sentence: str = "", way_out: str = "") -> "Reason":
        """Keep the stable code as the value and the rest beside it."""
        member = object.__new__(cls)
        member._value_ = value
        member.code, member.sentence, member.way_out = code, sentence, way_out
        return member

    UNKNOWN_ENTRY = (
        "unknown-entry",
        2,
        "the connection came in by a TLS entry that is not configured",
        "add the name to the `tls` map, or have the client use a configured name",
    )
    NO_TRUST_ANCHORS = (
        "no-trust-anchors",
        3,
        "the TLS entry has no `ca`, so it trusts nobody",
        "name the certificates to trust under `ca` of the TLS entry",
    )
    NO_CERTIFICATE = (
        "no-certificate",
        4,
        "the client showed no certificate",
        "configure the client to present its certificate and key",
    )
    NO_ANSWER = (
        "no-answer",
        5,
        "the agent that decides did not answer in time",
        "see the log of the agent; requests are refused until it answers",
    )
    MALFORMED_CERTIFICATE = (
        "malformed-certificate",
        6,
        "a presented certificate is not a proper X.509 certificate",
        "issue the certificate again with a standard tool",
    )
    HOSTILE_NAME = (
        "hostile-name",
        7,
        "a name in a presented certificate holds a control character",
        "issue the certificate again with plain text in its names",
    )
    CHAIN_TOO_LARGE = (
        "chain-too-large",
        8,
        "the presented certificates are too many or too large",
        "send the certificate and its intermediates only, without extras",
    )
    CERTIFICATE_EXPIRED = (
        "certificate-expired",
        9,
        "a certificate in the path has expired",
        "renew the certificate; check the clocks if it should still be good",
    )
    NOT_YET_VALID = (
        "not-yet-valid",
        10,
        "a certificate in the path is not valid yet",
        "wait until it is; check the clocks if it should be good already",
    )
    ISSUER_MISSING = (
        "issuer-missing",
        11,
        "the certificate's issuer is neither trusted nor known",
        "have the client send its intermediate certificates, or add the issuer to `ca` or to the "
        "gateway's trusted certificates",
    )
    UNTRUSTED_ISSUER = (
        "untrusted-issuer",
        12,
        "the certificates presented lead to no trust anchor",
        "add the issuing root to `ca` or to the gateway's trusted certificates if it should be "
        "trusted",
    )
    WRONG_PURPOSE = (
        "wrong-purpose",
        13,
        "a certificate in the path is not for TLS client authentication",
        "issue it with extended key usage clientAuth and key usage digitalSignature",
    )
    ISSUER_NOT_A_CA = (
        "issuer-not-a-ca",
        14,
        "an issuer in the path is not a certificate authority",
        "issue it with basicConstraints CA:TRUE and key usage keyCertSign",
    )
    PATH_TOO_LONG = (
        "path-too-long",
        15,
        "the path has more intermediates than an authority in it allows",
        "issue from an authority whose pathLenConstraint leaves room",
    )
    NAME_CONSTRAINT_VIOLATED = (
        "name-constraint-violated",
        16,
        "a name is outside what an authority in the path may certify",
        "issue the certificate within the authority's name constraints",
    )
    CERTIFICATE_POLICY_VIOLATED = (
        "certificate-policy-violated",
        17,
        "the path has no certificate policy that an authority in it requires",
        "issue the certificate with the required policy",
    )
    SIGNATURE_INVALID = (
        "signature-invalid",
        18,
        "a signature in the path is not its issuer's",
        "check that the issuer's certificate belongs to the key that signed",
    )
    CRITICAL_EXTENSION = (
        "critical-extension-unknown",
        19,
        "a certificate in the path has a critical extension that is not understood",
        "issue the certificate without it, or not critical",
    )
    WEAK_KEY = (
        "weak-key",
        20,
        "a key in the path is too weak, or of a kind or size that is not accepted",
        "use RSA of 2048 bits, EC P-256, Ed25519 or better",
    )
    WEAK_DIGEST = (
        "weak-digest",
        21,
        "a certificate in the path is signed with a broken or unknown digest",
        "issue the certificate again with SHA-256 or better",
    )
    PATH_REFUSED = (
        "path-refused",
        22,
        "OpenSSL refuses the path for a reason of its own",
        "see the detail",
    )
    REVOKED = (
        "revoked",
        23,
        "a revocation list or OCSP answer says that a certificate in the path is revoked",
        "issue a new certificate with a new key",
    )
    REVOCATION_UNDETERMINED = (
        "revocation-undetermined",
        24,
        "no valid revocation list or OCSP answer tells about a certificate in the path",
        "name a current list of each authority in the path in "
        "`clientCertificateAuth.revocation.crl`, or its responder in `ocsp` there; mode soft lets "
        "pass whom nobody tells about",
    )
    NAME_NOT_TRUSTED = (
        "name-not-trusted",
        25,
        "no trusted distinguished name and no allow rule fits the certificate",
        "add a pattern that fits its subject to `trustedDistinguishedNames`, or have the client "
        "use another certificate",
    )
    DENIED_BY_RULE = (
        "denied-by-rule",
        26,
        "a deny rule fits the certificate",
        "see the detail for the rule; deny rules win over everything that allows",
    )
    HEADER_MALFORMED = (
        "header-malformed",
        27,
        "the header that should hold the client certificate can't be read",
        "set `headerFormat` to what the load balancer sends",
    )
    HEADER_REPEATED = (
        "header-repeated",
        28,
        "the header with the client certificate came more than once",
        "have the load balancer replace the header instead of adding it",
    )
    HEADER_TOO_LARGE = (
        "header-too-large",
        29,
        "the header with the client certificate is too large",
        "have the load balancer send the certificate without its chain",
    )
    BLOCKED = (
        "blocked",
        30,
        "the certificate was blocked by an operator",
        "see the detail for who, when and why; `ostiary clients unblock` lets it in again",
    )


def reason_of_code(code: int) -> Reason | None:
    """The reason with this number; None for ADMITTED_CODE and for numbers nobody gave."""
    return next((reason for reason in Reason if reason.code == code), None)
