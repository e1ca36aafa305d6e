"""Checks of what pipelines ask of consumers: scopes that nobody asks for, conditions that can't be
true, more conditions than can be told.
"""

from collections.abc import Iterator

from ostiary.config.model.auth_conditions import Anonymous, Authenticated, ConsumerIs, ScopeHeld
from ostiary.config.model.auth_policies import AuthAction
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem

MOST_ASKED = 31
"""Different conditions about consumers in one pipeline: their outcomes are bits of one number."""

_FINDING = "key-auth, basic-auth or client-cert"
"""Policies that find a consumer."""


def check_credentials(document: Document, places: Places) -> Iterator[Problem]:
    """Yield problems of scopes, and of conditions about consumers."""
    for name, pipeline in document.pipelines.items():
        yield from _conditions(name, pipeline, places)
        if not _authenticates(pipeline):
            for endpoint in pipeline.api_endpoints:
                yield from _scopes(document, endpoint, places)


def _authenticates(pipeline: Pipeline) -> bool:
    return any(isinstance(s.action, AuthAction) for use in pipeline.policies for s in use.steps)


def _scopes(document: Document, endpoint: str, places: Places) -> Iterator[Problem]:
    """Scopes that look as if they were asked for."""
    for number, entry in enumerate(document.api_endpoints.get(endpoint, ())):
        if entry.scopes:
            path = ("apiEndpoints", endpoint, number, "scopes")
            message = "nothing enforces these scopes: no policy of its pipeline authenticates"
            yield places.problem(
                path, message, "add key-auth, basic-auth or client-cert, or remove them"
            )


def _conditions(name: str, pipeline: Pipeline, places: Places) -> Iterator[Problem]:
    asked: set[frozenset[str] | tuple[str, ...]] = set()
    found = False
    for use_number, use in enumerate(pipeline.policies):
        for step_number, step in enumerate(use.steps):
            path: tuple[PathPart, ...] = (
                "pipelines", name, "policies", use_number, "steps", step_number, "condition",
            )  # fmt: skip
            about = tuple(_about_consumers(step.condition))
            if about and not found:
                message = f"{about[0].name} comes before any policy that finds a consumer"
                yield places.warning(
                    path, message, "move it behind key-auth, basic-auth or client-cert"
                )
            asked |= {frozenset(one.consumers) for one in about if isinstance(one, ConsumerIs)}
            asked |= {tuple(sorted(set(one.scopes))) for one in about if isinstance(one, ScopeHeld)}
            found = found or isinstance(step.action, AuthAction)
    if len(asked) > MOST_ASKED:
        message = f"asks {len(asked)} different things about consumers; {MOST_ASKED} are possible"
        yield places.problem(("pipelines", name), message, "split the pipeline, or use scopes")


def _about_consumers(
    condition: Condition,
) -> Iterator[Authenticated | Anonymous | ConsumerIs | ScopeHeld]:
    match condition:
        case Authenticated() | Anonymous() | ConsumerIs() | ScopeHeld():
            yield condition
        case Not():
            yield from _about_consumers(condition.condition)
        case AllOf() | OneOf():
            for one in condition.conditions:
                yield from _about_consumers(one)
        case _:
            pass
