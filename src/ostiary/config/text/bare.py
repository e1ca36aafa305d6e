"""Trees with little in them: what is empty, and what is made around one value."""

from ostiary.config.text.tree import Leaf, Row, Table, Tree


def without_nulls(table: Table, *keys: str) -> Table:
    """Return the table less those of the keys that are null."""
    return table.without(*(key for key in keys if is_null(table.entries.get(key))))


def is_null(tree: Tree | None) -> bool:
    """Tell whether this is an explicit null."""
    return isinstance(tree, Leaf) and tree.value is None


def is_nothing(tree: Tree) -> bool:
    """Tell whether this is null, ``[]`` or ``{}``."""
    match tree:
        case Leaf(value=value):
            return value is None
        case Row(items=items):
            return not items
        case Table(entries=entries):
            return not entries


def row_of(tree: Tree) -> Row:
    """Return a list of this one, at its place."""
    return Row(at=tree.at, key_at=tree.key_at, path=tree.path, items=(tree,))


def table_of(tree: Tree) -> Table:
    """Return an empty mapping at its place."""
    return Table(at=tree.at, key_at=tree.key_at, path=tree.path, entries={})
