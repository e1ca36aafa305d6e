"""What ties certificates to a consumer: ordered rules, and from when until when they count.

The rules are data here, as an operator wrote them; whether a certificate fits is told by
``trust.names.rules``, whose words these are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from ostiary.consumers.model import Known
from ostiary.consumers.refusal import ConsumerRefused

MOST_RULES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRule:
    """Tests that must all hold of one certificate; the words are ``trust.names.rules.Rule``'s.

    A rule names somebody: by fingerprint, by issuer and serial number, or by a pattern of the
    subject or of an alternative name. Make it by ``rule_of``, which refuses others.
    """

    fingerprint: str | None = None
    """SHA-256, hex."""
    issuer: str | None = None
    """Pattern of the issuer's name, RFC 4514."""
    serial: str | None = None
    """Hex."""
    distinguished_name: str | None = None
    """Pattern of the subject, RFC 4514."""
    dns: str | None = None
    uri: str | None = None
    email: str | None = None
    ip: str | None = None
    """An address, or a network (CIDR)."""

    def given(self) -> dict[str, str]:
        """The tests by name, in the order above."""
        return {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCredential:
    """Which certificates a consumer may show; a consumer may have several, for rotation."""

    known: Known
    rules: tuple[CertificateRule, ...]
    """In the operator's order; one that fits is enough."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """The first moment at which it counts no more; None: no end."""

    def good_at(self, now: datetime) -> bool:
        """Whether consumer and credential are active, and ``now`` (aware) is within the dates."""
        active = self.known.consumer.active and self.known.credential.active
        begun = self.valid_from is None or self.valid_from <= now
        return active and begun and (self.valid_until is None or now < self.valid_until)


def rule_of(tests: Mapping[str, str]) -> CertificateRule:
    """A rule of its tests by name. Raises ConsumerRefused where it would name nobody."""
    try:
        rule = CertificateRule(**tests)
    except TypeError as error:
        raise ConsumerRefused(
            "rules", f"there is no test among {sorted(tests)!r}"[:200], f"give one of {_WORDS}"
        ) from error
    names = set(rule.given()) - {"issuer", "serial"}
    # A serial number says nothing without its issuer (RFC 5280 section 4.1.2.2), and an issuer
    # alone is everybody's.
    if rule.serial is not None and rule.issuer is None:
        raise ConsumerRefused("rules", "a serial number without its issuer", "give the issuer, too")
    if not names and rule.serial is None:
        raise ConsumerRefused("rules", "a rule that names nobody", f"give one of {_WORDS}")
    return rule


def check_rules(rules: tuple[CertificateRule, ...]) -> None:
    """Raises ConsumerRefused for none, and for too many."""
    if not 0 < len(rules) <= MOST_RULES:
        raise ConsumerRefused(
            "rules", f"{len(rules)} rules can't be kept", f"give 1 to {MOST_RULES}"
        )


def check_dates(valid_from: datetime | None, valid_until: datetime | None) -> None:
    """Raises ConsumerRefused where the end is not after the beginning."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise ConsumerRefused("validUntil", "it ends before it begins", "give a later end")


_WORDS: Final = "fingerprint, issuer with serial, distinguishedName, dns, uri, email, ip"
