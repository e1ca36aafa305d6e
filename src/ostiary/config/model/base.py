"""What every model shares: strictness, and the small types that refuse with a way out."""

import re
import warnings
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ostiary.config.text.words import did_you_mean

# RFC 9110 section 5.6.2: token.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 section 7.6.1 and RFC 9112 section 6: what frames a message or belongs to one connection,
# and what tells where a request came from, which is the gateway's word.
FRAMING = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "content-encoding",
        "expect",
        "http2-settings",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
    }
)
RESERVED_HEADERS = FRAMING | {"content-type", "date", "cookie", "authorization", "via"}
"""Also what is the client's or the service's own."""


_Item = TypeVar("_Item")
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Wrong(ValueError):
    """A value that can't be used: what is wrong with it, and the way out."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out

    @classmethod
    def among(cls, noun: str, word: str, known: Iterable[str]) -> "Wrong":
        """Return the refusal of an unknown word, with the nearest known one."""
        return cls(f"unknown {noun} {word[:80]!r}", did_you_mean(word, known))


class Unfit(Wrong):
    """The same, where the message is a predicate and the value goes in front of it."""


class Model(BaseModel):
    """The base of every model: frozen, unknown keys refused, camelCase aliases."""

    example: ClassVar[str] = ""
    """One use of it as it is written in the file, for the reference; of policies and conditions."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )


def _flag(value: object) -> bool:
    # Only these: "off" or null in a security switch must never be guessed at.
    if value is True or value == "true":
        return True
    if value is False or value == "false":
        return False
    raise Unfit("must be true or false", "write true or false")


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise Unfit("must be a number, not true or false")
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise Unfit("must be a number", "write digits only")
    return value


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unfit("isn't a duration", "write a number and a unit: 90s, 15m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _regex(value: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unfit(f"isn't a regular expression that can be used: {error}") from error
    return value


def _file(value: str) -> str:
    if "-----BEGIN" in value:
        raise Unfit("holds PEM text where a file name is expected", "put it into a file")
    if not value:
        raise Unfit("is empty where a file name is expected")
    return value


def _header(value: str) -> str:
    if not TOKEN.fullmatch(value):
        raise Unfit("isn't a header name (RFC 9110)", "use letters, digits and '-'")
    if value.lower().replace("_", "-") in RESERVED_HEADERS:
        raise Unfit("is a header that can't be set here, since HTTP itself uses it")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _some(value: tuple[_Item, ...]) -> tuple[_Item, ...]:
    # Not min_length: pydantic counts only the good items, and would tell a wrong one twice.
    if not value:
        raise Unfit("must not be empty")
    return value


Some = AfterValidator(_some)
"""Refuses an empty list."""
Flag = Annotated[bool, BeforeValidator(_flag)]
OptionalFlag = Annotated[bool | None, BeforeValidator(_flag)]
"""None only when left out: an explicit null is refused."""
Number = Annotated[int, BeforeValidator(_number)]
# HAProxy's timers end at 2^31-1 milliseconds (configuration manual, section 2.5).
Milliseconds = Annotated[int, BeforeValidator(_number), Field(ge=1, le=2**31 - 1)]
Duration = Annotated[timedelta | None, BeforeValidator(_duration)]
"""A whole number with its unit: s, m, h or d. None only when left out."""
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65535)]
Regex = Annotated[str, AfterValidator(_regex)]
FileName = Annotated[str, AfterValidator(_file)]
"""Path as written; a later layer resolves it against the configuration's folder."""
HeaderName = Annotated[str, AfterValidator(_header)]
Listed = BeforeValidator(_listed)
"""Makes one string a list of one."""
