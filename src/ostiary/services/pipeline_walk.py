"""A described request's way through its pipeline, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from ostiary.compiler.profiles import Authenticating, judgement_of
from ostiary.compiler.routes import Route
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import PolicyUse, ProxyAction, Step
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.services.certificate_steps import Fitting, Shows, certificate_step
from ostiary.services.credentials import AskDirectory, Judged, Proof, judged
from ostiary.services.explanation import Answer, Line
from ostiary.services.onward import Forwarded, onward
from ostiary.services.pipeline_steps import Went, act
from ostiary.services.policy_steps import gateway_says
from ostiary.services.requests import Request, holds, told
from ostiary.services.token_steps import AskAboutToken, judged_token, token_judgement_of

_TRUTHS = MappingProxyType({True: "true", False: "false", None: "decided at each request"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """How it ended."""

    lines: tuple[Line, ...]
    answer: Answer
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What is known of who comes, beside the request."""

    admitted: bool
    """By a certificate."""
    certificate: bool
    """It shows one, admitted or not."""
    could_show: bool
    """One could be shown."""
    proof: Proof
    ask: AskDirectory
    ask_about_token: AskAboutToken
    fitting: Fitting
    """Whose certificates are."""
    now: datetime
    """Aware."""


def pipeline_of(document: Document, endpoint: str) -> str | None:
    """The pipeline of an API endpoint; of several the last, as in Express Gateway."""
    names = (
        name
        for name, pipeline in reversed(document.pipelines.items())
        if endpoint in pipeline.api_endpoints
    )
    return next(names, None)


def steps_of(document: Document, pipeline: str) -> Iterator[tuple[int, PolicyUse, Step]]:
    """The steps of a pipeline with their numbers, from 1, each with its policy."""
    uses = document.pipelines[pipeline].policies
    steps = ((use, step) for use in uses for step in use.steps)
    yield from ((number, use, step) for number, (use, step) in enumerate(steps, 1))


def walk(document: Document, route: Route, request: Request, visitor: Visitor) -> Walked:
    """Walk to the step that answers."""
    name = pipeline_of(document, route.endpoint)
    if name is None:
        nowhere = Line(
            name="pipeline",
            passed=False,
            detail=f"no pipeline names the API endpoint {route.endpoint!r}",
            way_out="add it to apiEndpoints of a pipeline",
        )
        return Walked(lines=(nowhere,), answer=gateway_says(404, "Not Found"))
    lines: list[Line] = []
    for number, use, step in steps_of(document, name):
        acts = holds(step.condition, request, authenticated=visitor.admitted)
        said = f"{told(step.condition)} is {_TRUTHS[acts]}"
        line = f"pipeline {name!r}: {use.name}"
        if not acts:
            lines.append(_skipped(line, said, number, unknown=acts is None))
            continue
        at = _Place(document, name, route, request, visitor)
        did = act(
            step.action,
            step.condition,
            request,
            document,
            asking=at.judge,
            of_certificate=at.recognize,
        )
        forwarded = None
        if isinstance(step.action, ProxyAction):
            forwarded = onward(step.action, request, route, document)
            if forwarded is None:
                did = gateway_says(400, "Bad Request")
        detail = f"{said}: {did.sentence}"
        if isinstance(did, Went):
            lines.append(_went(line, detail, number, did))
            request = did.request
            continue
        lines.append(Line(name=line, passed=did.served, detail=detail, step=number))
        return _walked(lines, did, forwarded)
    lines.append(Line(name="pipeline", passed=False, detail=f"{name!r} ends without an answer"))
    return _walked(lines, gateway_says(404, "Not Found"))


def _went(name: str, detail: str, number: int, did: Went) -> Line:
    unknown = did.unknown
    if unknown:
        detail = f"{detail}, which isn't done here: walked past"
    return Line(
        name=name, passed=True, detail=detail, step=number, skipped=unknown, unknown=unknown
    )


def _skipped(name: str, said: str, number: int, *, unknown: bool) -> Line:
    detail = f"{said}: walked past" if unknown else f"{said}: skipped"
    return Line(name=name, passed=True, detail=detail, step=number, skipped=True, unknown=unknown)


def _walked(lines: list[Line], answer: Answer, forwarded: Forwarded | None = None) -> Walked:
    open_ones = [str(one.step) for one in lines if one.unknown]
    if open_ones:
        unless = f"{answer.sentence}, unless a step acts that isn't decided here: "
        answer = replace(answer, sentence=unless + ", ".join(open_ones))
    return Walked(lines=tuple(lines), answer=answer, forwarded=forwarded)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a pipeline a credential is asked for."""

    document: Document
    pipeline: str
    route: Route
    request: Request
    visitor: Visitor

    def judge(self, action: Authenticating) -> Judged | None:
        visitor = self.visitor
        if isinstance(action, JwtAction | IntrospectAction):
            asked = token_judgement_of(self.document, self.pipeline, self.route, action)
            return judged_token(action, asked, self.request, visitor.proof, visitor.ask_about_token)
        judgement = judgement_of(action, self.route, self.document.pipelines[self.pipeline])
        return judged(action, judgement, self.request, visitor.proof, visitor.ask)

    def recognize(self, action: ClientCertAction, request: Request) -> Answer | Went:
        visitor = self.visitor
        shows = Shows(
            certificate=visitor.certificate,
            as_if=visitor.proof.as_if or () if visitor.could_show else (),
            scopes=self.route.scopes,
        )
        return certificate_step(visitor.fitting, visitor.now, shows, action, request)
