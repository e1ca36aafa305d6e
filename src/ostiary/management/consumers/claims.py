"""Two consumers' claims to one certificate, as far as they can be foreseen.

A certificate that is two consumers' is refused (``consumers.tied``). Rules that name the same
certificate, or say the same, are told when they are made; that two patterns will meet in some
certificate is told when it comes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ostiary.consumers.certificates import CertificateRule
from ostiary.store.database.consumer_records import StoredCredential
from ostiary.store.database.work import Work

_EVER: Final = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MOST: Final = 5


def foreseen(work: Work, one: StoredCredential) -> tuple[str, ...]:
    """A sentence for each other consumer's credential that claims a certificate of this one's."""
    found = {other.number: other for rule in one.rules for other in _sharing(work, rule)}
    rivals = [
        other
        for other in found.values()
        if other.consumer != one.consumer and one.active and other.active and _meet(one, other)
    ]
    return tuple(
        f"credential {other.number} of {other.consumer_name} has the same rule: certificates that "
        "fit both are refused while both count"
        for other in sorted(rivals, key=lambda other: other.number)[:_MOST]
    )


def _sharing(work: Work, rule: CertificateRule) -> Iterator[StoredCredential]:
    given = rule.given()
    if rule.fingerprint is not None:
        given = {"fingerprint": rule.fingerprint}
    elif rule.serial is not None and rule.issuer is not None:
        given = {"issuer": rule.issuer, "serial": rule.serial}
    for other in work.credentials.with_tests(given):
        if any(given.items() <= its.given().items() for its in other.rules):
            yield other


def _meet(one: StoredCredential, other: StoredCredential) -> bool:
    """Whether there is a moment at which both count."""
    first, last = _EVER
    begin = max(one.valid_from or first, other.valid_from or first)
    return begin < min(one.valid_until or last, other.valid_until or last)
