"""Which kinds of credentials a document asks for, where, and what they are judged by.

Pipelines that look for their credentials in the same place share a *profile*: its rules stand in
the listeners once, whatever the number of APIs. What differs from API to API, the scopes and what
conditions ask, is the *judgement*, found by the route's number in the profile's map.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ostiary.compiler.routes import Route, RouteTable, route_table
from ostiary.config.model.auth_conditions import ConsumerIs, ScopeHeld
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.consumers.judging import ConsumerTest, Judgement, ScopeTest, Test
from ostiary.consumers.model import CredentialType

Authenticating = KeyAuthAction | BasicAuthAction
"""The actions that ask for a credential."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One place where credentials of one type are looked for."""

    number: int
    """From 1; 0 where it is the only one."""
    action: Authenticating
    """Without what doesn't say where to look."""
    judgements: Mapping[int, Judgement]
    """By the rank of the route."""

    @property
    def file(self) -> str:
        """The map from the route's number to the judgement's id."""
        return f"credentials-{self.number}.map"


@dataclass(frozen=True, slots=True)
class Profiles:
    """All of a document, by their actions."""

    by_action: Mapping[Authenticating, Profile] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_action)

    def __iter__(self) -> Iterator[Profile]:
        return iter(self.by_action.values())

    def number(self, action: Authenticating) -> int:
        """The number of the profile that an action belongs to."""
        return self.by_action[place_of(action)].number


def place_of(action: Authenticating) -> Authenticating:
    """The same action for all that look in the same place."""
    return action.model_copy(update={"pass_through": False})


def type_of(action: Authenticating) -> CredentialType:
    """The type of credential that an action asks for."""
    return CredentialType(action.policy)


def profiles_of(document: Document, table: RouteTable) -> Profiles:
    """The profiles of a document; the same document gives the same numbers."""
    found: dict[Authenticating, dict[int, Judgement]] = {}
    pipelines = {
        endpoint: pipeline
        for pipeline in document.pipelines.values()
        for endpoint in pipeline.api_endpoints
    }
    for pipeline in document.pipelines.values():
        for action in actions_of(pipeline):
            found.setdefault(place_of(action), {})
    for route in table.routes:
        bound = pipelines.get(route.endpoint)
        if bound is None:
            continue
        for action in actions_of(bound):
            found[place_of(action)][route.rank] = judgement_of(action, route, bound)
    return Profiles(
        {
            action: Profile(number, action, judgements)
            for number, (action, judgements) in enumerate(found.items(), int(len(found) > 1))
        }
    )


def judgement_of(action: Authenticating, route: Route, pipeline: Pipeline) -> Judgement:
    """What a step of the pipeline judges by, for requests of this route."""
    return Judgement(type=type_of(action), scopes=route.scopes, tests=tests_of(pipeline))


def judgements_of(document: Document) -> Mapping[str, Judgement]:
    """What the agent judges by, by id."""
    profiles = profiles_of(document, route_table(document.api_endpoints))
    return {one.id: one for profile in profiles for one in profile.judgements.values()}


def actions_of(pipeline: Pipeline) -> Iterator[Authenticating]:
    """The steps' actions that ask for a credential, in order."""
    for use in pipeline.policies:
        for step in use.steps:
            if isinstance(step.action, KeyAuthAction | BasicAuthAction):
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
