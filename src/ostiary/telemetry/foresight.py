"""One client under one regime: would it pass? What was seen of it tells, or it can't be known."""

from dataclasses import dataclass
from datetime import datetime

from ostiary.telemetry.facts import SHORT, ClientFacts
from ostiary.telemetry.regimes import Anchors, Authority, Family, Regime
from ostiary.trust.decision import Admitted
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import Denied, NameIndex, NotTrusted, Passed
from ostiary.trust.reason import ADMITTED_CODE, Reason

NOT_NOTED = (
    "it was refused for its names, and by which authority it was verified is not known any more"
)
OTHER_PATH = "another certificate of its authorities may lead to a trusted one"
ISSUER_KNOWN = (
    "an authority of its issuer's name would be trusted; whether that one signed it shows when it "
    "comes again"
)
OTHER_WAY = "its certificate would have to come another way, in the handshake or in a header"
WAS_BLOCKED = "it was blocked, and nothing else of it was looked at: that shows when it comes again"
NAMES_TOO_LONG = "its names are too long to be kept"
DAMAGED = "what was kept of it can't be read"

_ITS_OWN = frozenset(
    {
        Reason.MALFORMED_CERTIFICATE, Reason.HOSTILE_NAME, Reason.CHAIN_TOO_LARGE,
        Reason.WRONG_PURPOSE, Reason.CRITICAL_EXTENSION, Reason.WEAK_KEY, Reason.WEAK_DIGEST,
        Reason.REVOKED, Reason.REVOCATION_UNDETERMINED,
    }
)  # fmt: skip
"""Refusals that neither other anchors nor other names undo."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``passes`` None: it can't be known. ``why`` is a sentence without a full stop."""

    passes: bool | None
    why: str
    reason: Reason | None = None


PASSES = Foreseen(True, "it passes")
NOBODY_CHECKED = Foreseen(True, "certificates are not checked there")


@dataclass(frozen=True, slots=True)
class Ready:
    """A regime with its anchors indexed."""

    regime: Regime
    anchors: Anchors


