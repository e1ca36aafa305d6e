"""A policy made ready to judge by."""

from collections.abc import Sequence
from datetime import datetime

from ostiary.trust.finding import Finding, NotRevoked, Undetermined
from ostiary.trust.names.index import NameIndex
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.revocation import Register
from ostiary.trust.sources import Sources
from ostiary.trust.statuses import Statuses
from ostiary.x509.certificate import Certificate
from ostiary.x509.verify import PathVerifier


class Keeper:
    """A policy made ready to judge by: its anchors and revocation lists are loaded once."""

    __slots__ = ("_sources", "names", "policy", "register", "verifier")

    def __init__(
        self,
        policy: TrustPolicy,
        names: NameIndex | None = None,
        *,
        verifier: PathVerifier | None = None,
        register: Register | None = None,
        statuses: Statuses | None = None,
    ) -> None:
        """Load the anchors, index the lists and the names; what is given is ready, made of just
        the policy's, and shared with other keepers of the same desk. ``statuses``: the OCSP answers
        at hand; none when left out.

        Raises PatternRefused for names that can't be read.
        """
        self.policy = policy
        self.names = NameIndex(policy.names) if names is None else names
        self.verifier = verifier or PathVerifier(policy.anchors)
        self.register = register or Register(policy.crls, policy.anchors)
        answers = Statuses() if statuses is None else statuses
        self._sources = Sources(policy, self.register, answers)

    def look_up(self, path: Sequence[Certificate], now: datetime) -> Finding:
        """What revocation lists and OCSP say of ``path`` (leaf first, anchor last), as far as the
        policy asks."""
        policy = self.policy
        if policy.looks_up is Revocation.OFF:
            return NotRevoked(None, "no revocation list is looked in")
        if not policy.anchors:
            return Undetermined("without trust anchors no revocation list can be believed")
        return self._sources.look_up(path, now)
