"""Whose is a certificate: ordering, dates and conflicts among the credentials that fit it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.model import Known
from ostiary.consumers.reason import CredentialReason


@dataclass(frozen=True, slots=True)
class Owned:
    """The certificate is one consumer's."""

    known: Known
    """By the first of its credentials that counts now, with the scopes of all of these."""


@dataclass(frozen=True, slots=True)
class Unowned:
    """The certificate is nobody's, now."""

    reason: CredentialReason
    detail: str
    """One sentence without a full stop: which credentials, and whose."""


Tied: TypeAlias = Owned | Unowned


def whose(fitting: Sequence[CertificateCredential], now: datetime) -> Tied:
    """Whose certificate is it at ``now`` (aware), to which these credentials fit?

    What is deactivated, or not between its dates, claims nothing. Who else would have to be guessed
    at is refused: two consumers' claims are nobody's, whichever of them is the older.
    """
    good = [one for one in fitting if one.good_at(now)]
    owners = {one.known.consumer.id: one for one in good}
    if len(owners) == 1:
        scopes = frozenset(scope for one in good for scope in one.known.credential.scopes)
        first = good[0].known
        return Owned(replace(first, credential=replace(first.credential, scopes=scopes)))
    if owners:
        told = _told(owners.values())
        return Unowned(CredentialReason.AMBIGUOUS, f"it fits the credentials {told}")
    if not fitting:
        return Unowned(CredentialReason.NOBODYS, "no credential fits it")
    told = _told(fitting)
    if any(_in_time(one, now) for one in fitting):
        return Unowned(CredentialReason.INACTIVE, f"what fits is deactivated: {told}")
    return Unowned(CredentialReason.OUT_OF_DATE, f"what fits is not between its dates: {told}")


def until(fitting: Iterable[CertificateCredential], now: datetime) -> datetime | None:
    """The first moment after ``now`` at which ``whose`` may tell otherwise by the time alone."""
    dates = (date for one in fitting for date in (one.valid_from, one.valid_until))
    return min((date for date in dates if date is not None and date > now), default=None)


def _in_time(one: CertificateCredential, now: datetime) -> bool:
    begun = one.valid_from is None or one.valid_from <= now
    return begun and (one.valid_until is None or now < one.valid_until)


def _told(credentials: Iterable[CertificateCredential]) -> str:
    told = [f"{one.known.credential.id} of {one.known.consumer.name}" for one in credentials]
    return ", ".join(told[:4]) + (f" and {len(told) - 4} more" if len(told) > 4 else "")
