"""The things an installation consists of: what gets a line of its own in the report."""

from collections.abc import Iterator

from ostiary.config.text.tree import Leaf, Row, Table, Tree

_ALIASES = {
    "apiEndpoint": "apiEndpoints",
    "serviceEndpoint": "serviceEndpoints",
    "pipeline": "pipelines",
}
_FILES = frozenset({"keyFile", "certFile", "caFile", "secretOrPublicKeyFile"})
_TLS_FILES = frozenset({"key", "cert", "ca"})


def section(tree: Table, name: str) -> Tree | None:
    """A section of the configuration by its usual name, however it was written."""
    for key, value in tree.entries.items():
        if _ALIASES.get(key, key) == name:
            return value
    return None


def units_of(tree: Table) -> Iterator[Tree]:
    """Listeners, their TLS entries and options, endpoints, services, and each policy's steps."""
    for key, value in tree.entries.items():
        match _ALIASES.get(key, key):
            case "https":
                yield from _listener(value)
            case "apiEndpoints" | "serviceEndpoints":
                yield from _children(value)
            case "pipelines":
                yield from _pipelines(value)
            case _:
                yield value


def steps_of(tree: Table) -> Iterator[tuple[str, Tree]]:
    """Every step of every pipeline, with the name of its policy."""
    pipelines = section(tree, "pipelines")
    for pipeline in _items(pipelines) if pipelines is not None else ():
        for name, body in policies_of(pipeline):
            for step in _steps(body):
                yield name, step


def policies_of(pipeline: Tree) -> Iterator[tuple[str, Tree]]:
    """The policies of a pipeline in order: name, and what is written under it."""
    policies = pipeline.entries.get("policies") if isinstance(pipeline, Table) else None
    for item in policies.items if isinstance(policies, Row) else ():
        if isinstance(item, Table) and item.entries:
            yield next(iter(item.entries.items()))
        elif isinstance(item, Leaf) and isinstance(item.value, str):
            yield item.value, item


def conditions_of(step: Tree) -> Iterator[Table]:
    """The conditions of a step, those within others too."""
    condition = step.entries.get("condition") if isinstance(step, Table) else None
    if condition is not None:
        yield from _conditions(condition)


def relative_names(tree: Tree) -> Iterator[Leaf]:
    """File names that are relative: Express Gateway begins at the folder it was started in."""
    if isinstance(tree, Row):
        for item in tree.items:
            yield from relative_names(item)
    if not isinstance(tree, Table):
        return
    for key, value in tree.entries.items():
        for one in value.items if isinstance(value, Row) else (value,):
            is_file = key in _FILES or (key in _TLS_FILES and value.path.startswith("https.tls"))
            if is_file and isinstance(one, Leaf) and _is_relative(one.value):
                yield one
        yield from relative_names(value)


def _is_relative(value: object) -> bool:
    named = isinstance(value, str) and "\n" not in value
    return named and str(value) != "" and not str(value).startswith("/")


def text_of(table: Tree | None, key: str) -> str:
    """A text under a key; empty where there is none."""
    value = table.entries.get(key) if isinstance(table, Table) else None
    return value.value if isinstance(value, Leaf) and isinstance(value.value, str) else ""


def _conditions(tree: Tree) -> Iterator[Table]:
    if not isinstance(tree, Table):
        return
    yield tree
    if "condition" in tree.entries:
        yield from _conditions(tree.entries["condition"])
    several = tree.entries.get("conditions")
    for one in several.items if isinstance(several, Row) else ():
        yield from _conditions(one)


def _listener(tree: Tree) -> Iterator[Tree]:
    for key, value in tree.entries.items() if isinstance(tree, Table) else ():
        if key in {"tls", "options"}:
            yield from _children(value)
        else:
            yield value


def _pipelines(tree: Tree) -> Iterator[Tree]:
    for pipeline in _items(tree):
        found = False
        for _, body in policies_of(pipeline):
            for step in _steps(body):
                found = True
                yield step
        if not found:
            yield pipeline


def _steps(body: Tree) -> tuple[Tree, ...]:
    return body.items if isinstance(body, Row) and body.items else (body,)


def _children(tree: Tree) -> Iterator[Tree]:
    items = _items(tree)
    if not items:
        yield tree
    for item in items:
        if isinstance(item, Row) and item.items:
            yield from item.items
        else:
            yield item


def _items(tree: Tree) -> tuple[Tree, ...]:
    match tree:
        case Table(entries=entries):
            return tuple(entries.values())
        case Row(items=items):
            return items
        case Leaf():
            return ()
