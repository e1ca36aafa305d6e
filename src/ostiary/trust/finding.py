"""What is found out about revocation: of one certificate, and of a whole path."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ostiary.trust.decision import Missing
from ostiary.trust.ocsp import Question
from ostiary.x509.certificate import Certificate


@dataclass(frozen=True, slots=True)
class NotRevoked:
    """Nobody is known as revoked; good until then (aware; None: nothing was looked up)."""

    until: datetime | None
    told: str
    asking: tuple[Question, ...] = ()
    """What is to be asked meanwhile."""
    delegate: Certificate | None = None
    """Who signed an OCSP answer, where the authority may have revoked them since."""
    since: datetime | None = None
    """``thisUpdate`` of what told, of several the oldest; aware. None: of a whole path."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate is revoked."""

    detail: str
    ended: bool = False
    """There might be newer word by now."""
    asking: tuple[Question, ...] = ()
    since: datetime | None = None
    """``thisUpdate`` of the OCSP answer that revokes it; aware. None: a list does."""


@dataclass(frozen=True, slots=True)
class Undetermined:
    """There is nobody who could tell. From ``again`` on (aware) there may be."""

    detail: str
    again: datetime | None = None
    asking: tuple[Question, ...] = ()
    missing: Missing = ()
    """Where the certificates that can't be looked up say that lists are."""


Finding = NotRevoked | Listed | Undetermined


def together(found: Iterable[Finding]) -> Finding:
    """What findings about a path's certificates, leaf first, come to; the first that is revoked
    ends it."""
    findings: list[NotRevoked | Undetermined] = []
    for one in found:
        if isinstance(one, Listed):
            return one
        findings.append(one)
    asking = tuple(question for one in findings for question in one.asking)
    undetermined = [one for one in findings if isinstance(one, Undetermined)]
    if undetermined:
        missing = dict.fromkeys(point for one in undetermined for point in one.missing)
        again = soonest(undetermined)
        return Undetermined(undetermined[0].detail, again, asking, tuple(missing))
    good = [one for one in findings if isinstance(one, NotRevoked)]
    until = min((one.until for one in good if one.until is not None), default=None)
    told = "; ".join(one.told for one in good) or "the certificate is itself an anchor"
    return NotRevoked(until, told, asking)


def soonest(undetermined: Iterable[Undetermined]) -> datetime | None:
    """When the first of them may be determined."""
    return min((one.again for one in undetermined if one.again is not None), default=None)
