"""The document as a tree that remembers where each value was written.

Values come out of YAML as leaves, rows and tables; each knows its place in the text and its path as
the operator wrote it, so that a later finding can point at the exact line and column.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from ostiary.kernel.problems import Position, Problem, Severity

PathPart = str | int
Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar: text, number, true/false or null."""

    at: Position
    key_at: Position | None
    """Where the key that leads here was written; None in lists and at the top."""
    path: str
    """Dotted path as written, for example ``pipelines.default.policies[0].proxy``."""
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A list."""

    at: Position
    key_at: Position | None
    path: str
    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping, in file order."""

    at: Position
    key_at: Position | None
    path: str
    entries: Mapping[str, "Tree"]

    def without(self, *keys: str) -> "Table":
        """Return this table less the given keys."""
        return replace(self, entries={k: v for k, v in self.entries.items() if k not in keys})

    def having(self, key: str, tree: "Tree") -> "Table":
        """Return this table with one entry set; a new key goes last."""
        return replace(self, entries={**self.entries, key: tree})


Tree = Leaf | Row | Table

_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_*/$-]+")


def below(path: str, part: PathPart) -> str:
    """Return the written path of a child: ``a.b``, ``a[0]``, ``a["b.c"]``."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    if not _SIMPLE_KEY.fullmatch(part):
        return f'{path}["{part}"]' if path else f'"{part}"'
    return f"{path}.{part}" if path else part


def plain(tree: Tree) -> Plain:
    """Return the bare values, without places."""
    match tree:
        case Leaf():
            return tree.value
        case Row():
            return [plain(item) for item in tree.items]
        case Table():
            return {key: plain(value) for key, value in tree.entries.items()}
        case _:
            assert_never(tree)


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield every scalar, in file order."""
    match tree:
        case Leaf():
            yield tree
        case Row():
            for item in tree.items:
                yield from leaves(item)
        case Table():
            for value in tree.entries.values():
                yield from leaves(value)
        case _:
            assert_never(tree)


def step(tree: Tree, part: PathPart) -> Tree | None:
    """Go one step down; snake_case names find their camelCase keys."""
    if isinstance(tree, Row) and isinstance(part, int) and 0 <= part < len(tree.items):
        return tree.items[part]
    if isinstance(tree, Table) and isinstance(part, str):
        return tree.entries.get(part) or tree.entries.get(camel(part))
    return None


def camel(name: str) -> str:
    """Return ``requestCert`` for ``request_cert``."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


@dataclass(frozen=True, slots=True)
class Places:
    """Turns paths of the document into problems with positions."""

    root: Tree

    def find(self, path: tuple[PathPart, ...]) -> tuple[Tree, tuple[PathPart, ...]]:
        """Return the deepest existing tree on the path, and the parts that are missing below it."""
        tree = self.root
        for index, part in enumerate(path):
            deeper = step(tree, part)
            if deeper is None:
                return tree, path[index:]
            tree = deeper
        return tree, ()

    def problem(
        self,
        path: tuple[PathPart, ...],
        message: str,
        way_out: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """Return a problem placed at the value of that path, or at its nearest existing parent."""
        tree, missing = self.find(path)
        written = tree.path
        for part in missing:
            written = below(written, part)
        return Problem(
            position=tree.at, path=written, message=message, way_out=way_out, severity=severity
        )

    def warning(self, path: tuple[PathPart, ...], message: str, way_out: str = "") -> Problem:
        """Return the same as a warning."""
        return self.problem(path, message, way_out, Severity.WARNING)
