"""Which kinds of credentials a document asks for, where, and what they are judged by.

Pipelines that look for their credentials in the same place share a *profile*: its rules stand in
the listeners once, whatever the number of APIs. What differs from API to API, the scopes and what
conditions ask, is the *judgement*, found by the route's number in the profile's map.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from ostiary.compiler.client_certificates import (
    CertificateJudgement,
    certificate_judgement_of,
    places_of,
    same_certificate,
)
from ostiary.compiler.routes import Route, RouteTable, route_table
from ostiary.compiler.tokens import Where, sources_of, token_judgement, token_places
from ostiary.config.model.auth_conditions import ConsumerIs, ScopeHeld
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.consumers.judging import ConsumerTest, Judgement, ScopeTest, Test
from ostiary.consumers.model import CredentialType
from ostiary.consumers.tokens import TokenJudgement

AsksSecret = KeyAuthAction | BasicAuthAction
"""The actions that ask for a name and a secret."""
Authenticating = AsksSecret | JwtAction | IntrospectAction
"""The actions that ask for a credential."""
Asking = Authenticating | ClientCertAction
"""All that ask who the consumer is."""
AnyJudgement = Judgement | TokenJudgement | CertificateJudgement


@dataclass(frozen=True, slots=True)
class Profile:
    """One place where credentials of one type are looked for."""

    number: int
    """From 1; 0 where it is the only one."""
    action: Asking
    """Without what doesn't say where to look; of tokens and certificates one of those that share
    the place."""
    judgements: Mapping[int, AnyJudgement]
    """By the rank of the route."""

    @property
    def file(self) -> str:
        """The map from the route's number to the judgement's id."""
        return f"credentials-{self.number}.map"


@dataclass(frozen=True, slots=True)
class Profiles:
    """All of a document, by their actions."""

    by_action: Mapping[Asking, Profile] = field(default_factory=dict)
    reports: bool = False
    """Some step tells of whom it would have refused."""

    def __bool__(self) -> bool:
        return bool(self.by_action)

    def __iter__(self) -> Iterator[Profile]:
        return iter({profile.number: profile for profile in self.by_action.values()}.values())

    def number(self, action: Asking) -> int:
        """The number of the profile that an action belongs to."""
        return self.by_action[place_of(action)].number


def place_of(action: Asking) -> Asking:
    """The same action for all that look in the same place."""
    if isinstance(action, ClientCertAction):
        return same_certificate(action)
    return action.model_copy(update={"pass_through": False})


def profiles_of(document: Document, table: RouteTable) -> Profiles:
    """The profiles of a document; the same document gives the same numbers."""
    tokens, certificates = token_places(document), places_of(document.pipelines.values())
    found: dict[Asking | Where | int, dict[int, AnyJudgement]] = {}
    actions: dict[Asking, Asking | Where | int] = {}
    pipelines = {
        endpoint: (name, pipeline)
        for name, pipeline in document.pipelines.items()
        for endpoint in pipeline.api_endpoints
    }
    steps = [one for pipeline in document.pipelines.values() for one in actions_of(pipeline)]
    for place in map(place_of, steps):
        match place:
            case JwtAction() | IntrospectAction():
                actions[place] = tokens[place]
            case ClientCertAction():
                actions[place] = certificates[place]
            case _:
                actions[place] = place
        found.setdefault(actions[place], {})
    for route in table.routes:
        if route.endpoint not in pipelines:
            continue
        name, bound = pipelines[route.endpoint]
        for action, judgement in _judgements(name, bound, route).items():
            found[actions[action]][route.rank] = judgement
    numbers = {where: number for number, where in enumerate(found, int(len(found) > 1))}
    return Profiles(
        {
            action: Profile(numbers[where], action, found[where])
            for action, where in actions.items()
        },
        reports=any(isinstance(one, ClientCertAction) and one.report_only for one in steps),
    )


def _judgements(name: str, pipeline: Pipeline, route: Route) -> Mapping[Asking, AnyJudgement]:
    """By what a pipeline judges requests of this route, by action."""
    sources, tests = sources_of(name, pipeline), tests_of(pipeline)
    found: dict[Asking, AnyJudgement] = {}
    for place in map(place_of, actions_of(pipeline)):
        match place:
            case JwtAction() | IntrospectAction():
                found[place] = token_judgement(place, sources[place], route.scopes, tests)
            case ClientCertAction():
                kind = CredentialType.CERTIFICATE
                asked = Judgement(type=kind, scopes=route.scopes, tests=tests)
                found[place] = certificate_judgement_of(place, asked)
            case KeyAuthAction() | BasicAuthAction():
                found[place] = judgement_of(place, route, pipeline)
            case _:
                assert_never(place)
    return found


def judgement_of(action: AsksSecret, route: Route, pipeline: Pipeline) -> Judgement:
    """What a step of the pipeline judges by, for requests of this route."""
    kind = CredentialType(action.policy)
    return Judgement(type=kind, scopes=route.scopes, tests=tests_of(pipeline))


def judgements_of(document: Document) -> Mapping[str, Judgement]:
    """What the agent judges by, by id."""
    return {one.id: one for one in _all(document) if isinstance(one, Judgement)}


def token_judgements_of(document: Document) -> Mapping[str, TokenJudgement]:
    """By what the agent judges tokens, by id."""
    return {one.id: one for one in _all(document) if isinstance(one, TokenJudgement)}


def certificate_judgements_of(document: Document) -> Mapping[str, CertificateJudgement]:
    """By what the agent judges certificates in steps, by id."""
    return {one.id: one for one in _all(document) if isinstance(one, CertificateJudgement)}


def _all(document: Document) -> Iterator[AnyJudgement]:
    for profile in profiles_of(document, route_table(document.api_endpoints)):
        yield from profile.judgements.values()


def actions_of(pipeline: Pipeline) -> Iterator[Asking]:
    """The steps' actions that ask for a credential, in order."""
    for use in pipeline.policies:
        for step in use.steps:
            if isinstance(step.action, Asking):
                yield step.action


def tests_of(pipeline: Pipeline) -> tuple[Test, ...]:
    """What the conditions of a pipeline ask about consumers, each once, in order."""
    conditions = (step.condition for use in pipeline.policies for step in use.steps)
    return tuple(dict.fromkeys(test for one in conditions for test in _tests(one)))


def test_of(condition: ConsumerIs | ScopeHeld) -> Test:
    """What a condition asks about the consumer."""
    if isinstance(condition, ConsumerIs):
        return ConsumerTest(frozenset(condition.consumers))
    return ScopeTest(frozenset(condition.scopes))


def _tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, ConsumerIs | ScopeHeld):
        yield test_of(condition)
    if isinstance(condition, Not):
        yield from _tests(condition.condition)
    if isinstance(condition, AllOf | OneOf):
        for one in condition.conditions:
            yield from _tests(one)
