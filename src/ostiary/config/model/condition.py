"""When a step of a policy runs: the closed family of conditions."""

import re
from typing import Annotated, ClassVar, Literal, Union, get_args

from pydantic import AfterValidator, Field

from ostiary.config.expression.parsing import NotSupported
from ostiary.config.expression.scripts import ABOUT_SCRIPTS, checked
from ostiary.config.host_patterns import NoHostPattern, host_regex
from ostiary.config.model.auth_conditions import (
    Anonymous,
    Authenticated,
    ConsumerIs,
    ScopeHeld,
)
from ostiary.config.model.base import Listed, Model, Regex, Some, Unfit, Wrong
from ostiary.config.model.body_condition import BodyFits
from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.plugins import PluginCondition
from ostiary.scripts.model import Script, Wanted

_PARAMETER_PATH = re.compile(r"(?:/(?::\w+|[A-Za-z0-9._~!$&',=@%-]*))+", re.ASCII)


def _host_pattern(value: str) -> str:
    try:
        host_regex(value)
    except NoHostPattern as error:
        way_out = "use '*', '?', '[a-c]', '[!a]' and '{a,b}', and oneOf or not for the rest"
        raise Unfit(f"isn't a host pattern this version supports: {error}", way_out) from error
    return value


def _parameter_path(value: str) -> str:
    if not _PARAMETER_PATH.fullmatch(value):
        raise Unfit(
            "isn't a path this version can take apart",
            "use '/', ':name' for whole segments and plain letters, or regexpmatch",
        )
    names = re.findall(r"(?<=:)\w+", value)
    if len(set(names)) < len(names) or len(names) > 9:
        raise Unfit("names a segment twice, or more than nine", "use regexpmatch")
    return value


def _expression(value: str) -> str:
    try:
        checked(Script(value, Wanted.TRUTH))
    except NotSupported as error:
        raise Wrong(f"{value[:80]!r}: {error}", ABOUT_SCRIPTS) from error
    return value


class Always(Model):
    """Always true."""

    example: ClassVar[str] = "{name: always}"
    name: Literal["always"] = "always"


class Never(Model):
    """Never true."""

    example: ClassVar[str] = "{name: never}"
    name: Literal["never"] = "never"


class AllOf(Model):
    """True when every one of its conditions is; true without any."""

    example: ClassVar[str] = (
        "{name: allOf, conditions: [{name: method, methods: GET}, {name: pathMatch, pattern: ^/a}]}"
    )
    name: Literal["allOf"] = "allOf"
    conditions: tuple["Condition", ...] = Field(description="The conditions.")


class OneOf(Model):
    """True when at least one of its conditions is; false without any. Also called ``anyOf``."""

    example: ClassVar[str] = (
        "{name: oneOf, conditions: [{name: pathExact, path: /a}, {name: pathExact, path: /b}]}"
    )
    name: Literal["oneOf", "anyOf"] = "oneOf"
    conditions: tuple["Condition", ...] = Field(description="The conditions.")


class Not(Model):
    """True when its condition is not."""

    example: ClassVar[str] = "{name: not, condition: {name: tlsClientAuthenticated}}"
    name: Literal["not"] = "not"
    condition: "Condition" = Field(description="The condition to turn round.")


class PathExact(Model):
    """True when the request's path, with its query, is exactly this."""

    example: ClassVar[str] = "{name: pathExact, path: /status}"
    name: Literal["pathExact"] = "pathExact"
    path: str = Field(min_length=1, description="Path with query; case matters.")


class PathMatch(Model):
    """True when the expression is found anywhere in the request's path with its query."""

    example: ClassVar[str] = "{name: pathMatch, pattern: '^/v[12]/'}"
    name: Literal["pathMatch"] = "pathMatch"
    pattern: Regex = Field(description="Regular expression; case matters.")


class PathParameters(Model):
    """True when the path matches, as the plug-in rewrite has it: `:name` is one segment."""

    example: ClassVar[str] = "{name: pathmatch, match: '/users/:id'}"
    name: Literal["pathmatch"] = "pathmatch"
    match: Annotated[str, AfterValidator(_parameter_path)] = Field(
        description="Path with `:name` for whole segments; any case, with or without a slash at "
        "the end, whatever the query."
    )


class RegexpMatch(Model):
    """As `pathMatch`; what its groups find can be used by rewrite."""

    example: ClassVar[str] = "{name: regexpmatch, match: '^/js/(.*)$'}"
    name: Literal["regexpmatch"] = "regexpmatch"
    match: Regex = Field(description="Regular expression; case matters.")


class Method(Model):
    """True when the request's method is one of these."""

    example: ClassVar[str] = "{name: method, methods: [POST, PUT]}"
    name: Literal["method"] = "method"
    methods: Annotated[
        tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"], ...],
        Listed,
        Some,
    ] = Field(description="One method or a list, in capitals.")


class HostMatch(Model):
    """True when the Host header, as sent and with its port, matches the pattern."""

    example: ClassVar[str] = "{name: hostMatch, pattern: '*.example.com'}"
    name: Literal["hostMatch"] = "hostMatch"
    pattern: Annotated[str, AfterValidator(_host_pattern)] = Field(
        description="Pattern: '*' is any text, '?' one character, '[a-c]' one of these, '[!a]' any "
        "other, '{a,b}' either; case matters."
    )


class ExpressionHolds(Model):
    """True when JavaScript says so: worked out by HAProxy where it can, else asked of the gateway's
    own process for each request."""

    example: ClassVar[str] = (
        """{name: expression, expression: "req.headers['x-kind'] === 'a' && req.query.n > 1"}"""
    )
    name: Literal["expression"] = "expression"
    expression: Annotated[str, AfterValidator(_expression)] = Field(
        min_length=1, description="JavaScript; what it throws is a 500."
    )


class TlsClientAuthenticated(Model):
    """True when the client has shown a certificate and it is welcome, now."""

    example: ClassVar[str] = "{name: tlsClientAuthenticated}"
    name: Literal["tlsClientAuthenticated"] = "tlsClientAuthenticated"


_Conditions = Union[  # noqa: UP007 - the members refer to the union itself
    Always,
    Never,
    AllOf,
    OneOf,
    Not,
    PathExact,
    PathMatch,
    PathParameters,
    RegexpMatch,
    Method,
    HostMatch,
    ExpressionHolds,
    BodyFits,
    TlsClientAuthenticated,
    Authenticated,
    Anonymous,
    ConsumerIs,
    ScopeHeld,
    ClientCertificate,
    PluginCondition,
]
Condition = Annotated[_Conditions, Field(discriminator="name")]
CONDITION_MODELS: tuple[type[Model], ...] = tuple(
    one for one in get_args(_Conditions) if one is not PluginCondition
)
"""The gateway's own."""
CONDITIONS: tuple[str, ...] = tuple(
    name for one in CONDITION_MODELS for name in get_args(one.model_fields["name"].annotation)
)
"""Names of the gateway's own conditions."""

AllOf.model_rebuild()
OneOf.model_rebuild()
Not.model_rebuild()
