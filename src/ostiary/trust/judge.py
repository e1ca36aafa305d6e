"""The decision itself: a list of checks, walked to the first that refuses.

``judge`` and ``walk`` run the same list; ``walk`` also has each check tell what it saw.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ostiary.trust.case import REFUSAL_AGE, Case
from ostiary.trust.decision import Decision, Presented, Refused, Step, Walk
from ostiary.trust.faults import REASON_OF_FAULT
from ostiary.trust.finding import Listed, NotRevoked, Undetermined
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.keeper import Keeper
from ostiary.trust.naming import look_at_names
from ostiary.trust.policy import Revocation
from ostiary.trust.reason import Reason
from ostiary.trust.weak import oversized
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.verify import (
    MOST_UNTRUSTED,
    PathFault,
    PathFaultKind,
    PathVerifier,
    VerifiedPath,
)

__all__ = ["LARGEST_PRESENTED", "REFUSAL_AGE", "Keeper", "judge", "walk"]

LARGEST_PRESENTED = 65_536
"""Bytes of DER in leaf and chain together."""


def judge(
    presented: Presented, keeper: Keeper, intermediates: Intermediates, now: datetime
) -> Decision:
    """Decide about one presented certificate at ``now`` (aware). Never raises for its bytes.

    Reads ``intermediates`` (marking what it uses as recently used) and never adds to them.
    """
    case = Case(presented, keeper, intermediates, now)
    for check in _CHECKS:
        refused = check.refuse(case)
        if refused is not None:
            return refused
    return case.admitted()


def walk(presented: Presented, keeper: Keeper, intermediates: Intermediates, now: datetime) -> Walk:
    """Decide like ``judge``, and tell every step."""
    case = Case(presented, keeper, intermediates, now)
    steps = []
    for check in _CHECKS:
        refused = check.refuse(case)
        if refused is not None:
            steps.append(Step(check.name, False, refused.detail))
            return Walk(tuple(steps), refused)
        steps.append(Step(check.name, True, check.tell(case)))
    return Walk(tuple(steps), case.admitted())


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    refuse: Callable[[Case], Refused | None]
    tell: Callable[[Case], str]
    """What the check saw, once it has passed."""


def _anchors(case: Case) -> Refused | None:
    if case.keeper.policy.anchors or not case.keeper.policy.path_needed:
        return None
    return case.refused(Reason.NO_TRUST_ANCHORS, Reason.NO_TRUST_ANCHORS.sentence)


def _shown(case: Case) -> Refused | None:
    if case.presented.leaf:
        return None
    return case.refused(Reason.NO_CERTIFICATE, Reason.NO_CERTIFICATE.sentence)


def _size(case: Case) -> Refused | None:
    chain = case.presented.chain
    if len(chain) > MOST_UNTRUSTED:
        return case.refused(
            Reason.CHAIN_TOO_LARGE, f"{len(chain)} certificates sent beside the client's own"
        )
    total = len(case.presented.leaf) + sum(map(len, chain))
    if total > LARGEST_PRESENTED:
        return case.refused(Reason.CHAIN_TOO_LARGE, f"{total} bytes of certificates sent")
    return None


def _reading(case: Case) -> Refused | None:
    try:
        case.leaf = parse(case.presented.leaf)
        case.chain = tuple(
            case.intermediates.known(der) or parse(der) for der in case.presented.chain
        )
    except NotACertificate as fault:
        hostile = fault.reason is Unreadable.HOSTILE_NAME
        reason = Reason.HOSTILE_NAME if hostile else Reason.MALFORMED_CERTIFICATE
        return case.refused(reason, fault.sentence)
    if not case.leaf.subject and not case.leaf.subject_alternative_names:
        # RFC 5280 4.1.2.6: an empty subject needs a subject alternative name.
        return case.refused(
            Reason.MALFORMED_CERTIFICATE, "neither a subject nor a subject alternative name"
        )
    for certificate in (case.leaf, *case.chain):
        fault_of_size = oversized(certificate.key)
        if fault_of_size is not None:
            return case.refused(Reason.WEAK_KEY, f"{_who(certificate)}: {fault_of_size}")
    return None


def _path(case: Case) -> Refused | None:
    if not case.keeper.policy.anchors:
        return _alone(case)
    verifier = case.keeper.verifier
    found = verifier.verify(case.leaf, case.chain, case.now)
    if isinstance(found, PathFault) and (
        found.kind is PathFaultKind.ISSUER_MISSING or found.depth > 0
    ):
        # On a resumed session the engine no longer has the chain, and some clients never send
        # one: what other clients have shown and had verified may complete the path.
        known = case.intermediates.candidates(
            (case.leaf, *case.chain), MOST_UNTRUSTED - len(case.chain)
        )
        if known:
            second = verifier.verify(case.leaf, (*case.chain, *known), case.now)
            found = second if isinstance(second, VerifiedPath) else found
    if isinstance(found, VerifiedPath):
        case.path = found.certificates
        return None
    return _no_path(case, found)


def _alone(case: Case) -> Refused | None:
    """Somebody else has verified the path: validity and purpose are looked at as if the
    certificate were pinned."""
    found = PathVerifier((case.leaf,)).verify(case.leaf, (), case.now)
    if isinstance(found, VerifiedPath):
        case.path = found.certificates
        return None
    return _no_path(case, found)


def _no_path(case: Case, fault: PathFault) -> Refused:
    reason = REASON_OF_FAULT[fault.kind]
    if reason is Reason.ISSUER_MISSING and case.chain:
        # The chain was there and did not help: that will not mend itself on this certificate's
        # next resumption, so it may be remembered for a moment.
        reason = Reason.UNTRUSTED_ISSUER
    detail = f"{fault.sentence} (depth {fault.depth}, OpenSSL error {fault.openssl_code})"
    if reason in (Reason.ISSUER_MISSING, Reason.UNTRUSTED_ISSUER):
        detail += f"; issued by {case.leaf.issuer!r}"
    refused = case.refused(reason, detail)
    begins = case.leaf.not_before
    if reason is Reason.NOT_YET_VALID and refused.until is not None and begins > case.now:
        return Refused(
            reason, f"{detail}; valid from {begins.isoformat()}", min(refused.until, begins)
        )
    return refused


def _keys(case: Case) -> Refused | None:
    weak = case.keeper.policy.weak
    for certificate in case.path:
        fault = weak.fault_of_key(certificate.key)
        if fault is not None:
            return case.refused(Reason.WEAK_KEY, f"{_who(certificate)}: {fault}")
    return None


def _digests(case: Case) -> Refused | None:
    weak = case.keeper.policy.weak
    # The anchor is believed because the operator named it, not because of its signature.
    for certificate in _signed(case):
        fault = weak.fault_of_digest(certificate)
        if fault is not None:
            return case.refused(Reason.WEAK_DIGEST, f"{_who(certificate)}: {fault}")
    return None


def _signed(case: Case) -> tuple[Certificate, ...]:
    """The certificates believed for their signatures; without anchors, the leaf's own counts."""
    return case.path[:-1] if case.keeper.policy.anchors else case.path


