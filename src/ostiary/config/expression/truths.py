"""What a condition in JavaScript is made of, where the engine can work it out: tests on parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, Union, assert_never

from ostiary.config.expression.parts import Header, Query, Told
from ostiary.scripts.request import ONCE

Read: TypeAlias = Told | Header | Query


class Known(StrEnum):
    """Something that is so or not, by the name that scripts have for it."""

    SECURE = "req.secure"
    AUTHORIZED = "req.client.authorized"
    """The client's certificate is admitted."""
    CONSUMER = "consumer"
    """A step has found out who it is."""
    QUERY = "req.query"
    """The query can be told as Express does; reading one that can't throws."""


class Place(StrEnum):
    """Where a text is looked for."""

    BEGIN = "startsWith"
    END = "endsWith"
    ANYWHERE = "includes"


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same for all requests."""

    holds: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """Something known."""

    known: Known


@dataclass(frozen=True, slots=True)
class Given:
    """The part is there, be it empty."""

    part: Read


@dataclass(frozen=True, slots=True)
class Filled:
    """The part is there and true in JavaScript: a text that isn't empty, or a list."""

    part: Read


@dataclass(frozen=True, slots=True)
class Same:
    """The part is exactly this text; one that isn't there, or is a list, is not."""

    part: Read
    text: str


@dataclass(frozen=True, slots=True)
class Has:
    """The part has the text in it; one that isn't there has not."""

    part: Told | Header
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A regular expression is found in the part; in one that isn't there, ``absent`` tells."""

    part: Told | Header
    source: str
    """For PCRE."""
    ignores_case: bool
    absent: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """The same as ``then``, but that the script throws where ``required`` does not hold."""

    required: "Truth"
    then: "Truth"


@dataclass(frozen=True, slots=True)
class Opposite:
    """Not."""

    of: "Truth"


@dataclass(frozen=True, slots=True)
class Every:
    """And: the first that does not hold decides, and those behind it are not looked at."""

    of: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Or, likewise with the first that holds."""

    of: tuple["Truth", ...]


Truth: TypeAlias = Union[  # noqa: UP007 - the members refer to the union itself
    Fixed, Flag, Given, Filled, Same, Has, Found, Needs, Opposite, Every, Some
]


def throws(truth: Truth) -> bool:
    """Whether there can be requests for which it throws."""
    return any(isinstance(one, Needs) for one in _all(truth))


def once_of(truth: Truth) -> tuple[str, ...]:
    """The headers it looks at that a request has once: repeated, the service may read another."""
    found = (
        one.part for one in _all(truth) if isinstance(one, Given | Filled | Same | Has | Found)
    )
    names = (part.name for part in found if isinstance(part, Header) and part.name in ONCE)
    return tuple(dict.fromkeys(names))


def refuses(truth: Truth) -> bool:
    """Whether there can be requests that are refused, whatever it says of others."""
    return throws(truth) or bool(once_of(truth))


def holds_fixed(truth: Truth) -> bool:
    """Whether a part of it is the same for all requests."""
    return any(isinstance(one, Fixed) for one in _all(truth))


def _all(truth: Truth) -> Iterator[Truth]:
    yield truth
    match truth:
        case Every(of) | Some(of):
            for one in of:
                yield from _all(one)
        case Opposite(of):
            yield from _all(of)
        case Needs(required, then):
            yield from _all(required)
            yield from _all(then)
        case Fixed() | Flag() | Given() | Filled() | Same() | Has() | Found():
            return
        case _:
            assert_never(truth)
