"""One decision in the making."""

from datetime import datetime, timedelta

from ostiary.trust.decision import Admitted, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.keeper import Keeper
from ostiary.trust.ocsp import Question
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate

REFUSAL_AGE = timedelta(seconds=60)
"""How long a refusal may be remembered: short, since people mend things and try again."""


class Case:
    """The checks fill in what they learn."""

    __slots__ = (
        "asking", "chain", "intermediates", "keeper", "leaf", "listed_until", "now", "path",
        "presented", "told_names", "told_revocation", "would_refuse",
    )  # fmt: skip

    asking: tuple[Question, ...]
    leaf: Certificate
    chain: tuple[Certificate, ...]
    path: tuple[Certificate, ...]
    listed_until: datetime | None
    """Until when lists and OCSP answers say so; None: always."""
    told_revocation: str
    told_names: str
    would_refuse: Refused | None

    def __init__(
        self, presented: Presented, keeper: Keeper, intermediates: Intermediates, now: datetime
    ) -> None:
        """Nothing is known of it yet."""
        self.presented = presented
        self.keeper = keeper
        self.intermediates = intermediates
        self.now = now
        self.would_refuse = None

    @property
    def anchored(self) -> bool:
        """Whether a path to a trust anchor is looked for."""
        policy = self.keeper.policy
        return policy.path_needed or bool(policy.anchors)

    def refused(self, reason: Reason, detail: str) -> Refused:
        """A refusal, remembered for a moment."""
        until = None if reason is Reason.ISSUER_MISSING else self.now + REFUSAL_AGE
        return Refused(reason, detail, until)

    def until(self) -> datetime:
        """How long an admission may be remembered."""
        nearest = min(certificate.not_after for certificate in self.path)
        listed = self.listed_until or nearest
        return min(nearest, listed, self.now + self.keeper.policy.maximum_age)

    def admitted(self) -> Admitted:
        """What it comes to when no check has refused."""
        return Admitted(
            self.path,
            self.until(),
            self.would_refuse,
            self.asking,
            anchored=self.anchored,
        )
