"""The policy ``cors``: which other sites' pages may read answers (Fetch standard, CORS)."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from ostiary.config.model.base import Flag, Listed, Model, Number, Regex, Unfit
from ostiary.config.model.policies.values import Token


class Pattern(Model):
    """A regular expression, also written ``!!js/regexp /…/i``."""

    regexp: Regex = Field(description="Found anywhere in the origin, unless anchored.")
    flags: Literal["", "i", "g", "gi", "ig"] = Field(
        default="", description="`i` ignores case; `g` changes nothing."
    )


def _split(value: object) -> object:
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return value


def _origin(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        raise Unfit("is text, not a switch", "write true or false without quotes")
    return value


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "switch"
    if isinstance(value, list | tuple):
        return "list"
    return "pattern" if isinstance(value, dict | Pattern) else "text"


ORIGINS = ("switch", "text", "pattern", "list")
"""How an origin may be written: tags of the union."""
Origin = Annotated[
    Annotated[str, Tag("text")] | Annotated[Pattern, Tag("pattern")], Discriminator(_kind)
]
_Origins = Annotated[
    Annotated[bool, Tag("switch")]
    | Annotated[str, Tag("text")]
    | Annotated[Pattern, Tag("pattern")]
    | Annotated[tuple[Origin, ...], Tag("list")],
    Discriminator(_kind),
    BeforeValidator(_origin),
]
_Methods = Annotated[tuple[Token, ...], BeforeValidator(_split)]


class CorsAction(Model):
    """Answer preflights, and tell browsers which sites may read the answers."""

    example: ClassVar[str] = inspect.cleandoc(
        r"""
        - cors:
            action:
              origin: ["https://app.example.com", !!js/regexp '/^https:\/\/[a-z]+\.example\.com$/']
              credentials: true
              maxAge: 600
        """
    )
    policy: Literal["cors"] = "cors"
    origin: _Origins = Field(
        default="*",
        description="`*`: any site. A text: always told as it is. A list of texts and patterns, "
        "or a pattern: the site that asks, if it is one of them. `true`: whichever asks. `false`: "
        "the policy does nothing.",
    )
    methods: _Methods = Field(
        default=("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"),
        description="Methods that are allowed, as a list or separated by commas.",
    )
    allowed_headers: Annotated[tuple[Token, ...] | None, BeforeValidator(_split)] = Field(
        default=None,
        description="Request headers that are allowed; when left out, those that are asked for.",
    )
    exposed_headers: Annotated[tuple[Token, ...], Listed] = Field(
        default=(), description="Answer headers that pages may read."
    )
    credentials: Flag = Field(
        default=False, description="Whether cookies and certificates may be sent."
    )
    max_age: Annotated[Number, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="How long browsers may remember a preflight, seconds."
    )
    options_success_status: Annotated[Number, Field(ge=200, le=299)] = Field(
        default=204, description="Status of the answer to a preflight."
    )
