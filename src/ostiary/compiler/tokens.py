"""Tokens: where they are looked for, and by what they are judged."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.consumers.judging import Test
from ostiary.consumers.tokens import TokenJudgement

AsksToken: TypeAlias = JwtAction | IntrospectAction
Where: TypeAlias = tuple[str, str, int]
"""Where tokens are looked for: kind and name of the place, and a number for those that look there
in one and the same pipeline."""


def same_token(action: AsksToken) -> AsksToken:
    """The action without what is no matter of the token."""
    return action.model_copy(update={"pass_through": False})


def token_steps(pipeline: Pipeline) -> Iterator[tuple[tuple[int, int], AsksToken]]:
    """A pipeline's actions that ask for tokens, with number of the policy and of the step."""
    for use_number, use in enumerate(pipeline.policies):
        for number, step in enumerate(use.steps):
            if isinstance(step.action, JwtAction | IntrospectAction):
                yield (use_number, number), step.action


def sources_of(name: str, pipeline: Pipeline) -> Mapping[AsksToken, str]:
    """By action, as ``same_token`` gives it: the name of who vouches for its tokens.

    It comes from the place in the document, not from the key: so it says nothing of secrets, and
    when a key changes, workers that still drain are answered by the new one.
    """
    distinct = dict.fromkeys(same_token(action) for _, action in token_steps(pipeline))
    return {action: f"{name}/{number}" for number, action in enumerate(distinct)}


def token_places(document: Document) -> Mapping[AsksToken, Where]:
    """Where each action looks.

    Actions that look in the same place share its rules, unless a pipeline has several: these are
    told apart by number.
    """
    pipelines = [
        list(dict.fromkeys(same_token(action) for _, action in token_steps(one)))
        for one in document.pipelines.values()
    ]
    found: dict[AsksToken, Where] = {}
    for action in (one for several in pipelines for one in several):
        if action not in found:
            beside = {one for several in pipelines if action in several for one in several}
            found[action] = _free(_place(action), {found[one] for one in beside if one in found})
    return found


def _free(place: tuple[str, str], taken: Iterable[Where]) -> Where:
    used = {number for *where, number in taken if tuple(where) == place}
    return (*place, next(number for number in range(len(used) + 1) if number not in used))


def _place(action: AsksToken) -> tuple[str, str]:
    if isinstance(action, IntrospectAction):
        return "scheme", "bearer"
    if action.scheme:
        return "scheme", action.scheme.lower()
    name = action.jwt_extractor_field or ""
    return action.jwt_extractor, name.lower() if action.jwt_extractor == "header" else name


def token_judgement(
    action: AsksToken, source: str, scopes: frozenset[str], tests: tuple[Test, ...]
) -> TokenJudgement:
    """By what the agent judges."""
    jwt = action if isinstance(action, JwtAction) else None
    return TokenJudgement(
        policy=action.policy,
        source=source,
        algorithms=tuple(sorted(set(jwt.algorithms or ()))) if jwt else (),
        audience=frozenset(action.audience or ()),
        issuer=frozenset(action.issuer or ()),
        leeway=action.leeway_seconds,
        must_be_bound=action.require_bound_certificate,
        stored=jwt is not None and jwt.check_credential_existence,
        scopes=scopes,
        tests=tests,
    )
