"""What an explanation is made of: what was shown, each step, the answer."""

from dataclasses import dataclass

from ostiary.services.onward import Forwarded
from ostiary.trust.decision import Decision, Refused
from ostiary.trust.reason import Reason


@dataclass(frozen=True, slots=True)
class Shown:
    """What the client shows in the handshake, DER; an empty leaf: nothing."""

    leaf: bytes
    chain: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step, as it is told."""

    name: str
    passed: bool
    """False where this step refuses."""
    detail: str
    way_out: str = ""
    step: int = 0
    """Of a pipeline's step: its number, from 1, over all policies; 0 for all else."""
    skipped: bool = False
    """The step's condition was false, or isn't known."""
    unknown: bool = False
    """A script or the body decides whether the step acts: it is walked past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client will see."""

    served: bool
    """Whether the client gets what it came for."""
    sentence: str
    status: int | None = None
    """The HTTP status, where the gateway itself answers."""
    alert: str | None = None
    """The TLS alert, where the handshake fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The way of one visit."""

    about: str
    entry: str | None
    """The TLS entry; None for plain HTTP, or when no entry answers."""
    steps: tuple[Line, ...]
    decision: Decision | None
    """About the certificate; None where none was asked for."""
    answer: Answer
    would: Answer | None = None
    """What a policy that only reports would have answered."""
    api: str | None = None
    """The API endpoint; None where no route was found, or nobody got so far."""
    forwarded: Forwarded | None = None
    """What the service gets, where the request goes on to one."""

    @property
    def reason(self) -> Reason | None:
        """Why the certificate was refused; None if it was admitted or not asked for."""
        return self.decision.reason if isinstance(self.decision, Refused) else None
