"""Reading patterns of distinguished names: RFC 4514 text with ``?``, ``*`` and ``**``.

Where it bears more than the RFC: spaces around separators, ``;`` between elements (RFC 2253
section 4), values in double quotes (likewise), quotes around the whole, ``OID.`` before dotted
types, and more names of types. ``+`` reads like ``,``: whether an authority put two attributes into
one relative distinguished name says nothing about whom it named.
"""

import re

from ostiary.trust.names.aliases import nearest, oid_of
from ostiary.trust.names.globs import MANY, ONE, canonical
from ostiary.trust.names.pattern import Element, Pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.x509.names import hostile_character

LONGEST_PATTERN = 2048
"""Characters; the seed's example has 64."""
MOST_ELEMENTS = 32
"""Subjects have five to ten attributes."""

# Straight ones and the two kinds of curly ones, which come along when documents are copied.
_QUOTES = {"'": "'", '"': '"', "\u2018": "\u2019", "\u201c": "\u201d"}
_SEPARATORS = ",;+"
_ESCAPABLE = frozenset(" ,+\"\\<>;=#*?'")
_HEX_PAIR = re.compile(r"\\([0-9A-Fa-f]{2})")
# Nearly all elements: a type and a value without quotes, escapes or hex. The rest is read slowly.
_SIMPLE = re.compile(r'([A-Za-z0-9.-]+) *= *([^ ,;+"\\#][^,;+"\\]*)?(?=[,;+]|$)')
_WILD = str.maketrans({"*": MANY, "?": ONE})
_TYPE = re.compile(r"[A-Za-z0-9.-]+")
# X.680: tags of the string types, and what their content is. T61 is read as UTF-8 in certificates,
# too: nobody ever wrote real T.61.
_STRINGS = {
    0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "utf-8", 0x16: "ascii",
    0x1C: "utf-32-be", 0x1E: "utf-16-be",
}  # fmt: skip


def parse_pattern(text: str) -> Pattern:
    """Read one pattern; raises PatternRefused, which says where and what to write instead."""
    if len(text) > LONGEST_PATTERN:
        raise PatternRefused(
            f"the pattern has {len(text)} characters", f"write at most {LONGEST_PATTERN}"
        )
    _refuse_hostile(text, 1)
    begin, end = _inside_quotes(text)
    elements, is_open = _Reader(text, begin, end).read()
    return Pattern(without_spaces_around(text), tuple(elements), is_open)


def without_spaces_around(text: str) -> str:
    """The text without spaces before and after it; one that is escaped belongs to it."""
    short = text.strip(" ")
    backslashes = len(short) - len(short.rstrip("\\"))
    escapes = backslashes % 2 == 1 and len(text.lstrip(" ")) > len(short)
    return f"{short} " if escapes else short


def _inside_quotes(text: str) -> tuple[int, int]:
    begin = len(text) - len(text.lstrip(" "))
    end = begin + len(without_spaces_around(text))
    if begin < end and text[begin] in _QUOTES:
        if end - begin < 2 or text[end - 1] != _QUOTES[text[begin]]:
            raise PatternRefused(
                "a quote around the pattern is not closed",
                "close it, or leave the quotes out",
                begin + 1,
            )
        return begin + 1, end - 1
    return begin, end


def _refuse_hostile(text: str, at: int) -> None:
    found = hostile_character(text)
    if found is not None:
        raise PatternRefused(
            f"the pattern holds the control character {found}",
            "leave it out: no certificate with one is ever accepted",
            at,
        )


