"""A text that says something else, with as few bytes changed as can be.

Only what says something else is written anew, and what is new is put beside what is there:
comments, quotes, anchors, line ends and ``${NAME}`` elsewhere stay as they are. What comes of it is
read again, and must say what was wanted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from ostiary.config.text.aligning import aligned
from ostiary.config.text.environment import expand
from ostiary.config.text.lines import Edits, Lines
from ostiary.config.text.reading import read
from ostiary.config.text.spans import Alias, Entries, Entry, Items, Span, span_of
from ostiary.config.text.tree import Leaf, Plain, Row, Table, Tree, below, plain
from ostiary.config.text.writing import STEP, in_block, in_flow, scalar
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import Severity

_MARK = "\ufeff"


class Entangled(OstiaryError):
    """It can't be changed alone; fields tell what, and why."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path}: {why}" if path else why)


def spliced(text: str, tree: Table, environ: Mapping[str, str], wanted: Plain) -> str:
    """The text that says ``wanted``, of one that was read as ``tree`` without a problem.

    Text in ``wanted`` may name variables; where what they stand for is there already, the text
    stays. Raises Entangled.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    bare = text.removeprefix(_MARK)
    splicing = _Splicing(bare, environ)
    splicing.value(span_of(bare), tree, wanted, indent=0)
    found = splicing.edits.applied()
    again = read(found, "", environ)
    broken = any(one.severity is Severity.ERROR for one in again.problems)
    if broken or again.tree is None or not says(again.tree, wanted, environ):
        raise Entangled("", "it is written in a way that does not let it be changed alone")
    return mark + found


def says(tree: Tree, wanted: Plain, environ: Mapping[str, str]) -> bool:
    """Whether this is what is wanted; the order of keys does not count."""
    match tree:
        case Table(entries=entries):
            return (
                isinstance(wanted, dict)
                and entries.keys() == wanted.keys()
                and all(says(value, wanted[key], environ) for key, value in entries.items())
            )
        case Row(items=items):
            return (
                isinstance(wanted, list)
                and len(items) == len(wanted)
                and all(says(one, other, environ) for one, other in zip(items, wanted, strict=True))
            )
        case Leaf(value=value):
            then = (expand(wanted, environ).text or "") if isinstance(wanted, str) else wanted
            # True is 1 for Python, not for us.
            return value == then and isinstance(value, bool) == isinstance(then, bool)
        case _:
            assert_never(tree)


class _Splicing:
    """Goes down to what differs; ``flow``: within braces or brackets, where lines don't count."""

    def __init__(self, text: str, environ: Mapping[str, str]) -> None:
        self._lines = Lines(text)
        self._environ = environ
        self.edits = Edits(self._lines)

    def value(
        self, span: Span, tree: Tree, wanted: Plain, *, indent: int, flow: bool = False
    ) -> None:
        """``indent``: the column of a part that would stand on a line of its own."""
        if says(tree, wanted, self._environ):
            return
        match span, tree, wanted:
            case Alias(), _, _:
                raise Entangled(tree.path, "stands behind a YAML alias")
            case Entries(entries=[_, *_]), Table(), dict() if self._has_some(span, tree, wanted):
                self._mapping(span, tree, wanted)
            case Items(items=[_, *_]), Row(), [_, *_]:
                self._sequence(span, tree, wanted)
            case _:
                self._replace(span, wanted, indent, flow=flow)

    # -- mappings ------------------------------------------------------------------------------

    def _has_some(self, span: Entries, tree: Table, wanted: Mapping[str, Plain]) -> bool:
        """Whether something of it stays; else it is written anew."""
        return any(key in wanted for key in tree.entries) or len(span.entries) < len(tree.entries)

    def _mapping(self, span: Entries, tree: Table, wanted: Mapping[str, Plain]) -> None:
        keys = list(tree.entries)
        merged = keys[: len(keys) - len(span.entries)]
        own = dict(zip(keys[len(merged) :], span.entries, strict=True))
        for key in merged:
            if key not in wanted or not says(tree.entries[key], wanted[key], self._environ):
                path = below(tree.path, key)
                raise Entangled(path, "comes by a YAML merge key")
        for key, entry in own.items():
            if key in wanted:
                indent = self._lines.column(entry.start) + STEP
                child = tree.entries[key]
                self.value(entry.value, child, wanted[key], indent=indent, flow=span.flow)
        self._cut(span.entries, [key not in wanted for key in own], flow=span.flow)
        added = {key: value for key, value in wanted.items() if key not in tree.entries}
        if added and not own:
            raise Entangled(tree.path, "comes by a YAML merge key")
        if added:
            self._add_entries(span, [key in wanted for key in own], added)

    def _add_entries(self, span: Entries, kept: list[bool], added: Mapping[str, Plain]) -> None:
        last = span.entries[-1]
        if span.flow:
            if not kept[-1]:
                last = [one for one, stays in zip(span.entries, kept, strict=True) if stays][-1]
            lines = self._lines.begins_line(last.start)
            parts = [f"{in_flow(k)}: {in_flow(v, lines=lines)}" for k, v in added.items()]
            self.edits.add_in_flow(last.start, last.end, parts)
            return
        column = self._lines.column(span.entries[0].start)
        self.edits.add_lines(last.end, column, [in_block({k: v}) for k, v in added.items()])

    # -- lists ---------------------------------------------------------------------------------

    def _sequence(self, span: Items, tree: Row, wanted: list[Plain]) -> None:
        parts = [self._part(one, flow=span.flow) for one in span.items]
        gone = [False] * len(parts)
        place, added = 0, dict[int, list[Plain]]()
        for old, new in aligned([plain(one) for one in tree.items], wanted):
            if old is None:
                added.setdefault(place, []).extend([] if new is None else [wanted[new]])
                continue
            place = old + 1
            gone[old] = new is None
            if new is not None:
                indent = self._lines.column(parts[old].start) + STEP
                one, said = span.items[old], tree.items[old]
                self.value(one, said, wanted[new], indent=indent, flow=span.flow)
        self._cut(parts, gone, flow=span.flow)
        for number, values in added.items():
            self._add_items(span, parts, number, values)

    def _part(self, item: Span, *, flow: bool) -> Entry:
        """An item with its dash."""
        at = item.start if flow else self._lines.dash(item.start)
        if at is None:
            raise Entangled("", "a list is written in a way that can't be changed")
        return Entry(start=at, value=item)

    def _add_items(
        self, span: Items, parts: Sequence[Entry], place: int, added: list[Plain]
    ) -> None:
        if span.flow:
            beside = parts[max(0, place - 1)]
            lines = self._lines.begins_line(beside.start)
            texts = [in_flow(one, lines=lines) for one in added]
            self.edits.add_in_flow(beside.start, beside.end, texts, before=place == 0)
            return
        column = self._lines.column(parts[0].start)
        texts = [in_block([one]) for one in added]
        if place:
            self.edits.add_lines(parts[place - 1].end, column, texts)
        else:
            self.edits.add_lines_before(parts[0].start, column, texts)

    # -- both ----------------------------------------------------------------------------------

    def _cut(self, parts: Sequence[Entry], gone: list[bool], *, flow: bool) -> None:
        for first, last in _runs(gone):
            follows = last + 1 < len(parts)
            if flow and first and not follows:
                self.edits.put(parts[first - 1].end, parts[last].end, "")
            elif follows and (flow or self._moves_up(parts[first], parts[first + 1], first, last)):
                self.edits.put(parts[first].start, parts[last + 1].start, "")
            elif flow:
                self.edits.put(parts[first].start, parts[last].end, "")
            else:
                for part in parts[first : last + 1]:
                    self.edits.cut_lines(part.start, part.end)

    def _moves_up(self, part: Entry, after: Entry, first: int, last: int) -> bool:
        """Whether the next one can take its place behind a dash, with no comment between."""
        between = self._lines.text[part.end : after.start]
        return first == last and not self._lines.begins_line(part.start) and not between.strip()

    def _replace(self, span: Span, wanted: Plain, indent: int, *, flow: bool) -> None:
        has_parts = isinstance(wanted, dict | list) and bool(wanted)
        match span:
            case Entries(flow=True, entries=[_, *_]) | Items(flow=True, items=[_, *_]):
                flow = flow or has_parts
            case _:
                pass
        # A list may stand as far to the left as its key; nothing else may.
        left = isinstance(span, Items) and self._lines.column(span.start) < indent
        pad = STEP if left and self._lines.begins_line(span.start) else 0
        if flow:
            self.edits.put_value(span.start, span.end, in_flow(wanted))
        elif has_parts:
            self.edits.put_block(span.start, span.end, in_block(wanted), indent, pad=pad)
        else:
            self.edits.put_value(span.start, span.end, scalar(wanted), pad=pad)


def _runs(marks: list[bool]) -> Iterator[tuple[int, int]]:
    """First and last of each row of marks without a gap."""
    begun = None
    for number, mark in enumerate([*marks, False]):
        if mark and begun is None:
            begun = number
        elif not mark and begun is not None:
            yield begun, number - 1
            begun = None
