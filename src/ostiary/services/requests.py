"""A request as routing and conditions look at it, told without the engine.

Each function stands for rules of ``compiler.guards`` and ``compiler.conditions``, in their order:
what is said here must be what the engine does.
"""

import re
from dataclasses import dataclass
from typing import assert_never

from ostiary.compiler.guards import AMBIGUOUS_PATH
from ostiary.compiler.marks import certificate_test
from ostiary.compiler.profiles import test_of
from ostiary.config.host_patterns import host_regex
from ostiary.config.model.auth_conditions import (
    Anonymous,
    Authenticated,
    ConsumerIs,
    ScopeHeld,
)
from ostiary.config.model.body_condition import BodyFits
from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.condition import (
    AllOf,
    Always,
    Condition,
    ExpressionHolds,
    HostMatch,
    Method,
    Never,
    Not,
    OneOf,
    PathExact,
    PathMatch,
    PathParameters,
    RegexpMatch,
    TlsClientAuthenticated,
)
from ostiary.config.rewriting import parameters_regex
from ostiary.consumers.judging import holds as passes
from ostiary.consumers.model import Known
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.marks import Marks

_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_SHORT = 60
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986 section 2.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What conditions look at."""

    method: str
    host: str
    """The Host header as sent, with its port if any."""
    path: str
    """Normalised, without the query."""
    query: str = ""
    """Without the question mark; empty for none."""
    consumer: Known | None = None
    """Whose request it is, as the steps have found out so far."""
    facts: Facts | None = None
    """Of the certificate by which the client is admitted; None for nobody."""

    @property
    def pathq(self) -> str:
        """The path with its query, as conditions on the path see it."""
        return f"{self.path}?{self.query}" if self.query else self.path


def normalised(path: str) -> str | None:
    """The path in the one form that is matched and forwarded; None where it is refused (400)."""
    if any(found[1] is None for found in _PERCENT.finditer(path)):
        return None
    path = _PERCENT.sub(_decoded, path)
    path = re.sub(r"/{2,}", "/", path)
    path = _without_dot_segments(path)
    return None if re.search(AMBIGUOUS_PATH, path, re.IGNORECASE) else path


def _decoded(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else found[0].upper()


def _without_dot_segments(path: str) -> str:
    """RFC 3986 section 5.2.4, on a path without empty segments."""
    kept: list[str] = []
    segments = path.split("/")
    for at, segment in enumerate(segments):
        if segment == ".." and len(kept) > 1:
            kept.pop()
        if segment not in (".", ".."):
            kept.append(segment)
        elif at == len(segments) - 1:
            kept.append("")
    return "/".join(kept)


def holds(condition: Condition, request: Request, *, authenticated: bool) -> bool:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """Whether a condition is true of the request; ``authenticated``: the client was admitted.

    Credentials but for certificates aren't looked at: nobody is known by them. What a script would
    say is taken for false: none is run.
    """
    match condition:
        case Always():
            return True
        case Never():
            return False
        case AllOf():
            return all(holds(x, request, authenticated=authenticated) for x in condition.conditions)
        case OneOf():
            return any(holds(x, request, authenticated=authenticated) for x in condition.conditions)
        case Not():
            return not holds(condition.condition, request, authenticated=authenticated)
        case PathExact():
            return request.pathq == condition.path
        case PathMatch():
            return re.search(condition.pattern, request.pathq) is not None
        case PathParameters():
            source = parameters_regex(condition.match)
            return re.search(source, request.path, re.IGNORECASE) is not None
        case RegexpMatch():
            return re.search(condition.match, request.pathq) is not None
        case Method():
            return request.method in condition.methods
        case HostMatch():
            return re.search(host_regex(condition.pattern), request.host) is not None
        case TlsClientAuthenticated():
            return authenticated
        case ExpressionHolds() | BodyFits():
            return False
        case Authenticated():
            return request.consumer is not None
        case Anonymous():
            return request.consumer is None
        case ConsumerIs() | ScopeHeld():
            one = request.consumer
            return one is not None and passes(test_of(condition), one.consumer, one.credential)
        case ClientCertificate():
            marks = Marks((certificate_test(condition),))
            return authenticated and request.facts is not None and any(marks.of(request.facts))
        case _:
            assert_never(condition)


def told(condition: Condition) -> str:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """A condition in few words."""
    match condition:
        case Always() | Never() | TlsClientAuthenticated() | Authenticated() | Anonymous():
            return condition.name
        case AllOf() | OneOf():
            return f"{condition.name}({', '.join(map(told, condition.conditions))})"
        case Not():
            return f"not {told(condition.condition)}"
        case PathExact():
            return f"pathExact {condition.path!r}"
        case PathMatch():
            return f"pathMatch {condition.pattern!r}"
        case PathParameters() | RegexpMatch():
            return f"{condition.name} {condition.match!r}"
        case ClientCertificate():
            asked = (f"{key}={'|'.join(texts)}" for key, texts in condition.given)
            return f"clientCertificate {', '.join(asked)}"
        case Method():
            return f"method {','.join(condition.methods)}"
        case HostMatch():
            return f"hostMatch {condition.pattern!r}"
        case ExpressionHolds():
            source = condition.expression
            short = source if len(source) <= _SHORT else f"{source[:_SHORT]}…"
            return f"expression {short!r} (asked at each request; taken for false here)"
        case BodyFits():
            return "json-schema (looked at with each body; taken for false here)"
        case ConsumerIs():
            return f"consumer {','.join(condition.consumers)}"
        case ScopeHeld():
            return f"scope {','.join(condition.scopes)}"
        case _:
            assert_never(condition)
