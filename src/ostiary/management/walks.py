"""How a request walks through the gateway, told step by step."""

from dataclasses import dataclass
from datetime import datetime

from ostiary.management.views import CertificateView, View


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView(View):
    """One step of an explanation."""

    name: str
    passed: bool
    detail: str
    way_out: str
    step: int = 0
    """Of a pipeline's step: its number, from 1; 0 for all else."""
    skipped: bool = False
    """The step's condition was false, or isn't known."""
    unknown: bool = False
    """A script or the body decides whether the step acts: it is walked past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine(View):
    """One header of a request."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedView(View):
    """What goes on to a service; what only the engine knows stands in ``<…>``."""

    service: str
    addresses: tuple[str, ...]
    """One of them gets it."""
    method: str
    path: str
    """With the query."""
    headers: tuple[HeaderLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView(View):
    """What the agent decides about a certificate."""

    admitted: bool
    reason: str | None
    """Code word; None when admitted."""
    detail: str
    until: datetime | None
    """How long an admission may be remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainView(View):
    """Why a certificate is let in, or not."""

    about: str
    served: bool
    sentence: str
    status: int | None
    alert: str | None
    reason: str
    """Code word; empty when admitted or not asked for."""
    steps: tuple[StepView, ...]
    certificate: CertificateView | None
    entry: str | None = None
    """The TLS entry; None for plain HTTP, or when none answers."""
    decision: DecisionView | None = None
    """About the certificate; None where none was asked for."""
    api: str | None = None
    """The API endpoint; None where no route was found, or nobody got so far."""
    forwarded: ForwardedView | None = None
    """What goes on to the service; None where the gateway answers itself."""
