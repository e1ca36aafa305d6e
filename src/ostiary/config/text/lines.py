"""Lines and columns of a text, and edits of it that know about them."""

import re
from collections.abc import Iterable

_LEAD = re.compile(r" *(?:[-?:] +)*[-?:]?")
_COMMENT = re.compile(r"( *)#[^\r\n]*")
_BREAK = re.compile(r"\r\n|\n|\r")
_DASHES = re.compile(r"( *(?:[-?:] +)*-)[ \t]*(?:#.*)?")


class Lines:
    """A text, asked for the line around a place."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = _BREAK.search(text)
        self.ending = found.group() if found else "\n"

    def start(self, at: int) -> int:
        """Where the line begins."""
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def end(self, at: int) -> int:
        """Where the line ends, before its line break."""
        found = _BREAK.search(self.text, at)
        return found.start() if found else len(self.text)

    def after(self, at: int) -> int:
        """Where the next line begins."""
        found = _BREAK.search(self.text, at)
        return found.end() if found else len(self.text)

    def column(self, at: int) -> int:
        """Characters before it in its line."""
        return at - self.start(at)

    def begins_line(self, at: int) -> bool:
        """Whether only blanks stand before it."""
        return not self.text[self.start(at) : at].strip()

    def begins_block(self, at: int) -> bool:
        """Whether only blanks stand before it, and signs behind which a block may begin."""
        return _LEAD.fullmatch(self.text, self.start(at), at) is not None

    def dash(self, at: int) -> int | None:
        """The dash before an item of a list; lines with nothing but comments may stand between."""
        low = self.start(at)
        before = self.text[low:at].rstrip()
        while not before or before.lstrip().startswith("#"):
            if low == 0:
                return None
            low = self.start(low - 1)
            before = self.text[low : self.end(low)]
        found = _DASHES.fullmatch(before)
        return low + found.end(1) - 1 if found else None

    def below(self, at: int, column: int) -> int:
        """Where the line after the one of ``at`` begins, and after comments that stand deeper."""
        place = self.after(at)
        while (found := _COMMENT.match(self.text, place)) and len(found[1]) > column:
            place = self.after(place)
        return place

    def above(self, at: int, column: int) -> int:
        """Where the line of ``at`` begins, or the comments above it that stand in its column."""
        place = self.start(at)
        while place > 0:
            before = self.start(place - 2 if self.text[place - 2 : place] == "\r\n" else place - 1)
            found = _COMMENT.match(self.text, before)
            if not found or len(found[1]) != column:
                break
            place = before
        return place


class Edits:
    """What is to be done to a text; places are those of the text as it was."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._edits: list[tuple[int, int, str]] = []

    def put(self, start: int, end: int, text: str) -> None:
        """Replace this by that."""
        self._edits.append((start, end, text.replace("\n", self._lines.ending)))

    def put_value(self, start: int, end: int, text: str, *, pad: int = 0) -> None:
        """The same, of a value on one line; there may have been none. ``pad``: blanks before."""
        touches = start == end and self._lines.text[start - 1 : start] in {":", "-"}
        self.put(start, end, " " * (pad or touches) + text)

    def put_block(self, start: int, end: int, text: str, indent: int, *, pad: int = 0) -> None:
        """The same, of a value of several lines; ``indent`` where it can't begin at its place."""
        before = self._lines.text
        if self._lines.begins_block(start) and before[start - 1 : start] in {"", " ", "\n", "\r"}:
            column = self._lines.column(start)
            self.put(start, end, _indented(text, column + pad).removeprefix(" " * column))
            return
        while before[start - 1 : start] == " ":
            start -= 1
        self.put(start, end, "\n" + _indented(text, indent))

    def add_lines(self, at: int, column: int, texts: Iterable[str]) -> None:
        """Below the line of ``at``."""
        place = self._lines.below(at, column)
        text = "\n".join(_indented(one, column) for one in texts)
        ends = self._lines.text[:place].endswith(("\n", "\r"))
        self.put(place, place, f"{text}\n" if ends else f"\n{text}")

    def add_lines_before(self, at: int, column: int, texts: Iterable[str]) -> None:
        """At ``at``, so that what is there goes on below, with the comments above it."""
        text = "\n".join(_indented(one, column) for one in texts)
        if self._lines.begins_line(at):
            place = self._lines.above(at, column)
            self.put(place, place, f"{text}\n")
        else:
            self.put(at, at, f"{text.lstrip(' ')}\n{' ' * column}")

    def add_in_flow(
        self, start: int, end: int, texts: Iterable[str], *, before: bool = False
    ) -> None:
        """Beside the part from ``start`` to ``end``: on lines of their own if it has one."""
        gap = ", "
        if self._lines.begins_line(start):
            column = self._lines.column(start)
            gap = ",\n" + " " * column
            texts = [_indented(one, column).lstrip(" ") for one in texts]
        text = gap.join(texts)
        if before:
            self.put(start, start, text + gap)
        else:
            self.put(end, end, gap + text)

    def cut_lines(self, start: int, end: int) -> None:
        """The lines from ``start`` to ``end``; what stands before ``start`` stays."""
        if self._lines.begins_line(start):
            self.put(self._lines.start(start), self._lines.after(end), "")
        else:
            self.put(start, self._lines.end(end), "")

    def applied(self) -> str:
        """The text after all of them. They must not overlap."""
        text = self._lines.text
        parts, done = [], 0
        for start, end, new in sorted(self._edits, key=lambda one: one[:2]):
            parts += [text[done:start], new]
            done = max(done, end)
        return "".join([*parts, text[done:]])


def _indented(text: str, column: int) -> str:
    return "\n".join(" " * column + line for line in text.split("\n"))
