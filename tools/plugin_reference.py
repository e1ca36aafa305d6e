"""The page of what plug-ins are written against, from its docstrings."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from ostiary import plugins
from ostiary.plugins import interface, testing

_INTRODUCTION = """\
What `ostiary.plugins` has for those who write conditions and policies of their own. How to:
[plug-ins](../how-to/plug-ins.md).
"""


def page(notice: str) -> str:
    """The whole page, Markdown."""
    parts = ["# Interface of plug-ins\n", notice + "\n", _INTRODUCTION]
    tree = ast.parse(Path(inspect.getfile(interface)).read_text())
    names = {*plugins.__all__, "Plugin", "REFUSALS", "LONGEST_TIME_LIMIT"}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in names:
            parts += _class(node)
    parts.append("## Limits and names\n")
    parts += _table(tree, names, with_value=True)
    parts.append("## `ostiary.plugins.testing`\n")
    tree = ast.parse(Path(inspect.getfile(testing)).read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in testing.__all__:
            parts.append(f"`{_signature(node)}`\n\n{_told(node)}\n")
    return "\n".join(parts)


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(f"`{ast.unparse(one)}`" for one in node.bases)
    yield f"## `{node.name}`\n"
    yield _told(node) + "\n"
    if bases and "BaseModel" not in bases:
        yield f"A subclass of {bases}.\n"
    yield from _table(node, None)
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            yield f"* `{_signature(one)}`: {' '.join(_told(one).split())}"
    yield ""


def _table(
    parent: ast.ClassDef | ast.Module, names: set[str] | None, *, with_value: bool = False
) -> Iterator[str]:
    """A row for each name with what its docstring, the text below it, says."""
    rows = []
    for one, following in zip(parent.body, [*parent.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            name, kind = one.target.id, ast.unparse(one.annotation)
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            name, kind = one.targets[0].id, ast.unparse(one.value)
        else:
            continue
        if name == "model_config" or (names is not None and name not in names):
            continue
        default = ast.unparse(one.value) if one.value and not with_value else ""
        shown = " ".join(f"`{text}`" for text in (name,))
        rows.append(f"| {shown} | `{_cell(kind)}` | {_default(default)} | {_below(following)} |")
    if rows:
        yield "\n".join(["| name | type | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _default(text: str) -> str:
    plain = text and not text.startswith("field(")
    return f"`{_cell(text)}`" if plain else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _below(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return _cell(" ".join(text.replace("``", "`").split()))
        case _:
            return ""


def _signature(node: ast.FunctionDef) -> str:
    return f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns or node)}"


def _told(node: ast.ClassDef | ast.FunctionDef) -> str:
    return inspect.cleandoc(ast.get_docstring(node) or "").replace("``", "`")
