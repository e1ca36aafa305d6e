"""What client certificate authentication does with a visit, told step by step.

The same order as the engine's rules (``compiler.enforcement``): absent and required 401, refused
403; a policy that only reports refuses nobody but who is blocked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ostiary.compiler.answers import CERTIFICATE_REFUSED, CERTIFICATE_REQUIRED
from ostiary.config.effective import AuthType, Effective, EffectivePolicy, Part, Source
from ostiary.services.explanation import Answer, Line
from ostiary.services.handshake import way_out_of
from ostiary.trust.decision import Admitted, Decision, Refused, Walk
from ostiary.trust.reason import Reason

T = TypeVar("T")

NAME = "client certificate auth"

_SOURCES = {
    Source.FILE: "set by the file",
    Source.STORE: "set in the store",
    Source.GATEWAY: "inherited from the gateway",
    Source.DEFAULT: "by default",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforced:
    """What a policy made of a decision."""

    lines: tuple[Line, ...]
    answer: Answer | None
    """The refusal; None where the request goes on."""
    would: Answer | None
    """The refusal that is only reported."""


def absent() -> Walk:
    """Nobody is asked about a certificate that was not shown."""
    reason = Reason.NO_CERTIFICATE
    return Walk((), Refused(reason, reason.sentence, None))


def settings_of(acts: Effective, api: str | None) -> tuple[Line, ...]:
    """Which settings judge the request, each with where it comes from."""
    policy = acts.gateway if api is None else acts.apis[api]
    whose = "the gateway's"
    if api is not None and api in acts.overriding:
        whose = f"the API's own ({api!r})"
    told = [
        f"type {_told(acts.type, acts.type.value.value)}",
        f"the policy is {whose}",
        f"certificate required: {_told(policy.required, _yes(policy.required.value))}",
        f"distinguished names: {_told(policy.names, _count(policy.names.value, 'any'))}",
    ]
    for name, rules in (("allow", policy.allow), ("deny", policy.deny)):
        if rules.value:
            told.append(f"{name}: {_told(rules, _count(rules.value, 'none'))}")
    if policy.report_only.value:
        told.append(f"report only: {_told(policy.report_only, 'yes')}")
    if policy.revocation.value is not None:
        told.append(f"revocation: {_told(policy.revocation, policy.revocation.value)}")
    if policy.preference.source is not Source.DEFAULT:
        told.append(f"preference: {_told(policy.preference, policy.preference.value)}")
    lines = [Line(name=NAME, passed=True, detail="; ".join(told))]
    if acts.type.value is AuthType.HEADER:
        lines.append(_header(acts))
    return tuple(lines)


def certificate_lines(walk: Walk) -> tuple[Line, ...]:
    """The agent's steps, and what the names would have been refused for."""
    last = len(walk.steps) - 1
    return tuple(
        Line(
            name=f"certificate: {step.name}",
            passed=step.passed,
            detail=step.detail,
            way_out=way_out_of(walk.decision) if at == last else "",
        )
        for at, step in enumerate(walk.steps)
    )


def enforce(policy: EffectivePolicy, decision: Decision) -> Enforced:
    """What happens to the request, with this policy and this decision."""
    refused = decision if isinstance(decision, Refused) else decision.would_refuse
    if refused is None:
        return Enforced(lines=(), answer=None, would=None)
    if refused.reason is Reason.NO_CERTIFICATE and not policy.required.value:
        line = Line(name=NAME, passed=True, detail="no certificate is shown, and none is required")
        return Enforced(lines=(line,), answer=None, would=None)
    answer = refusal(refused)
    anyway = refused.reason is Reason.BLOCKED
    if isinstance(decision, Refused) and (anyway or not policy.report_only.value):
        return Enforced(lines=(), answer=answer, would=None)
    line = Line(
        name="report only" if policy.report_only.value else "only told",
        passed=True,
        detail=f"would be refused: {answer.sentence} ({refused.reason.value})",
        way_out=refused.reason.way_out if isinstance(decision, Admitted) else "",
    )
    would = replace(answer, sentence=f"would be refused: {answer.sentence}")
    return Enforced(lines=(line,), answer=None, would=would)


def refusal(decision: Decision | None) -> Answer:
    """The answer to somebody who is not admitted, by the seed's table of errors."""
    if isinstance(decision, Refused) and decision.reason is Reason.NO_CERTIFICATE:
        return gateway_says(401, CERTIFICATE_REQUIRED)
    return gateway_says(403, CERTIFICATE_REFUSED)


def is_blocked(decision: Decision | None) -> bool:
    """Refused by everybody: policies, strict entries, and where pipelines alone decide."""
    return isinstance(decision, Refused) and decision.reason is Reason.BLOCKED


def gateway_says(status: int, detail: str) -> Answer:
    """An answer of the gateway itself."""
    return Answer(served=False, sentence=f"the gateway answers {status}: {detail}", status=status)


def _header(acts: Effective) -> Line:
    header = acts.header
    proxies = ", ".join(header.trusted_proxies.value)
    detail = (
        f"the certificate is taken as if in the header {header.name.value!r} "
        f"({_SOURCES[header.name.source]}), written as {header.format.value.value}, "
        f"of a request from {proxies}; from other addresses the header is removed"
    )
    return Line(name="header", passed=True, detail=detail)


def _told(part: Part[T], value: str) -> str:
    return f"{value} ({_SOURCES[part.source]})"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _count(values: Sequence[object], nothing: str) -> str:
    match len(values):
        case 0:
            return nothing
        case 1:
            return "1 pattern" if isinstance(values[0], str) else "1 rule"
        case many:
            return f"{many} {'patterns' if isinstance(values[0], str) else 'rules'}"
