"""Which kinds of credentials a document asks for, where, and what they are judged by.

Pipelines that look for their credentials in the same place share a *profile*: its rules stand in
the listeners once, whatever the number of APIs. What differs from API to API, the scopes and what
conditions ask, is the *judgement*, found by the route's number in the profile's map.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ostiary.compiler.client_certificates import (
    CertificateJudgement,
    certificate_judgement_of,
    places_of,
    same_certificate,
)
from ostiary.compiler.routes import Route, RouteTable, route_table
from ostiary.config.model.auth_conditions import ConsumerIs, ScopeHeld
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.consumers.judging import ConsumerTest, Judgement, ScopeTest, Test
from ostiary.consumers.model import CredentialType

Authenticating = KeyAuthAction | BasicAuthAction
"""The actions that ask for a credential."""
Asking = Authenticating | ClientCertAction
"""All that ask who the consumer is."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One place where credentials of one type are looked for."""

    number: int
    """From 1; 0 where it is the only one."""
    action: Asking
    """Without what doesn't say where to look; of certificates one of those that share the place."""
    judgements: Mapping[int, Judgement | CertificateJudgement]
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


def type_of(action: Asking) -> CredentialType:
    """The type of credential that an action asks for."""
    if isinstance(action, ClientCertAction):
        return CredentialType.CERTIFICATE
    return CredentialType(action.policy)


def profiles_of(document: Document, table: RouteTable) -> Profiles:
    """The profiles of a document; the same document gives the same numbers."""
    places = places_of(document.pipelines.values())
    found: dict[Asking | int, dict[int, Judgement | CertificateJudgement]] = {}
    actions: dict[Asking, Asking | int] = {}
    pipelines = {
        endpoint: pipeline
        for pipeline in document.pipelines.values()
        for endpoint in pipeline.api_endpoints
    }
    steps = [one for pipeline in document.pipelines.values() for one in actions_of(pipeline)]
    for place in map(place_of, steps):
        actions[place] = places[place] if isinstance(place, ClientCertAction) else place
        found.setdefault(actions[place], {})
    for route in table.routes:
        bound = pipelines.get(route.endpoint)
        if bound is None:
            continue
        for action in actions_of(bound):
            place = place_of(action)
            asked = judgement_of(action, route, bound)
            found[actions[place]][route.rank] = _judgement(place, asked)
    numbers = {where: number for number, where in enumerate(found, int(len(found) > 1))}
    return Profiles(
        {
            action: Profile(numbers[where], action, found[where])
            for action, where in actions.items()
        },
        reports=any(isinstance(one, ClientCertAction) and one.report_only for one in steps),
    )


def judgement_of(action: Asking, route: Route, pipeline: Pipeline) -> Judgement:
    """What a step of the pipeline judges by, for requests of this route."""
    return Judgement(type=type_of(action), scopes=route.scopes, tests=tests_of(pipeline))


def _judgement(place: Asking, asked: Judgement) -> Judgement | CertificateJudgement:
    if isinstance(place, ClientCertAction):
        return certificate_judgement_of(place, asked)
    return asked


def judgements_of(document: Document) -> Mapping[str, Judgement]:
    """What the agent judges by, by id."""
    return {one.id: one for one in _all(document) if isinstance(one, Judgement)}


def certificate_judgements_of(document: Document) -> Mapping[str, CertificateJudgement]:
    """By what the agent judges certificates in steps, by id."""
    return {one.id: one for one in _all(document) if isinstance(one, CertificateJudgement)}


def _all(document: Document) -> Iterator[Judgement | CertificateJudgement]:
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
