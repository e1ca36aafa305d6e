"""Patterns of alternative names, in which ``*`` stays within one part and ``**`` does not.

=====  ===============  ==========================================================
kind   ``*`` stops at   compared
=====  ===============  ==========================================================
dns    ``.``            without case (RFC 4343)
uri    ``/``            scheme and authority without case (RFC 3986 6.2.2.1)
email  ``@``            the domain without case (RFC 5321 2.4); the rest as written
=====  ===============  ==========================================================

``?`` is one character other than that; a backslash takes the meaning from what follows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ostiary.trust.names.automaton import WITHIN, Automaton
from ostiary.trust.names.globs import MANY, ONE
from ostiary.trust.names.refusal import PatternRefused
from ostiary.x509.names import hostile_character

LONGEST_SCOPED = 1024
"""Characters; a DNS name has at most 253."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alternative name."""

    separator: str
    folded: Callable[[str], str]


def _whole(text: str) -> str:
    return text.lower()


def _authority(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    return scheme.lower() + mark + authority.lower() + slash + path


def _domain(text: str) -> str:
    local, at, domain = text.rpartition("@")
    return local + at + domain.lower()


DNS = Kind(".", _whole)
URI = Kind("/", _authority)
EMAIL = Kind("@", _domain)


class Scoped:
    """One such pattern, ready to be asked."""

    __slots__ = ("_automaton", "_kind")

    def __init__(self, text: str, kind: Kind) -> None:
        """Raises PatternRefused."""
        self._kind = kind
        self._automaton = Automaton([glob_of(kind.folded(text.strip()))])

    def fits(self, value: str) -> bool:
        """Whether an alternative name is what the pattern describes."""
        accepted = self._automaton.accepted(self._kind.folded(value), self._kind.separator)
        return next(accepted, None) is not None


def glob_of(text: str) -> str:
    """A pattern as a scoped glob, with ``WITHIN`` for one star. Raises PatternRefused."""
    if not text:
        raise PatternRefused("the pattern is empty", "write what to look for, or `**`")
    if len(text) > LONGEST_SCOPED:
        raise PatternRefused(
            f"the pattern has {len(text)} characters", f"write at most {LONGEST_SCOPED}"
        )
    hostile = hostile_character(text)
    if hostile is not None:
        raise PatternRefused(
            f"the pattern holds the control character {hostile}",
            "leave it out: no certificate with one is ever accepted",
        )
    found, at = [], 0
    while at < len(text):
        step, token = _token(text, at)
        found.append(token)
        at += step
    return "".join(found)


def _token(text: str, at: int) -> tuple[int, str]:
    if text[at] == "\\":
        if at + 1 == len(text):
            raise PatternRefused("a backslash at the end", "write `\\\\` for one", at + 1)
        return 2, text[at + 1]
    if text[at] == "*":
        stars = len(text) - at - len(text[at:].lstrip("*"))
        return stars, MANY if stars > 1 else WITHIN
    return 1, ONE if text[at] == "?" else text[at]
