"""When a step of a policy runs: the closed family of conditions."""

import re
from typing import Annotated, Literal, Union

from pydantic import AfterValidator, Field

from ostiary.config.model.auth_conditions import (
    Anonymous,
    Authenticated,
    ConsumerIs,
    ScopeHeld,
)
from ostiary.config.model.base import Listed, Model, Regex, Some, Unfit

# The minimatch signs beyond '*' and '?' ({}, [], extglobs, a leading '!') are refused.
_HOST_PATTERN = re.compile(r"[A-Za-z0-9_.:*?-]+")


def _host_pattern(value: str) -> str:
    if not _HOST_PATTERN.fullmatch(value):
        raise Unfit(
            "isn't a host pattern this version supports",
            "use '*' and '?', and oneOf for several patterns",
        )
    return value


class Always(Model):
    """Always true."""

    name: Literal["always"] = "always"


class Never(Model):
    """Never true."""

    name: Literal["never"] = "never"


class AllOf(Model):
    """True when every one of its conditions is; true without any."""

    name: Literal["allOf"] = "allOf"
    conditions: tuple["Condition", ...] = Field(description="The conditions.")


class OneOf(Model):
    """True when at least one of its conditions is; false without any. Also called ``anyOf``."""

    name: Literal["oneOf", "anyOf"] = "oneOf"
    conditions: tuple["Condition", ...] = Field(description="The conditions.")


class Not(Model):
    """True when its condition is not."""

    name: Literal["not"] = "not"
    condition: "Condition" = Field(description="The condition to turn round.")


class PathExact(Model):
    """True when the request's path, with its query, is exactly this."""

    name: Literal["pathExact"] = "pathExact"
    path: str = Field(min_length=1, description="Path with query; case matters.")


class PathMatch(Model):
    """True when the expression is found anywhere in the request's path with its query."""

    name: Literal["pathMatch"] = "pathMatch"
    pattern: Regex = Field(description="Regular expression; case matters.")


class Method(Model):
    """True when the request's method is one of these."""

    name: Literal["method"] = "method"
    methods: Annotated[
        tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"], ...],
        Listed,
        Some,
    ] = Field(description="One method or a list, in capitals.")


class HostMatch(Model):
    """True when the Host header, as sent and with its port, matches the pattern."""

    name: Literal["hostMatch"] = "hostMatch"
    pattern: Annotated[str, AfterValidator(_host_pattern)] = Field(
        description="Pattern: '*' is any text, '?' one character; case matters."
    )


class TlsClientAuthenticated(Model):
    """True when the client has shown a certificate and it is welcome, now."""

    name: Literal["tlsClientAuthenticated"] = "tlsClientAuthenticated"


Condition = Annotated[
    Union[  # noqa: UP007 - the members refer to the union itself
        Always,
        Never,
        AllOf,
        OneOf,
        Not,
        PathExact,
        PathMatch,
        Method,
        HostMatch,
        TlsClientAuthenticated,
        Authenticated,
        Anonymous,
        ConsumerIs,
        ScopeHeld,
    ],
    Field(discriminator="name"),
]

AllOf.model_rebuild()
OneOf.model_rebuild()
Not.model_rebuild()
