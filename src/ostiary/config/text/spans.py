"""Where each value of a YAML document begins and ends in its text; what it says is in the tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from ostiary.config.text.reading import events_of

_BLOCK = frozenset("|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A value without parts. Offsets count characters; ``end`` is the first one after it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """``*name``: what it says is written elsewhere."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key and its value."""

    start: int
    value: "Span"

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.value.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A mapping; merge keys (``<<``) are none of its entries."""

    start: int
    end: int
    flow: bool
    """Whether it is written in braces."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list; its items begin after their dash."""

    start: int
    end: int
    flow: bool
    items: tuple["Span", ...]


Span: TypeAlias = Scalar | Alias | Entries | Items


def span_of(text: str) -> Span:
    """The document as a whole; ``text`` is one that was read without a problem, and has no byte
    order mark."""
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._events = iter(events_of(text))
        self._closed = 0

    def document(self) -> Span:
        event = next(self._events)
        while not isinstance(event, yaml.NodeEvent):
            event = next(self._events)
        return self._span(event)

    def _span(self, event: yaml.Event) -> Span:
        start, end = _index(event.start_mark), _index(event.end_mark)
        match event:
            case yaml.AliasEvent():
                return Alias(start=start, end=end)
            case yaml.MappingStartEvent(flow_style=flow):
                return self._mapping(start, flow=bool(flow))
            case yaml.SequenceStartEvent(flow_style=flow):
                return self._sequence(start, flow=bool(flow))
            case _:
                if getattr(event, "style", None) in _BLOCK:
                    # The blank lines after a block of text are not counted to it.
                    end = start + len(self._text[start:end].rstrip())
                return Scalar(start=start, end=end)

    def _mapping(self, start: int, *, flow: bool) -> Entries:
        entries: list[Entry] = []
        last = start
        for key in self._until(yaml.MappingEndEvent):
            named = self._span(key)
            value = self._span(next(self._events))
            last = value.end
            is_merge = isinstance(key, yaml.ScalarEvent) and key.value == "<<" and not key.style
            if not is_merge:
                entries.append(Entry(start=self._mark(named.start), value=value))
        end = self._closed if flow else last
        return Entries(start=start, end=end, flow=flow, entries=tuple(entries))

    def _mark(self, start: int) -> int:
        """Of a key: where its question mark stands, if it has one (YAML 1.2 section 8.2.2)."""
        at = start
        while self._text[at - 1 : at] == " ":
            at -= 1
        return at - 1 if at < start and self._text[at - 1 : at] == "?" else start

    def _sequence(self, start: int, *, flow: bool) -> Items:
        items = tuple(map(self._span, self._until(yaml.SequenceEndEvent)))
        end = self._closed if flow else items[-1].end if items else start
        return Items(start=start, end=end, flow=flow, items=items)

    def _until(self, kind: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), kind):
            yield event
        # A block has no end of its own: this is where something else begins.
        self._closed = _index(event.end_mark)


def _index(mark: Any) -> int:
    """Events that are parsed have marks."""
    found: int = mark.index
    return found
