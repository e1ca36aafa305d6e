"""What the TLS handshake does with a client, told from the configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.compiler.tls import Asking, Entry
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate

UNKNOWN_NAME_ALERT = "unrecognized_name"
"""RFC 6066 section 3: what HAProxy sends where ``strict-sni`` finds no entry."""

NOT_WHOLE = "no self-signed root in `ca`, which the engine's handshake wants"
MAKE_WHOLE = (
    "add the root, and what stands between, to `ca`; "
    "or set rejectUnauthorized to false and let the pipelines decide"
)

NO_CERTIFICATE_ALERT = "certificate_required (handshake_failure in TLS 1.2)"
"""RFC 8446 section 6.2; TLS 1.2 has no alert of its own for it."""

_ALERTS = {
    # What OpenSSL sends for its verification errors (ssl_x509err2alert); names of RFC 8446.
    Reason.NO_CERTIFICATE: NO_CERTIFICATE_ALERT,
    Reason.NO_TRUST_ANCHORS: "unknown_ca",
    Reason.ISSUER_MISSING: "unknown_ca",
    Reason.UNTRUSTED_ISSUER: "unknown_ca",
    Reason.ISSUER_NOT_A_CA: "unknown_ca",
    Reason.PATH_TOO_LONG: "unknown_ca",
    Reason.CERTIFICATE_EXPIRED: "certificate_expired",
    Reason.NOT_YET_VALID: "bad_certificate",
    Reason.WRONG_PURPOSE: "unsupported_certificate",
    Reason.SIGNATURE_INVALID: "decrypt_error",
    Reason.NAME_CONSTRAINT_VIOLATED: "certificate_unknown",
    Reason.CRITICAL_EXTENSION: "certificate_unknown",
    Reason.WEAK_KEY: "bad_certificate",
    Reason.WEAK_DIGEST: "bad_certificate",
}
"""By reason; what is not here passes the handshake and is refused at the first request."""

_POLICY_OF_OURS = frozenset({Reason.WEAK_KEY, Reason.WEAK_DIGEST, Reason.CRITICAL_EXTENSION})
"""Reasons that the handshake may not share, since it judges these things by its own rules."""


@dataclass(frozen=True, slots=True)
class Passes:
    """The handshake succeeds."""


@dataclass(frozen=True, slots=True)
class Fails:
    """The handshake ends with an alert; ``certain`` False: or the first request with a 403."""

    alert: str
    certain: bool


Handshake = Passes | Fails


def shake_hands(entry: Entry, decision: Decision, anchors: Sequence[Certificate] = ()) -> Handshake:
    """What happens at an entry, with these trust anchors, to a client that is so decided about."""
    if entry.asking not in (Asking.TRUSTED, Asking.SHOWN):
        return Passes()
    if isinstance(decision, Admitted):
        whole = not decision.path or leads_to_a_root(decision.path[-1], anchors)
        return Passes() if whole else Fails("unknown_ca", certain=True)
    alert = _ALERTS.get(decision.reason)
    if entry.asking is Asking.SHOWN and decision.reason is Reason.NO_CERTIFICATE:
        return Passes()
    if alert is None:
        return Passes()
    return Fails(alert, certain=decision.reason not in _POLICY_OF_OURS)


def leads_to_a_root(certificate: Certificate, anchors: Sequence[Certificate]) -> bool:
    """Whether the handshake can follow the certificate to a self-signed anchor.

    The agent believes every anchor, also an intermediate or a pinned certificate; HAProxy's
    handshake wants the whole path (OpenSSL without X509_V_FLAG_PARTIAL_CHAIN).
    """
    return _leads(certificate, {anchor.subject_der: anchor for anchor in anchors})


def without_root(anchors: Sequence[Certificate]) -> list[Certificate]:
    """The anchors that the handshake can't follow to a self-signed one."""
    by_subject = {anchor.subject_der: anchor for anchor in anchors}
    return [anchor for anchor in anchors if not _leads(anchor, by_subject)]


def _leads(certificate: Certificate, by_subject: Mapping[bytes, Certificate]) -> bool:
    for _ in range(len(by_subject) + 1):
        if certificate.is_self_issued:
            return True
        above = by_subject.get(certificate.issuer_der)
        if above is None:
            return False
        certificate = above
    return False


def choose_entry(entries: Sequence[Entry], name: str) -> Entry | None:
    """The entry that answers for an SNI name (empty: none sent); None: the handshake fails.

    Exact, then one-label wildcard, then the default (HAProxy manual, crt-list).
    """
    by_name = {entry.name: entry for entry in entries}
    name = name.lower().rstrip(".")
    _, dot, rest = name.partition(".")
    wanted = (name, f"*{dot}{rest}", "default")
    return next((by_name[one] for one in wanted if one in by_name), None)


def asks(entry: Entry) -> str:
    """What the handshake asks for at this entry, in words."""
    match entry.asking:
        case Asking.SHOWN:
            return "asks for a certificate and refuses one that this entry does not trust"
        case Asking.NOTHING:
            return "asks for no certificate"
        case Asking.ANY:
            return "asks for a certificate and lets any or none through; the pipeline decides"
        case Asking.TRUSTED:
            return "requires a certificate that this entry trusts"


def way_out_of(decision: Decision) -> str:
    """What can be done about a refusal; empty for an admission."""
    return decision.reason.way_out if isinstance(decision, Refused) else ""