class _Reader:
    """Goes through the text once, from left to right."""

    __slots__ = ("at", "end", "text")

    def __init__(self, text: str, begin: int, end: int) -> None:
        self.text, self.at, self.end = text, begin, end

    def read(self) -> tuple[list[Element], bool]:
        """The elements, and whether there is a ``**`` among them."""
        elements: list[Element] = []
        is_open = False
        while True:
            self._skip_spaces()
            if self._is_rest():
                is_open = True
            else:
                elements.append(self._element())
            if len(elements) > MOST_ELEMENTS:
                raise self._refusal(
                    f"more than {MOST_ELEMENTS} elements", "use `**` for the rest of them"
                )
            if self.at >= self.end:
                return elements, is_open
            self.at += 1  # the separator

    def _refusal(self, message: str, way_out: str, at: int | None = None) -> PatternRefused:
        return PatternRefused(message, way_out, (self.at if at is None else at) + 1)

    def _skip_spaces(self) -> None:
        while self.at < self.end and self.text[self.at] == " ":
            self.at += 1

    def _is_rest(self) -> bool:
        """Take a ``**`` that stands for itself."""
        if not self.text.startswith("**", self.at, self.end):
            return False
        begin = self.at
        self.at += 2
        self._skip_spaces()
        if self.at >= self.end or self.text[self.at] in _SEPARATORS:
            return True
        self.at = begin
        return False

    def _element(self) -> Element:
        begin = self.at
        simple = _SIMPLE.match(self.text, begin, self.end)
        if simple and (oid := oid_of(simple[1])):
            self.at = simple.end()
            return Element(oid, canonical((simple[2] or "").rstrip(" ").translate(_WILD)))
        found = _TYPE.match(self.text, self.at, self.end)
        name = found.group() if found else ""
        self.at += len(name)
        self._skip_spaces()
        if not name or self.at >= self.end or self.text[self.at] != "=":
            raise self._no_element(begin)
        oid = oid_of(name)
        if oid is None:
            near = nearest(name)
            hint = f"did you mean {near!r}? otherwise " if near else ""
            raise self._refusal(
                f"no attribute is called {name!r}",
                f"{hint}write its object identifier, as in `2.5.4.3=…`",
                begin,
            )
        self.at += 1
        self._skip_spaces()
        return Element(oid, canonical(self._value()))

    def _no_element(self, begin: int) -> PatternRefused:
        rest = re.split(r"[,;+]", self.text[begin : self.end], maxsplit=1)[0].strip()
        if not rest:
            return self._refusal(
                "an element is missing", "write `TYPE=value` or `**` between commas", begin
            )
        if set(rest) <= {"*", "?"}:
            return self._refusal(
                f"{rest!r} is no element",
                "write `**` for any further attributes, `CN=*` for any value of one",
                begin,
            )
        if rest.startswith("/"):
            return self._refusal(
                "the pattern is written with slashes",
                "separate the elements by commas: `CN=…,O=…`",
                begin,
            )
        return self._refusal(
            f"{rest!r} is no element",
            "write `TYPE=value`; a comma that belongs to a value is written `\\,`, and `*` doesn't "
            "reach into other attributes: use `**` for those",
            begin,
        )

    def _value(self) -> str:
        if self.at < self.end and self.text[self.at] == "#":
            return self._encoded()
        if self.at < self.end and self.text[self.at] == '"':
            return self._quoted()
        found: list[str] = []
        solid = 0
        while self.at < self.end and self.text[self.at] not in _SEPARATORS:
            char = self.text[self.at]
            if char == '"':
                raise self._refusal("a quote inside a value", 'write it `\\"`')
            found.append(self._character())
            if char != " ":
                solid = len(found)
        # RFC 4514 2.4: spaces at the end of a value must be escaped to belong to it.
        return "".join(found[:solid])

    def _quoted(self) -> str:
        begin = self.at
        self.at += 1
        found: list[str] = []
        while self.at < self.end and self.text[self.at] != '"':
            found.append(self._character())
        if self.at >= self.end:
            raise self._refusal("a quote is not closed", 'close it, or write `\\"`', begin)
        self.at += 1
        self._skip_spaces()
        if self.at < self.end and self.text[self.at] not in _SEPARATORS:
            raise self._refusal("text after a quoted value", "put all of the value into the quotes")
        return "".join(found)

    def _character(self) -> str:
        """One character of a value, or a run of hex pairs, which are UTF-8."""
        char = self.text[self.at]
        if char != "\\":
            self.at += 1
            return {"*": MANY, "?": ONE}.get(char, char)
        begin, data = self.at, bytearray()
        while pair := _HEX_PAIR.match(self.text, self.at, self.end):
            data.append(int(pair.group(1), 16))
            self.at += 3
        if data:
            return self._decoded(bytes(data), "utf-8", begin)
        if self.at + 1 < self.end and self.text[self.at + 1] in _ESCAPABLE:
            self.at += 2
            return self.text[self.at - 1]
        raise self._refusal(
            "a backslash before nothing that needs one",
            'write a backslash as `\\\\`; `\\` stands before one of `,+"\\<>;=#*? ` or two hex '
            "digits",
        )

    def _encoded(self) -> str:
        """RFC 4514 2.4: ``#`` and the BER encoding in hex, as openssl writes unknown types."""
        begin = self.at
        while self.at < self.end and self.text[self.at] not in _SEPARATORS:
            self.at += 1
        digits = self.text[begin + 1 : self.at].strip()
        try:
            data = bytes.fromhex(digits) if re.fullmatch(r"[0-9A-Fa-f]+", digits) else b""
        except ValueError:
            data = b""
        # Short form of the length only: values of 128 bytes and more are written as text.
        if len(data) >= 2 and data[1] == len(data) - 2 < 128:
            if data[0] == 0x03 and len(data) > 2:
                # The first octet counts unused bits.
                return f"#{data[3:].hex()}"
            if data[0] in _STRINGS:
                return self._decoded(data[2:], _STRINGS[data[0]], begin)
        raise self._refusal(
            "`#` is not followed by the BER encoding of a string in hex",
            "write `\\#` for a value that begins with #",
            begin,
        )

    def _decoded(self, data: bytes, codec: str, begin: int) -> str:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as fault:
            raise self._refusal(
                f"these bytes are no {codec.upper()} text", "check the hex digits", begin
            ) from fault
        _refuse_hostile(text, begin + 1)
        return text
