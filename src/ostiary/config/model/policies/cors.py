"""The policy ``cors``: which other sites' pages may read answers (Fetch standard, CORS)."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

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


Origin = str | Pattern
_Methods = Annotated[tuple[Token, ...], BeforeValidator(_split)]


class CorsAction(Model):
    """Answer preflights, and tell browsers which sites may read the answers."""

    policy: Literal["cors"] = "cors"
    origin: Annotated[bool | Origin | tuple[Origin, ...], BeforeValidator(_origin)] = Field(
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
