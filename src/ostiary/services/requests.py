"""A request as routing and conditions look at it, told without the engine.

Each function stands for rules of ``compiler.guards`` and ``compiler.conditions``, in their order:
what is said here must be what the engine does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

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
from ostiary.config.model.plugins import PluginCondition
from ostiary.config.rewriting import parameters_regex
from ostiary.consumers import judging
from ostiary.consumers.model import Known
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.marks import Marks
from ostiary.x509.certificate import Certificate

_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_COMMON_NAME = "2.5.4.3"
"""X.520 section 6.2.2."""
_SHORT = 60
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986 section 2.3."""


Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names as they are written, and values, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What is told of an admitted certificate."""

    fingerprint: str
    """SHA-256, hex."""
    serial: str = ""
    """Hexadecimal, as HAProxy writes it."""
    subject: str = ""
    """RFC 4514; likewise the issuer."""
    issuer: str = ""
    common_name: str = ""


def peer_of(certificate: Certificate) -> Peer:
    """What is told of this one."""
    names = (one.text for rdn in certificate.rdns for one in rdn if one.oid == _COMMON_NAME)
    serial = certificate.serial
    # Whole bytes, as HAProxy writes them.
    encoded = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    return Peer(
        fingerprint=certificate.fingerprint,
        serial=encoded.hex().upper(),
        subject=certificate.subject,
        issuer=certificate.issuer,
        common_name=next(names, ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What conditions and expressions look at."""

    method: str
    host: str
    """The Host header as sent, with its port if any."""
    path: str
    """Normalised, without the query."""
    query: str = ""
    """Without the question mark; empty for none."""
    scheme: str = "http"
    client: str = ""
    """The client's address; empty where nothing is known of it."""
    headers: Headers = ()
    """Without ``Host``."""
    original: str = ""
    """Path and query as they were before any step changed them."""
    peer: Peer | None = None
    """Of a client that was admitted by its certificate."""
    known: Known | None = None
    """The consumer that an earlier step has found, and its credential."""
    facts: Facts | None = None
    """Of the certificate by which the client is admitted; None for nobody."""

    def header_values(self, name: str) -> tuple[str, ...]:
        """All values of a header, by its name in lower case."""
        if name == "host":
            return (self.host,)
        return tuple(value for one, value in self.headers if one.lower() == name)

    def with_header(self, name: str, value: str | None) -> "Request":
        """The same with this header in place of all of its name; None: without any."""
        kept = tuple(one for one in self.headers if one[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def parameter(self, name: str) -> str:
        """The first of this name in the query, as it is written; empty for none."""
        pairs = (one.partition("=") for one in self.query.split("&"))
        return next((value for key, _, value in pairs if key == name), "")

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


def normalised_query(query: str) -> str | None:
    """The query in the one form that is forwarded; None where it is refused (400)."""
    if any(found[1] is None for found in _PERCENT.finditer(query)):
        return None
    return _PERCENT.sub(_decoded, query)


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


def holds(condition: Condition, request: Request, *, authenticated: bool) -> bool | None:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """Whether a condition is true of the request; ``authenticated``: the client was admitted.

    None where a script or a plug-in decides, or the body: neither is looked at here.
    """
    match condition:
        case Always():
            return True
        case Never():
            return False
        case AllOf() | OneOf() | Not():
            return _combined(condition, request, authenticated=authenticated)
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
        case Authenticated():
            return request.known is not None
        case ExpressionHolds() | BodyFits() | PluginCondition():
            return None
        case Anonymous():
            return request.known is None
        case ConsumerIs() | ScopeHeld():
            test = test_of(condition)
            return request.known is not None and judging.holds(test, request.known)
        case ClientCertificate():
            return authenticated and _is_shown(condition, request)
        case _:
            assert_never(condition)


def _combined(
    condition: AllOf | OneOf | Not, request: Request, *, authenticated: bool
) -> bool | None:
    if isinstance(condition, Not):
        return _not(holds(condition.condition, request, authenticated=authenticated))
    truths = [holds(x, request, authenticated=authenticated) for x in condition.conditions]
    return _all(truths) if isinstance(condition, AllOf) else _not(_all(map(_not, truths)))


def _is_shown(condition: ClientCertificate, request: Request) -> bool:
    marks = Marks((certificate_test(condition),))
    return request.facts is not None and any(marks.of(request.facts))


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: Iterable[bool | None]) -> bool | None:
    """One that is false decides, whatever isn't known."""
    found = list(truths)
    if False in found:
        return False
    return None if None in found else True


def told(condition: Condition) -> str:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """A condition in few words."""
    match condition:
        case Always() | Never() | TlsClientAuthenticated() | Authenticated() | Anonymous():
            return condition.name
        case AllOf() | OneOf():
            return _joined(condition)
        case Not():
            return f"not {_bracketed(condition.condition)}"
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
            return f"expression {short!r}"
        case BodyFits():
            return "json-schema fits the body"
        case PluginCondition():
            return f"the plug-in {condition.plugin!r}"
        case ConsumerIs():
            return f"consumer {','.join(condition.consumers)}"
        case ScopeHeld():
            return f"scope {','.join(condition.scopes)}"
        case _:
            assert_never(condition)


def _joined(condition: AllOf | OneOf) -> str:
    word = " and " if isinstance(condition, AllOf) else " or "
    if not condition.conditions:
        return f"{condition.name}()"
    return word.join(map(_bracketed, condition.conditions))


def _bracketed(condition: Condition) -> str:
    several = isinstance(condition, AllOf | OneOf) and len(condition.conditions) > 1
    return f"({told(condition)})" if several else told(condition)
