"""A policy made ready to judge by."""

from ostiary.trust.names.index import NameIndex
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.revocation import Register
from ostiary.x509.verify import PathVerifier


class Keeper:
    """A policy made ready to judge by: its anchors and revocation lists are loaded once."""

    __slots__ = ("names", "policy", "register", "verifier")

    def __init__(
        self,
        policy: TrustPolicy,
        names: NameIndex | None = None,
        *,
        verifier: PathVerifier | None = None,
        register: Register | None = None,
    ) -> None:
        """Load the anchors, index the lists and the names; what is given is ready, made of just
        the policy's, and shared with other keepers of the same desk.

        Raises PatternRefused for names that can't be read.
        """
        self.policy = policy
        self.names = NameIndex(policy.names) if names is None else names
        self.verifier = verifier or PathVerifier(policy.anchors)
        self.register = register or Register(policy.crls, policy.anchors)
