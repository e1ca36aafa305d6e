"""Conditions in JavaScript, as far as the engine can work them out, to truths.

The grammar is closed, and means exactly what JavaScript means on the ``req`` that scripts see
(``scripts.request``, ``scripts.harness``): what could differ for any request is left to a script.
"""

import re
from functools import lru_cache
from typing import Literal

from ostiary.config.expression.cursor import Cursor
from ostiary.config.expression.operands import comparison, filled, has, operand_of, same
from ostiary.config.expression.parsing import NotSupported
from ostiary.config.expression.parts import Fact, Header, Told
from ostiary.config.expression.searches import finds, pcre_of
from ostiary.config.expression.truths import (
    Every,
    Fixed,
    Flag,
    Found,
    Known,
    Opposite,
    Place,
    Some,
    Truth,
    holds_fixed,
    refuses,
)
from ostiary.scripts.request import ONCE

COMPARED = (
    "`===`, `!==`, `==` and `!=` with text in quotes or `undefined`; `startsWith('…')`, "
    "`endsWith('…')`, `includes('…')`; `['…', '…'].includes(…)`; `/…/.test(…)` with regular "
    "expressions that mean the same in both; whether something is there and not empty; `!`, `&&`, "
    "`||`, parentheses"
)
"""What conditions may do with parts, for people."""
_TOKEN = re.compile(
    r"[ \t\r\n]*(===|!==|==|!=|&&|\|\||\?\.|[!()\[\].,;]|[A-Za-z_$][A-Za-z0-9_$]*"
    r"|'[ -&(-\[\]-~]*'|\"[ !#-\[\]-~]*\""
    r"|/(?![*/])(?:[ -.0-Z\]-~]|\\[ -~]|\[(?:[ -\[^-~]|\\[ -~])*\])+/[a-z]*)"
)
_MOST = 400
"""Tokens of a condition."""
_DEEPEST = 16
_LONGEST = 256
"""Characters of a text."""
_COMPARED = ("===", "!==", "==", "!=")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


@lru_cache(1024)
def truth_of(source: str) -> Truth | None:
    """The condition, if the engine can work it out; None: it is for a script."""
    try:
        truth = _Reader(_tokens(source)).whole()
    except NotSupported:
        return None
    # What holds for all requests, or none, is left out of rules: none of it may refuse any.
    return None if refuses(truth) and holds_fixed(truth) else truth


def _tokens(source: str) -> tuple[str, ...]:
    source = source.rstrip(" \t\r\n")
    found: list[str] = []
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None or len(found) > _MOST:
            raise NotSupported(source[at : at + 60])
        found.append(token[1])
        at = token.end()
    return tuple(found)


class _Reader(Cursor):
    def __init__(self, tokens: tuple[str, ...]) -> None:
        super().__init__(tokens)
        self._depth = 0

    def whole(self) -> Truth:
        """All of it; a semicolon may end it."""
        truth = self._some()
        self._take(";")
        if self._at < len(self._row):
            raise self._unknown()
        return truth

    def _some(self) -> Truth:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._unknown()
        found = [self._every()]
        while self._take("||"):
            found.append(self._every())
        self._depth -= 1
        return found[0] if len(found) == 1 else Some(tuple(found))

    def _every(self) -> Truth:
        found = [self._one()]
        while self._take("&&"):
            found.append(self._one())
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _one(self) -> Truth:
        if self._take("!"):
            return Opposite(self._turned())
        return self._simple(compared=True)

    def _turned(self) -> Truth:
        """Behind a ``!``, which binds stronger than comparisons."""
        if self._take("!"):
            return Opposite(self._turned())
        return self._simple(compared=False)

    def _simple(self, *, compared: bool) -> Truth:
        here = self._here
        if self._take("("):
            truth = self._some()
            self._expect(")")
            return truth
        if here in ("true", "false"):
            self._at += 1
            return Fixed(here == "true")
        if here.startswith("/"):
            return self._search()
        if self._take("["):
            return self._one_of()
        if here.startswith(("'", '"')):
            return self._compared_text(compared)
        return self._of_chain(self._chain(), compared)

    def _compared_text(self, compared: bool) -> Truth:
        """``'text' === part``."""
        text = self._text()
        sign = self._next()
        if not compared or sign not in _COMPARED:
            raise self._unknown()
        return comparison(operand_of(self._chain()), sign, text)

    def _of_chain(self, chain: tuple[str, ...], compared: bool) -> Truth:
        if compared and self._here in _COMPARED:
            sign, operand = self._next(), operand_of(chain)
            return comparison(operand, sign, self._literal())
        if chain[-1][0] == "(" and chain[-2][1:] in tuple(Place):
            return has(chain)
        operand = operand_of(chain)
        match operand.value:
            case Known() as known:
                return operand.throwing(Flag(known))
            case part:
                return operand.throwing(filled(part))

    def _search(self) -> Truth:
        """``/expression/.test(part)``."""
        source, _, flags = self._next()[1:].rpartition("/")
        for sign in (".", "test", "("):
            self._expect(sign)
        operand = operand_of(self._chain())
        self._expect(")")
        part = operand.value
        if flags not in ("", "i") or not isinstance(part, Told | Header):
            raise self._unknown()
        # A script searches several headers of a name as one text, HAProxy each of them.
        single = part.fact is not Fact.IP if isinstance(part, Told) else part.name in ONCE
        if not single:
            raise self._unknown()
        ignores = flags == "i"
        absent = finds(source, "undefined", ignores_case=ignores)
        return operand.throwing(Found(part, pcre_of(source), ignores, absent))

    def _one_of(self) -> Truth:
        """``['a', 'b'].includes(part)``."""
        texts = [self._text()]
        while self._take(","):
            texts.append(self._text())
        for sign in ("]", ".", "includes", "("):
            self._expect(sign)
        operand = operand_of(self._chain())
        self._expect(")")
        return operand.throwing(Some(tuple(same(operand, text) for text in texts)))

    def _chain(self) -> tuple[str, ...]:
        """``a.b['c'](d)?.e`` as ``.a .b .c (d ?e``; a call without arguments is none of these."""
        chain = ["." + self._name()]
        while True:
            if self._take("."):
                chain.append("." + self._name())
            elif self._take("?."):
                chain.append("?" + self._name())
            elif self._take("["):
                chain.append("." + self._text())
                self._expect("]")
            elif self._take("("):
                chain.append("(" + self._text())
                self._expect(")")
            else:
                break
        return tuple(chain[1:] if chain[0] == ".egContext" and len(chain) > 1 else chain)

    def _literal(self) -> str | Literal[True] | None:
        """A text; None for ``undefined`` (and ``null``, which only ``==`` takes for it)."""
        if self._here in ("undefined", "null"):
            if self._next() == "null" and self._row[self._at - 2] not in ("==", "!="):
                raise self._unknown()
            return None
        if self._take("true"):
            return True
        return self._text()

    def _text(self) -> str:
        token = self._next()
        if token[0] not in "'\"" or len(token) > _LONGEST:
            raise self._unknown()
        return token[1:-1]

    def _name(self) -> str:
        token = self._next()
        if not _NAME.fullmatch(token):
            raise self._unknown()
        return token

    @property
    def _before(self) -> str:
        return self._row[self._at - 1]

    def _unknown(self) -> NotSupported:
        return NotSupported(f"from here on: {' '.join(self._row[self._at : self._at + 5])}")
