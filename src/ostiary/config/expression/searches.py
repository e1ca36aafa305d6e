"""Regular expressions that mean the same in JavaScript and in HAProxy's PCRE, byte by byte.

JavaScript (ECMAScript 2023 section 22.2) and PCRE agree on less than it seems: ``$``, ``.``,
``\\s`` and much else differ. So the grammar is closed: printable ASCII, ``.``, classes, ``\\d``,
``\\w``, groups, ``|``, ``^``, ``$``, ``?``, and a single ``*`` or ``+`` behind one character of an
expression that begins with ``^``. Such a search takes no more than a few steps for each character,
so it can always be decided, and a script's own would end in time, too.
"""

import re

from ostiary.config.expression.cursor import Cursor
from ostiary.config.expression.parsing import NotSupported

_CHOICES = 6
"""``?``, and ``|`` in groups: each can double the steps."""
_LONGEST = 256
_DEEPEST = 8
_SPECIAL = "\\^$.*+?()[]{}|/"
_ANY = r"[^\n\r]"
"""``.`` of JavaScript, in texts without U+2028 and U+2029: no header or path has these."""
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_"}


def pcre_of(source: str, end: str = r"\z") -> str:
    """The expression for PCRE; ``end``: what ``$`` becomes. Raises NotSupported."""
    if len(source) > _LONGEST or not re.fullmatch("[ -~]+", source):
        raise NotSupported("a regular expression of other signs, or too long")
    reader = _Reader(source, end)
    written = reader.alternatives(0)
    reader.finish()
    return written


def finds(source: str, text: str, *, ignores_case: bool) -> bool:
    """Whether the expression is found in an ASCII text. Raises NotSupported."""
    flags = re.IGNORECASE if ignores_case else re.NOFLAG
    return re.search(pcre_of(source, r"\Z"), text, flags | re.ASCII) is not None


def _literal(sign: str) -> str:
    return sign if sign.isalnum() else f"\\{sign}"


class _Reader(Cursor):
    def __init__(self, source: str, end: str) -> None:
        super().__init__(source)
        self._source = source
        self._end = end
        self._choices = 0
        self._repeats = 0
        self._split = False

    def finish(self) -> None:
        """Nothing may be left, and the search must be bounded."""
        bounded = self._source.startswith("^") and not self._split
        if (
            self._at < len(self._source)
            or self._choices > _CHOICES
            or self._repeats > (1 if bounded else 0)
        ):
            raise self._unknown()

    def alternatives(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise self._unknown()
        found = [self._sequence(depth)]
        while self._take("|"):
            found.append(self._sequence(depth))
            self._choices += depth > 0
            self._split = self._split or depth == 0
        return "|".join(found)

    def _sequence(self, depth: int) -> str:
        terms: list[str] = []
        while self._at < len(self._source) and self._here not in "|)":
            terms.append(self._term(depth))
        if not terms:
            raise self._unknown()
        return "".join(terms)

    def _term(self, depth: int) -> str:
        if self._take("^"):
            return "^"
        if self._take("$"):
            return self._end
        single = self._here != "("
        atom = self._atom(depth)
        if self._take("?"):
            self._choices += 1
            return atom + "?"
        if single and self._here and self._here in "*+":
            self._repeats += 1
            return atom + self._next()
        return atom

    def _atom(self, depth: int) -> str:
        if self._take("("):
            if self._take("?") and not self._take(":"):
                raise self._unknown()
            inner = self.alternatives(depth + 1)
            self._expect(")")
            return f"(?:{inner})"
        if self._take("."):
            return _ANY
        if self._take("["):
            return self._class()
        if self._take("\\"):
            sign = self._next()
            return f"[{_CLASSES[sign]}]" if sign in _CLASSES else self._escaped(sign)
        if self._here in _SPECIAL:
            raise self._unknown()
        return _literal(self._next())

    def _class(self) -> str:
        negated = self._take("^")
        members: list[str] = []
        while not self._take("]"):
            members.append(self._member())
        if not members:
            raise self._unknown()
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self) -> str:
        first = self._next()
        if first == "\\":
            sign = self._next()
            if sign in _CLASSES:
                if self._here == "-":
                    raise self._unknown()
                return _CLASSES[sign]
            self._escaped(sign)
            first = sign
        if self._here != "-" or self._source[self._at + 1 : self._at + 2] in ("]", ""):
            return _literal(first)
        self._at += 1
        last = self._next()
        if not (last.isalnum() and first.isalnum() and first <= last):
            raise self._unknown()
        return f"{first}-{last}"

    def _escaped(self, sign: str) -> str:
        """``\\`` before a letter or digit means something else; before other signs the sign."""
        if sign.isalnum():
            raise self._unknown()
        return _literal(sign)

    def _unknown(self) -> NotSupported:
        return NotSupported(f"a regular expression that HAProxy may read otherwise: {self._source}")
