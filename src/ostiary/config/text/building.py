"""One YAML document's events to a tree: anchors, merge keys, duplicate keys, variables."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import assert_never

import yaml

from ostiary.config.text.environment import expand, unmask
from ostiary.config.text.scalar import (
    COLLECTION_TAGS,
    REGEXP_TAG,
    RESOLVED_TAGS,
    TEXT_TAGS,
    refusal_of,
    regexp_of,
    resolve,
)
from ostiary.config.text.tree import Leaf, Row, Table, Tree, below
from ostiary.kernel.problems import Position, Problem, Severity

MAX_NODES = 200_000
_MERGE = "<<"


class Stop(Exception):
    """Reading can't go on; carries the reason. Never leaves the reader."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def place(file: str, event: yaml.Event) -> Position:
    """Return where an event starts, counted from 1."""
    mark = event.start_mark
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)


def at_start(file: str, message: str) -> Problem:
    """Return a problem of the whole file."""
    return Problem(position=Position(file, 1, 1), path="", message=message)


class Builder:
    """Makes the tree of one document out of its events."""

    def __init__(
        self,
        events: list[yaml.Event],
        file: str,
        environ: Mapping[str, str],
        problems: list[Problem],
    ) -> None:
        self._events = iter(events)
        self._file = file
        self._environ = environ
        self._problems = problems
        self._anchors: dict[str, Tree] = {}
        self._nodes = 0

    def document(self) -> Table:
        """Return the only document; raise Stop where there is none, or no mapping."""
        event = next(self._events)
        while not isinstance(event, yaml.DocumentStartEvent | yaml.StreamEndEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise Stop(at_start(self._file, "the configuration is empty"))
        tree = self._node(next(self._events), "", None)
        next(self._events)
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._tell(place(self._file, after), "", "a second document", "keep one per file")
        if not isinstance(tree, Table):
            what = "empty" if isinstance(tree, Leaf) and tree.value is None else "not a mapping"
            message = f"the configuration is {what}"
            way_out = "give it keys such as http, https, apiEndpoints, pipelines"
            raise Stop(Problem(position=tree.at, path="", message=message, way_out=way_out))
        return tree

    def _tell(
        self,
        at: Position,
        path: str,
        message: str,
        way_out: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        self._problems.append(
            Problem(position=at, path=path, message=message, way_out=way_out, severity=severity)
        )

    def _count(self, at: Position) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values, aliases counted"
            raise Stop(Problem(position=at, path="", message=message))

    def _node(self, event: yaml.Event, path: str, key_at: Position | None) -> Tree:
        at = place(self._file, event)
        self._count(at)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, at, path, key_at)
        tree = self._own(event, at, path, key_at)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            # Registered when complete: an alias inside its own anchor is unknown, never a loop.
            self._anchors[anchor] = tree
        return tree

    def _own(self, event: yaml.Event, at: Position, path: str, key_at: Position | None) -> Tree:
        match event:
            case yaml.ScalarEvent(tag=tag) if tag == REGEXP_TAG:
                return self._regexp(event, at, path, key_at)
            case yaml.ScalarEvent():
                return self._leaf(event, at, path, key_at)
            case yaml.SequenceStartEvent():
                self._collection_tag(event, at, path)
                return Row(at=at, key_at=key_at, path=path, items=tuple(self._items(path)))
            case _:
                self._collection_tag(event, at, path)
                return Table(at=at, key_at=key_at, path=path, entries=self._entries(path))

    def _alias(
        self, event: yaml.AliasEvent, at: Position, path: str, key_at: Position | None
    ) -> Tree:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            self._tell(at, path, f"no anchor named {event.anchor!r} before this alias")
            return Leaf(at=at, key_at=key_at, path=path, value=None)
        return replace(self._moved(known, path), key_at=key_at)

    def _moved(self, tree: Tree, path: str) -> Tree:
        """Copy an anchored tree to where the alias stands; each copied value counts."""
        self._count(tree.at)
        match tree:
            case Leaf():
                return replace(tree, path=path)
            case Row():
                items = (self._moved(item, below(path, n)) for n, item in enumerate(tree.items))
                return replace(tree, path=path, items=tuple(items))
            case Table():
                moved = {k: self._moved(v, below(path, k)) for k, v in tree.entries.items()}
                return replace(tree, path=path, entries=moved)
            case _:
                assert_never(tree)

    def _collection_tag(self, event: yaml.Event, at: Position, path: str) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in COLLECTION_TAGS:
            self._tell(at, path, *refusal_of(tag))

    def _items(self, path: str) -> Iterator[Tree]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, below(path, index), None)
            index += 1

    def _entries(self, path: str) -> dict[str, Tree]:
        own: dict[str, Tree] = {}
        merged: dict[str, Tree] = {}
        first_seen: dict[str, Position] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            at = place(self._file, event)
            key = self._key(event, at, path)
            value = self._node(next(self._events), below(path, key), at)
            if key == _MERGE and isinstance(event, yaml.ScalarEvent) and _is_plain(event):
                self._merge(merged, value, path)
            elif key in first_seen:
                message = f"the key {key!r} is already given at line {first_seen[key].line}"
                self._tell(at, below(path, key), message, "keep one of the two")
            else:
                first_seen[key] = at
                own[key] = value
        # Keys written here win over merged ones (YAML merge key, yaml.org/type/merge.html).
        return {**{k: v for k, v in merged.items() if k not in own}, **own}

    def _merge(self, merged: dict[str, Tree], value: Tree, path: str) -> None:
        sources = value.items if isinstance(value, Row) else (value,)
        for source in sources:
            if not isinstance(source, Table):
                self._tell(source.at, path, "only mappings can be merged with '<<'")
                continue
            for key, tree in source.entries.items():
                merged.setdefault(key, self._moved(tree, below(path, key)))

    def _key(self, event: yaml.Event, at: Position, path: str) -> str:
        if isinstance(event, yaml.AliasEvent):
            known = self._anchors.get(event.anchor or "")
            if isinstance(known, Leaf):
                return str(known.value)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, path, None)
            self._tell(at, path, "a key must be text")
            return "?"
        key = self._own_key(event, at, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = Leaf(at=at, key_at=None, path=path, value=key)
        return key

    def _own_key(self, event: yaml.ScalarEvent, at: Position, path: str) -> str:
        written = unmask(event.value)
        if written.startswith("+") and _is_plain(event):
            message = "the '+' before this key is a diff marker, not configuration"
            self._tell(at, below(path, written), message, "delete the '+'")
            return written.strip("+ \t\"'")
        if event.tag is not None and event.tag not in TEXT_TAGS | RESOLVED_TAGS:
            self._tell(at, path, *refusal_of(event.tag))
        expanded = expand(written, self._environ)
        if expanded.text is None or expanded.missing:
            message = f"the variable {(expanded.missing or (written,))[0]!r} has no value"
            self._tell(at, path, message, "set it, or give a default: ${NAME:-default}")
        return expanded.text if expanded.text is not None else written

    def _leaf(
        self, event: yaml.ScalarEvent, at: Position, path: str, key_at: Position | None
    ) -> Leaf:
        expanded = expand(unmask(event.value), self._environ)
        is_text = not _is_plain(event) and event.tag not in RESOLVED_TAGS
        if event.tag in TEXT_TAGS:
            is_text = True
        elif event.tag is not None and event.tag not in RESOLVED_TAGS:
            self._tell(at, path, *refusal_of(event.tag))
        self._missing(expanded.missing, at, path, fatal=is_text or expanded.text is not None)
        if expanded.text is None:
            return Leaf(at=at, key_at=key_at, path=path, value="" if is_text else None)
        value = expanded.text if is_text else resolve(expanded.text)
        return Leaf(at=at, key_at=key_at, path=path, value=value)

    def _regexp(
        self, event: yaml.ScalarEvent, at: Position, path: str, key_at: Position | None
    ) -> Table:
        """``!!js/regexp /x/i`` as ``{regexp: x, flags: i}``: data, like everything here."""
        expanded = expand(unmask(event.value), self._environ)
        self._missing(expanded.missing, at, path, fatal=True)
        parts = zip(("regexp", "flags"), regexp_of(expanded.text or ""), strict=True)
        entries = {
            key: Leaf(at=at, key_at=None, path=below(path, key), value=value)
            for key, value in parts
        }
        return Table(at=at, key_at=key_at, path=path, entries=entries)

    def _missing(self, names: tuple[str, ...], at: Position, path: str, *, fatal: bool) -> None:
        for name in names:
            tail = "" if fatal else ", so this is null"
            message = f"the variable {name!r} isn't set{tail}"
            severity = Severity.ERROR if fatal else Severity.WARNING
            way_out = f"set it, or give a default: ${{{name}:-default}}"
            if name == "requestID":  # a word of expressions, and the only one without a dot
                way_out = "for the request's id write ${ requestID }, with blanks"
            self._tell(at, path, message, way_out, severity)


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return event.style in {None, ""}