class Foresight:
    """Judges clients by what was seen of them, at one moment."""

    __slots__ = ("_at", "_family", "_reasons")

    def __init__(self, family: Family, at: datetime) -> None:
        """``family``: every authority known; ``at`` is aware."""
        self._family = family
        self._at = at
        self._reasons = {reason.code: reason for reason in Reason}

    def before(
        self, fingerprint: bytes, facts: ClientFacts, verdict: int, ready: Ready
    ) -> Foreseen:
        """Under the regime in force: what is not clear, the last verdict tells."""
        found = _anew(fingerprint, verdict, ready.regime) or self._judged(
            fingerprint, facts, verdict, ready, same_trust=True
        )
        if found.passes is not None:
            return found
        reason = self._reasons.get(verdict)
        return PASSES if reason is None else Foreseen(False, reason.sentence, reason)

    def after(
        self, fingerprint: bytes, facts: ClientFacts, verdict: int, now: Ready, then: Ready
    ) -> Foreseen:
        """Under the regime to come."""
        if then.regime.checked and now.regime.by_header is not then.regime.by_header:
            return Foreseen(None, OTHER_WAY)
        anew = _anew(fingerprint, verdict, then.regime)
        if anew is not None:
            return anew
        same = now.regime.trust_id == then.regime.trust_id
        return self._judged(fingerprint, facts, verdict, then, same_trust=same)

    def _judged(
        self,
        fingerprint: bytes,
        facts: ClientFacts,
        verdict: int,
        ready: Ready,
        *,
        same_trust: bool,
    ) -> Foreseen:
        regime = ready.regime
        if not regime.checked:
            return NOBODY_CHECKED
        found = self._dates(facts) or self._trusted(
            fingerprint, facts, verdict, ready, same_trust=same_trust
        )
        if found is None or found.passes is None:
            named = _named(fingerprint, facts, regime.names)
            if named is not None and (found is None or named.passes is False):
                found = named
        return _reported(regime, found or PASSES)

    def _dates(self, facts: ClientFacts) -> Foreseen | None:
        if facts.not_after < self._at:
            why = f"its certificate ended on {facts.not_after:%Y-%m-%d}"
            return Foreseen(False, why, Reason.CERTIFICATE_EXPIRED)
        if facts.not_before > self._at:
            why = f"its certificate begins on {facts.not_before:%Y-%m-%d}"
            return Foreseen(False, why, Reason.NOT_YET_VALID)
        return None

    def _trusted(
        self,
        fingerprint: bytes,
        facts: ClientFacts,
        verdict: int,
        ready: Ready,
        *,
        same_trust: bool,
    ) -> Foreseen | None:
        """None: there is a path."""
        reason = self._reasons.get(verdict)
        if reason in _ITS_OWN:
            return _refused(reason)
        if not ready.regime.path_needed or fingerprint[:SHORT] in ready.anchors.shorts:
            return None
        if not ready.anchors.any:
            return _refused(Reason.NO_TRUST_ANCHORS)
        if facts.path and facts.verified:
            return self._by_path(facts, ready.anchors)
        if same_trust and reason is not Reason.BLOCKED:
            return None if facts.verified or reason is None else _refused(reason)
        return self._without_path(facts, reason, ready.anchors)

    def _by_path(self, facts: ClientFacts, anchors: Anchors) -> Foreseen | None:
        if not anchors.shorts.isdisjoint(facts.path):
            return None
        known = [one for short in facts.path if (one := self._family.find(short)) is not None]
        if any((one.subject, one.key) in anchors.kin for one in known):
            return None
        if any(self._leads_on(one, anchors) for one in known) or len(known) < len(facts.path):
            return Foreseen(None, OTHER_PATH)
        top = known[-1].told
        return Foreseen(False, f"its path ends at {top!r}", Reason.UNTRUSTED_ISSUER)

    def _leads_on(self, authority: Authority, anchors: Anchors) -> bool:
        return any(
            self._family.leads_to(twin.issuer, anchors)
            for twin in self._family.twins(authority)
            # A root is issued by its own key: a namesake with another one is no way on.
            if twin.issuer != twin.subject
        )

    def _without_path(
        self, facts: ClientFacts, reason: Reason | None, anchors: Anchors
    ) -> Foreseen:
        if reason is Reason.BLOCKED:
            return Foreseen(None, WAS_BLOCKED)
        if facts.cut:
            return Foreseen(None, NAMES_TOO_LONG)
        if self._family.leads_to(facts.names.issuer, anchors):
            return Foreseen(None, ISSUER_KNOWN)
        if facts.verified and reason is not None:
            return Foreseen(None, NOT_NOTED)
        return _refused(reason or Reason.ISSUER_MISSING)


def _anew(fingerprint: bytes, verdict: int, regime: Regime) -> Foreseen | None:
    """The whole decision about who was refused last, where the certificate is still at hand."""
    if regime.judge is None or not regime.checked or verdict == ADMITTED_CODE:
        return None
    decision = regime.judge(fingerprint)
    if decision is None:
        return None
    if isinstance(decision, Admitted):
        return PASSES
    return _reported(regime, Foreseen(False, decision.detail, decision.reason))


def _refused(reason: Reason) -> Foreseen:
    return Foreseen(False, reason.sentence, reason)


def _reported(regime: Regime, found: Foreseen) -> Foreseen:
    """What a report-only policy refuses goes on."""
    if not regime.report_only or found.passes is True:
        return found
    return Foreseen(True, f"it is only reported: {found.why}")


def _named(fingerprint: bytes, facts: ClientFacts, index: NameIndex | None) -> Foreseen | None:
    """None: the names pass."""
    if index is None or not index.rules:
        return None
    if facts.cut:
        return Foreseen(None, NAMES_TOO_LONG)
    whom = Facts(names=facts.names, serial=facts.serial, fingerprint=fingerprint.hex())
    match index.judge(whom):
        case Passed():
            return None
        case NotTrusted(detail):
            return Foreseen(False, detail, Reason.NAME_NOT_TRUSTED)
        case Denied(rule):
            return Foreseen(False, f"denied by {rule}", Reason.DENIED_BY_RULE)
