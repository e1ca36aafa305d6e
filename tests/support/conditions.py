"""Random conditions and pipelines of steps."""

from random import Random

from ostiary.config.model.condition import (
    AllOf,
    Always,
    Condition,
    HostMatch,
    Method,
    Never,
    Not,
    OneOf,
    PathExact,
    PathMatch,
    TlsClientAuthenticated,
)
from ostiary.config.model.pipeline import Pipeline, PolicyUse, ProxyAction, Step, TerminateAction

_LEAVES: tuple[Condition, ...] = (
    Always(),
    Never(),
    TlsClientAuthenticated(),
    *(PathExact(path=path) for path in ("/a", "/a?x=1", "/b/", "a", "}", "/it's")),
    *(PathMatch(pattern=one) for one in ("^/a", "b", "x=1$", "}", "", "[?]", "-b", "^/[A-Z]", "'")),
    *(Method(methods=one) for one in (("GET",), ("POST", "PUT"), ("HEAD",), ("PATCH", "DELETE"))),
    Method(methods=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")),
    *(HostMatch(pattern=one) for one in ("*.test", "c?.test:80", "*:80", "C*", "c1*", "*")),
)
_PATHS = ("/a", "/a?x=1", "/b/", "/b", "/", "/A", "/c-b?y=}", "/it's", "/ab?")


def condition(dice: Random, depth: int = 5) -> Condition:
    """A condition nested to at most this depth."""
    kind = dice.randrange(6) if depth else 0
    if kind < 2:
        return dice.choice(_LEAVES)
    if kind == 2:
        return Not(condition=condition(dice, depth - 1))
    inner = tuple(condition(dice, depth - 1) for _ in range(dice.choice((0, 1, 2, 2, 3, 4, 6))))
    if kind == 3:
        return AllOf(conditions=inner)
    return OneOf(name=dice.choice(("oneOf", "anyOf")), conditions=inner)


def url(dice: Random) -> str:
    """Path and query that some of the conditions know."""
    return dice.choice(_PATHS)


def pipeline(dice: Random, endpoint: str, services: tuple[str, ...]) -> Pipeline:
    """Policies in any order, with zero to three steps each."""
    policies = tuple(_policy(dice, at, services) for at in range(dice.randrange(6)))
    return Pipeline(api_endpoints=(endpoint,), policies=policies)


def _policy(dice: Random, number: int, services: tuple[str, ...]) -> PolicyUse:
    name = dice.choice(("terminate", "proxy"))
    steps = tuple(
        Step(
            condition=condition(dice, dice.randrange(3)),
            action=ProxyAction(service_endpoint=dice.choice(services))
            if name == "proxy"
            else TerminateAction(status_code=210 + number, message=f"step {number}.{at}"),
        )
        for at in range(dice.randrange(4))
    )
    return PolicyUse(name=name, steps=steps)
