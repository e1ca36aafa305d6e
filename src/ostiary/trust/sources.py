"""Lists and OCSP together: which of them is asked, and which of them counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ostiary.trust.finding import Finding, Listed, NotRevoked, Undetermined, soonest, together
from ostiary.trust.ocsp import OcspRules
from ostiary.trust.policy import Preference, TrustPolicy
from ostiary.trust.revocation import Register
from ostiary.trust.statuses import Statuses
from ostiary.x509.certificate import Certificate
from ostiary.x509.ocsp_question import Subject


class Sources:
    """Where a policy's certificates are looked up."""

    __slots__ = ("_policy", "_register", "_statuses")

    def __init__(self, policy: TrustPolicy, register: Register, statuses: Statuses) -> None:
        """``register`` holds the policy's lists, ``statuses`` all OCSP answers at hand."""
        self._policy = policy
        self._register = register
        self._statuses = statuses

    def look_up(self, path: Sequence[Certificate], now: datetime) -> Finding:
        """Look at ``path`` (leaf first, anchor last) at ``now`` (aware)."""
        rules, grace = self._policy.ocsp, self._policy.grace
        if rules is None:
            return self._register.look_up(path, now, grace)
        return together(
            self._look_at(certificate, above, rules, now)
            for certificate, above in self._register.pairs(path)
        )

    def _look_at(
        self,
        certificate: Certificate,
        above: Sequence[Certificate],
        rules: OcspRules,
        now: datetime,
    ) -> Finding:
        listed = self._register.look_at(certificate, above, now, self._policy.grace)
        if isinstance(listed, Listed):
            return listed
        told = self._ask(certificate, above, rules, now)
        if isinstance(told, Listed):
            return _revoked(listed, told)
        if not self._is_asked(above[0], listed):
            return listed
        if isinstance(told, NotRevoked):
            return told
        if isinstance(listed, NotRevoked):
            return replace(listed, asking=told.asking)
        detail = told.detail
        if self._register.has_any_of(above[0]):
            detail = f"{told.detail}; {listed.detail}"
        return Undetermined(detail, soonest((listed, told)), told.asking, listed.missing)

    def _is_asked(self, issuer: Certificate, listed: NotRevoked | Undetermined) -> bool:
        match self._policy.preference:
            case Preference.OCSP_FIRST:
                return True
            case Preference.CRL_FIRST:
                return isinstance(listed, Undetermined)
            case Preference.OCSP_IF_NO_CRL:
                return isinstance(listed, Undetermined) and not self._register.has_any_of(issuer)

    def _ask(
        self,
        certificate: Certificate,
        above: Sequence[Certificate],
        rules: OcspRules,
        now: datetime,
    ) -> Finding:
        subject = Subject(certificate, above[0])
        told = self._statuses.look(subject, rules, now, self._policy.grace)
        if not isinstance(told, NotRevoked) or told.delegate is None:
            return told
        # RFC 6960 4.2.2.2.1 leaves it to us how those are looked up who sign for an authority: in
        # its lists, where there are any.
        gone = self._register.look_at(told.delegate, above, now)
        if not isinstance(gone, Listed):
            return told
        why = f"who signed the OCSP answer is no longer to: {gone.detail}"
        # Forgotten, so that it outdoes no other's answer: its date says nothing any more.
        return self._statuses.distrust(subject, rules, now, why)


def _revoked(listed: NotRevoked | Undetermined, told: Listed) -> Finding:
    """Revoked by OCSP, but not by a list: an answer that has ended is outdone by a newer list."""
    if not told.ended or not isinstance(listed, NotRevoked):
        return told
    newer = listed.since and told.since and listed.since > told.since
    return replace(listed, asking=told.asking) if newer else told
