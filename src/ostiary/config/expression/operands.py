"""What stands in conditions, and what can be said of it exactly as JavaScript would.

What could differ for any request from what a script says raises NotSupported: it is left to one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import Literal

from ostiary.config.expression.parsing import FACTS, NotSupported
from ostiary.config.expression.parts import Fact, Header, Query, Told
from ostiary.config.expression.truths import (
    Filled,
    Fixed,
    Flag,
    Given,
    Has,
    Known,
    Needs,
    Opposite,
    Place,
    Read,
    Same,
    Truth,
)
from ostiary.scripts.request import ONCE

_HEADER = re.compile(r"[a-z0-9-]{1,128}")
_QUERY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INHERITED = frozenset(
    (
        *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
        *("toLocaleString", "toString", "valueOf", "__proto__", "__defineGetter__"),
        *("__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
    )
)
"""Names that every object of JavaScript has: these are never ``undefined``."""
_LEFT = frozenset({"set-cookie", "referer", "referrer"}) | _INHERITED
"""Headers that are no plain text: a list; one of two, whichever is there."""
_PLAIN = frozenset(
    {Fact.IP, Fact.HOSTNAME, Fact.METHOD, Fact.PROTOCOL, Fact.PATH, Fact.URL, Fact.REQUEST_ID}
)
_CONSUMER = frozenset({(".consumer",), (".req", ".user")})
_SOCKETS = (".client", ".socket", ".connection")
_KNOWN: Mapping[tuple[str, ...], Known] = MappingProxyType(
    {
        (".req", ".secure"): Known.SECURE,
        **{(".req", one, ".encrypted"): Known.SECURE for one in _SOCKETS},
        **{(".req", one, ".authorized"): Known.AUTHORIZED for one in _SOCKETS},
        **dict.fromkeys(_CONSUMER, Known.CONSUMER),
    }
)


@dataclass(frozen=True, slots=True)
class Operand:
    """What a chain of names stands for."""

    value: Read | Known
    needs: Known | None = None
    """What must hold, or reading it throws."""

    def throwing(self, truth: Truth) -> Truth:
        """The truth, where the operand can be read."""
        return truth if self.needs is None else Needs(Flag(self.needs), truth)


def operand_of(chain: tuple[str, ...]) -> Operand:
    """What a chain of names stands for: ``.a .b`` for ``a.b``, ``(c`` for a call with a text,
    ``?d`` behind ``?.``. Raises NotSupported.
    """
    if chain in _KNOWN:
        return Operand(_KNOWN[chain])
    match chain:
        case (".req", ".headers", name) if name[0] == ".":
            return Operand(_header(name[1:]))
        case (".req", ".get" | ".header", name) if name[0] == "(":
            return Operand(_header(name[1:].lower()))
        case (".req", ".query", name) if name[0] == ".":
            return Operand(_query(name[1:]), Known.QUERY)
        case (*one, (".id" | "?id") as access) if tuple(one) in _CONSUMER:
            return Operand(Told(Fact.CONSUMER_ID), Known.CONSUMER if access == ".id" else None)
        case _:
            return Operand(Told(_fact(chain)))


def _fact(chain: tuple[str, ...]) -> Fact:
    fact = FACTS.get(tuple(one[1:] for one in chain))
    if fact not in _PLAIN or any(one[0] != "." for one in chain):
        raise NotSupported(" ".join(chain))
    return fact


def _query(name: str) -> Query:
    if not _QUERY.fullmatch(name) or name in _INHERITED:
        raise NotSupported(name)
    return Query(name)


def _header(name: str) -> Header:
    if not _HEADER.fullmatch(name) or name in _LEFT:
        raise NotSupported(name)
    return Header(name)


def comparison(operand: Operand, sign: str, literal: str | Literal[True] | None) -> Truth:
    """``operand sign literal``; None for ``undefined``. Raises NotSupported."""
    value = operand.value
    if isinstance(value, Known):
        truth = _flag_is(value, literal)
    elif literal is None:
        truth = Opposite(_given(value))
    elif literal is True:
        raise NotSupported("a text compared with true")
    else:
        truth = same(operand, literal, loose=len(sign) == 2)
    return operand.throwing(Opposite(truth) if sign.startswith("!") else truth)


def _flag_is(known: Known, literal: str | Literal[True] | None) -> Truth:
    if known is Known.CONSUMER and literal is None:
        return Opposite(Flag(known))
    if known in (Known.SECURE, Known.AUTHORIZED) and literal is True:
        return Flag(known)
    raise NotSupported(known)


def same(operand: Operand, text: str, *, loose: bool = False) -> Truth:
    """The operand is this text; ``loose``: by ``==``. Raises NotSupported."""
    part = operand.value
    match part:
        case Told():
            _fits_told(part, text, Place.BEGIN)
            if not text:
                raise NotSupported("what is never empty")
        case Header():
            _fits_header(part, text)
        case Query():
            # A value that isn't well encoded is told as it came, with its '%'; '==' makes one
            # text with commas of a list.
            if "%" in text or (loose and "," in text):
                raise NotSupported(text)
        case _:
            raise NotSupported("what is no text")
    return Same(part, text)


def _fits_told(part: Told, text: str, place: Place) -> None:
    """Addresses can be written in several ways; HAProxy's and scripts' agree on most."""
    plain = place is Place.BEGIN and (":" not in text or _plain_address(text))
    if text == "}" or (part.fact is Fact.IP and not plain):
        raise NotSupported(text)


def _plain_address(text: str) -> bool:
    """Whether the text of an IPv6 address is its only one (RFC 5952), whoever writes it."""
    try:
        return str(ip_address(text)) == text and (text == "::1" or not text.startswith("::"))
    except ValueError:
        return False


def _fits_header(part: Header, text: str) -> None:
    """Of several headers of a name, a script sees one text with separators between them: tests
    that can't tell these from one header's own are for scripts."""
    separator = ";" if part.name == "cookie" else ","
    joined = part.name not in ONCE
    if text == "}" or (joined and (separator in text or text.startswith(" "))):
        raise NotSupported(text)


def _given(part: Read) -> Truth:
    if isinstance(part, Told) and part.fact is not Fact.CONSUMER_ID:
        return Fixed(True)
    return Given(part)


def filled(part: Read) -> Truth:
    """The part taken for true or false."""
    return _given(part) if isinstance(part, Told) else Filled(part)


def has(chain: tuple[str, ...]) -> Truth:
    """``part.startsWith('text')`` and its like; ``?.`` before it: false where there is none.

    Raises NotSupported.
    """
    place, text = Place(chain[-2][1:]), chain[-1][1:]
    operand = operand_of(chain[:-2])
    part = operand.value
    if not text or not isinstance(part, Told | Header):
        raise NotSupported("what may be no text")
    if isinstance(part, Told):
        _fits_told(part, text, place)
        return operand.throwing(Has(part, place, text))
    _fits_header(part, text)
    truth = Has(part, place, text)
    return truth if chain[-2][0] == "?" else Needs(Given(part), truth)