def _revocation(case: Case) -> Refused | None:
    found = case.keeper.look_up(case.path, case.now)
    case.asking = found.asking
    match found:
        case NotRevoked(until, told):
            case.listed_until, case.told_revocation = until, told
            return None
        case Listed(detail):
            return replace(case.refused(Reason.REVOKED, detail), asking=found.asking)
        case Undetermined():
            return _undetermined(case, found)
        case never:
            assert_never(never)


def _undetermined(case: Case, found: Undetermined) -> Refused | None:
    until = case.now + REFUSAL_AGE
    reason, again = Reason.REVOCATION_UNDETERMINED, found.again
    refused = Refused(reason, found.detail, min(until, again or until), found.asking, found.missing)
    if case.keeper.policy.looks_up is Revocation.STRICT:
        # While somebody is asked, each request may be the one that comes after the answer.
        return replace(refused, until=None) if found.asking else refused
    case.would_refuse, case.listed_until = refused, again
    case.told_revocation = f"undetermined, which mode soft lets pass: {found.detail}"
    return None


def _names(case: Case) -> Refused | None:
    finding = look_at_names(case.leaf, case.keeper.names)
    case.told_names = finding.told
    if finding.reason is None:
        return None
    refused = case.refused(finding.reason, f"{_who(case.leaf)}: {finding.told}")
    if not case.keeper.policy.report_only:
        return replace(refused, path=case.path if case.anchored else ())
    case.would_refuse = replace(refused, missing=(case.would_refuse or refused).missing)
    case.told_names = f"would be refused ({finding.reason.value}): {finding.told}"
    return None


def _age(case: Case) -> Refused | None:
    # OpenSSL counts whole seconds; within the last one there is nothing left to remember.
    if case.until() > case.now:
        return None
    return case.refused(Reason.CERTIFICATE_EXPIRED, f"ended {case.until().isoformat()}")


def _who(certificate: Certificate) -> str:
    return repr(certificate.subject) if certificate.subject else f"serial {certificate.serial:x}"


def _tell_anchors(case: Case) -> str:
    count = len(case.keeper.policy.anchors)
    return f"{count} trust anchors" if count else "none are needed: no path is asked for"


def _tell_path(case: Case) -> str:
    return " ← ".join(map(_who, case.path))


_CHECKS = (
    _Check("trust-anchors", _anchors, _tell_anchors),
    _Check("certificate", _shown, lambda c: f"{len(c.presented.leaf)} bytes shown"),
    _Check("size", _size, lambda c: f"{len(c.presented.chain)} certificates sent beside it"),
    _Check("reading", _reading, lambda c: f"{_who(c.leaf)} issued by {c.leaf.issuer!r}"),
    _Check("path", _path, _tell_path),
    _Check("keys", _keys, lambda c: ", ".join(str(x.key) for x in c.path)),
    _Check(
        "digests",
        _digests,
        lambda c: ", ".join(x.signature_digest for x in _signed(c)) or "the leaf is pinned",
    ),
    _Check("revocation", _revocation, lambda c: c.told_revocation),
    _Check("names", _names, lambda c: c.told_names),
    _Check("until", _age, lambda c: f"good until {c.until().isoformat()}"),
)
