"""How clients are treated, as far as a preview can judge by it: policies without certificates."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ostiary.telemetry.facts import SHORT
from ostiary.trust.decision import Decision
from ostiary.trust.names.index import NameIndex
from ostiary.x509.certificate import Certificate
from ostiary.x509.structure import Attribute

Name = tuple[tuple[Attribute, ...], ...]
Kin = tuple[Name, bytes]
"""Subject and key: certificates of the same authority have both in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate that may stand above a client's."""

    fingerprint: bytes
    """32 bytes."""
    told: str
    """Its subject for people."""
    subject: Name
    issuer: Name
    key: bytes
    """SubjectPublicKeyInfo, DER."""
    not_before: datetime
    not_after: datetime

    @property
    def short(self) -> bytes:
        """As paths in facts have it."""
        return self.fingerprint[:SHORT]

    def valid(self, at: datetime) -> bool:
        """Anchors out of their time end no path."""
        return self.not_before <= at <= self.not_after


def authority_of(certificate: Certificate) -> Authority:
    """Takes some 0.1 ms: make it once."""
    names = certificate.names
    return Authority(
        fingerprint=certificate.sha256,
        told=certificate.subject or f"serial {certificate.serial:x}",
        subject=names.subject,
        issuer=names.issuer,
        key=certificate.public_key_der,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """How certificates are treated at one entry and API."""

    id: str
    """The same for two regimes that treat everybody alike."""
    checked: bool = True
    """Whether one who fails is refused at all; False for type ``none``, except at entries with
    ``rejectUnauthorized``."""
    by_header: bool = False
    required: bool = False
    report_only: bool = False
    path_needed: bool = True
    """False: header mode without trusted certificates."""
    trust_id: str
    """The same for the same anchors."""
    anchors: tuple[Authority, ...] = ()
    names: NameIndex | None = None
    """None where everybody's names pass."""
    judge: Callable[[bytes], Decision | None] | None = field(default=None, compare=False)
    """The whole decision about the certificate with this fingerprint, where it is still at hand
    (``Clients.remembered``); None where it isn't."""


Regimes = Callable[[str, str], Regime]
"""By entry id and API name; the gateway's own for an empty or unknown API or entry."""


class Anchors:
    """The anchors of one regime, indexed; those out of their time are left out."""

    __slots__ = ("any", "kin", "shorts", "subjects")

    def __init__(self, anchors: Iterable[Authority], at: datetime) -> None:
        """As they stand at ``at``."""
        good = [anchor for anchor in anchors if anchor.valid(at)]
        self.any = bool(good)
        self.shorts = frozenset(anchor.short for anchor in good)
        self.kin = frozenset((anchor.subject, anchor.key) for anchor in good)
        self.subjects = frozenset(anchor.subject for anchor in good)


class Family:
    """Every authority known, to find other paths than the one that was verified."""

    __slots__ = ("_by_kin", "_by_short", "_by_subject")

    def __init__(self, authorities: Iterable[Authority]) -> None:
        """Each certificate once, however often it is given."""
        self._by_short = {one.short: one for one in authorities}
        self._by_kin: dict[Kin, list[Authority]] = {}
        self._by_subject: dict[Name, list[Authority]] = {}
        for one in self._by_short.values():
            self._by_kin.setdefault((one.subject, one.key), []).append(one)
            self._by_subject.setdefault(one.subject, []).append(one)

    def find(self, short: bytes) -> Authority | None:
        """The authority with this beginning of a fingerprint."""
        return self._by_short.get(short)

    def leads_to(self, name: Name, anchors: Anchors) -> bool:
        """Whether names lead from an issuer's to one of the anchors, over what is known."""
        seen: set[Name] = set()
        queue = [name]
        while queue:
            subject = queue.pop()
            if subject in anchors.subjects:
                return True
            if subject not in seen:
                seen.add(subject)
                queue += [one.issuer for one in self._by_subject.get(subject, ())]
        return False

    def twins(self, one: Authority) -> Iterable[Authority]:
        """Certificates of the same authority, this one among them."""
        return self._by_kin.get((one.subject, one.key), ())
