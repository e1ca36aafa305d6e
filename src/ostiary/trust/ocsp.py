"""Whose OCSP answer is believed, about what, and how long (RFC 6960 sections 3.2 and 4.2.2)."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.weak import WeakPolicy
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate
from ostiary.x509.ocsp_answer import Condition, OcspAnswer, Single
from ostiary.x509.ocsp_question import Subject, responders_of
from ostiary.x509.ocsp_signer import fault_of_delegate, is_never_revoked
from ostiary.x509.revocation import is_issued_by

SKEW = timedelta(minutes=5)
"""How far the responder's clock may be from ours, as with ``openssl ocsp``."""
WITHOUT_END = timedelta(hours=1)
"""How long an answer counts that doesn't say when there will be newer word."""


class Nonce(Enum):
    """Whether a question has a nonce (RFC 9654), so that nobody can answer with an old answer."""

    OFF = "off"
    OPTIONAL = "optional"
    """An answer must have the same one, or none: many responders sign beforehand."""
    REQUIRED = "required"
    """An answer must have the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """A responder that the operator named."""

    url: str
    issuer: str | None = None
    """Pattern of the authority's name, for whose certificates it is asked; None: for all."""
    certificate: Certificate | None = None
    """Who signs its answers, where that is neither the authority nor certified by it for this."""

    def is_for(self, subject: Subject) -> bool:
        """Whether it is asked about this certificate. Raises PatternRefused."""
        return self.issuer is None or parse_pattern(self.issuer).fits(subject.issuer.names.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspRules:
    """Who is asked, and who is believed. Rules of the same content have the same ``id``."""

    responders: tuple[Responder, ...] = ()
    aia: bool = True
    """Whether responders that certificates name are asked, too, after those."""
    nonce: Nonce = Nonce.OPTIONAL
    maximum_age: timedelta | None = None
    """How long after its ``thisUpdate`` an answer counts at most; None: as long as it says."""
    refresh: timedelta | None = None
    """After which time those in use are asked for again; None: before they end."""
    timeout: timedelta = timedelta(seconds=5)
    """How long one responder may take, all in all."""
    weak: WeakPolicy = field(default_factory=WeakPolicy)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id."""
        told = (
            *(
                f"{one.url} {one.issuer} {one.certificate and one.certificate.fingerprint}"
                for one in self.responders
            ),
            f"{self.aia} {self.nonce.value} {self.maximum_age} {self.refresh} {self.timeout} "
            f"{self.weak!r}",
        )
        digest = hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass"))
        object.__setattr__(self, "id", digest.hexdigest()[:32])


@dataclass(frozen=True, slots=True)
class Target:
    """One responder to ask."""

    url: str
    written: bool
    """By the operator; else by whoever made the certificate."""


def targets_of(subject: Subject, rules: OcspRules) -> tuple[Target, ...]:
    """Whom to ask, in this order; the path to the certificate must have been verified."""
    written = dict.fromkeys(one.url for one in rules.responders if one.is_for(subject))
    named = responders_of(subject.certificate) if rules.aia else ()
    return (
        *(Target(url, True) for url in written),
        *(Target(url, False) for url in named if url not in written),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be asked, and of whom."""

    subject: Subject
    key: bytes
    """``Subject.key``."""
    targets: tuple[Target, ...]
    """In this order; never empty."""
    rules: OcspRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of a certificate by an answer that is believed; times are aware, UTC."""

    condition: Condition
    since: datetime
    """``thisUpdate``."""
    produced_at: datetime
    until: datetime
    """How long it counts, without any grace."""
    told: str
    """The same in words: whose answer, and what it says."""
    delegate: Certificate | None = None
    """Who signed it, where the authority has certified that and may have revoked it since."""


class Blame(Enum):
    """Whose fault it may be that there is no answer that tells anything."""

    QUESTION = "question"
    """One about another certificate may well be answered."""
    EITHER = "either"
    """The responder has answered, but as one that is broken, or that this question has broken."""
    RESPONDER = "responder"
    """It is silent."""


@dataclass(frozen=True, slots=True)
class Unbelieved:
    """The answer tells nothing, and why."""

    why: str
    blame: Blame = Blame.QUESTION


def believe(
    answer: OcspAnswer, subject: Subject, rules: OcspRules, at: datetime
) -> Status | Unbelieved:
    """What ``answer`` tells about ``subject``; ``at`` (aware) is when it came.

    An answer that has ended is no fault here: what it revoked stays revoked.
    """
    single = _single(answer, subject)
    if isinstance(single, Unbelieved):
        return single
    signer = _signer(answer, subject, rules, at)
    if isinstance(signer, Unbelieved):
        return signer
    untimely = _untimely(answer, single, at)
    if untimely is not None:
        return Unbelieved(untimely)
    until = _until(single, rules, at)
    delegate = None if signer.name or is_never_revoked(signer.certificate) else signer.certificate
    return Status(
        condition=single.condition,
        since=single.this_update,
        produced_at=answer.produced_at,
        until=until if signer.name == _AUTHORITY else min(until, signer.certificate.not_after),
        told=_told(single, subject),
        delegate=delegate,
    )


def disowned(answer: OcspAnswer, subject: Subject, taken: datetime) -> Status | None:
    """Whom an answer revoked that was believed when it came, at ``taken``, but is no longer; None
    where it is about somebody else, or doesn't revoke. Who signed it isn't looked at again."""
    single = _single(answer, subject)
    if isinstance(single, Unbelieved) or single.condition is not Condition.REVOKED:
        return None
    return Status(
        condition=Condition.REVOKED,
        since=single.this_update,
        produced_at=answer.produced_at,
        until=taken,
        told=f"{_told(single, subject)}, whose answer is no longer believed",
    )


def _single(answer: OcspAnswer, subject: Subject) -> Single | Unbelieved:
    if answer.fault is not None:
        return Unbelieved(answer.fault)
    about = [one for one in answer.singles if one.about and subject.is_named_by(one.about)]
    usable = [one for one in about if one.fault is None]
    if not usable:
        return Unbelieved(about[0].fault or "" if about else "it is about another certificate")
    return max(usable, key=lambda one: (one.this_update, one.condition is Condition.REVOKED))


_AUTHORITY, _NAMED = "the authority", "a responder named in the configuration"


@dataclass(frozen=True, slots=True)
class _Signer:
    certificate: Certificate
    name: str
    """Empty for one whom the authority has certified for this."""


def _signer(
    answer: OcspAnswer, subject: Subject, rules: OcspRules, at: datetime
) -> _Signer | Unbelieved:
    """RFC 6960 4.2.2.2: the authority itself, a responder that is named here for it, or one whom
    it has certified for this, with its own key."""
    digest = answer.signature.digest
    if digest in rules.weak.refuse_digests:
        return Unbelieved(f"it is signed with {digest}")
    if answer.is_by(subject.issuer):
        return _Signer(subject.issuer, _AUTHORITY)
    faults = []
    for signer in _others(answer, subject, rules):
        if not answer.is_by(signer.certificate):
            continue
        fault = _fault_of(signer, subject, rules, at)
        if fault is None:
            return signer
        faults.append(f"it is signed by {signer.certificate.subject!r}, but {fault}")
    nobody = "it is signed neither by the authority nor by anybody it has certified for this"
    return Unbelieved(faults[0] if faults else nobody)


def _others(answer: OcspAnswer, subject: Subject, rules: OcspRules) -> Iterator[_Signer]:
    """Who may have signed in the authority's stead."""
    for one in rules.responders:
        if one.certificate and one.is_for(subject):
            yield _Signer(one.certificate, _NAMED)
    for der in answer.certificates:
        with contextlib.suppress(NotACertificate):
            yield _Signer(parse(der), "")


def _fault_of(signer: _Signer, subject: Subject, rules: OcspRules, at: datetime) -> str | None:
    certificate = signer.certificate
    if not signer.name and not is_issued_by(certificate, subject.issuer):
        return "the authority has not certified it"
    if not certificate.not_before <= at <= certificate.not_after:
        return "its certificate is not valid now"
    if signer.name:
        return None
    return (
        fault_of_delegate(certificate)
        or rules.weak.fault_of_key(certificate.key)
        or rules.weak.fault_of_digest(certificate)
    )


def _untimely(answer: OcspAnswer, single: Single, at: datetime) -> str | None:
    """RFC 6960 4.2.2.1; ends are for whoever uses it."""
    for since in (single.this_update, answer.produced_at):
        if since > at + SKEW:
            return f"it is from the future: {since.isoformat()}"
    if single.next_update is not None and single.next_update < single.this_update:
        return "it ends before it begins"
    return None


def _until(single: Single, rules: OcspRules, at: datetime) -> datetime:
    since, ends = single.this_update, single.next_update
    if ends is None:
        ends = since + min(WITHOUT_END, rules.maximum_age or WITHOUT_END)
    elif ends <= at:
        ends += SKEW  # its clock may be slow, or ours fast
    return ends if rules.maximum_age is None else min(ends, since + rules.maximum_age)


def _told(single: Single, subject: Subject) -> str:
    who = f"{subject.certificate.subject!r}, serial {subject.certificate.serial:x},"
    whose = f"OCSP for {subject.issuer.subject!r}"
    match single.condition:
        case Condition.REVOKED:
            on = f" on {single.revoked_at.isoformat()}" if single.revoked_at else ""
            reason = single.reason or "no reason told"
            return f"{who} was revoked{on}, by {whose} ({reason})"
        case Condition.GOOD:
            return f"good by {whose}"
        case Condition.UNKNOWN:
            return f"{who} is unknown to {whose}"
