"""The reference of the configuration, from the models: ``python -m ostiary.config.reference``."""

import types
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ostiary.config.model.document import Document
from ostiary.config.report import alias_of, models_in

_INTRODUCTION = """\
# Configuration: `gateway.config.yml`

Generated from the models by `python -m ostiary.config.reference`; don't edit it by hand.

The file is YAML (JSON is YAML), at most 10 MB, in the format of Express Gateway. Unknown keys are
problems. Relative file names start at the configuration's folder. `${NAME}` and `${NAME:-default}`
stand for environment variables, inside keys and values; they never change the structure of the
file, and `$${NAME}` is left as it is.

A policy in a pipeline is a list item with one key, its name. Its value is one step, a list of
steps, or nothing (one step without parameters). [Policies and conditions](policies.md) have a page
with examples.
"""


def render() -> str:
    """Return the whole page, Markdown; the same models give the same text."""
    parts = [_INTRODUCTION]
    for model in _reachable():
        parts.append(f"## {model.__name__}\n\n{summary_of(model)}\n")
        parts += table_of(model)
    return "\n".join(parts)


def table_of(model: type[BaseModel]) -> list[str]:
    """Return the table of a model's keys, Markdown; nothing where it has none."""
    rows = [_row(model, name, field) for name, field in model.model_fields.items()]
    table = [row for row in rows if row]
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    return ["\n".join([*head, *table]) + "\n"] if table else []


def _reachable() -> Iterator[type[BaseModel]]:
    """Yield every model the document leads to, once, in order of first mention."""
    waiting: list[type[BaseModel]] = [Document]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield model
        for field in model.model_fields.values():
            waiting.extend(models_in(field.annotation))


def summary_of(model: type[BaseModel]) -> str:
    """Return what a model is, in one line."""
    return " ".join((model.__doc__ or "").split())


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if name == "policy" or field.exclude:  # the key above the step, or none that can be written
        return ""
    meaning = (field.description or "Says which condition this is.").replace("|", "\\|")
    kind = _kind(field.annotation).replace("|", "\\|")
    # Models know their own name; in the file it must be told.
    default = "**required**" if name == "name" else _default(field)
    return f"| `{alias_of(model, name)}` | {kind} | {default} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "none" if get_origin(field.annotation) is dict else "its own defaults"
    value = field.default
    if value is PydanticUndefined:
        return "**required**"
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`".replace("'", '"')
    return f"`{value}`"


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{word}`" for word in arguments)
    if origin in {Union, types.UnionType}:
        return " or ".join(_kind(a) for a in arguments if a is not type(None))
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return f"mapping of names to {_kind(arguments[1])}"
    return _simple(annotation)


def _simple(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    known = {
        bool: "true or false",
        int: "number",
        str: "text",
        timedelta: "duration",
        Any: "anything",
    }
    return known[annotation]


if __name__ == "__main__":
    print(render(), end="")
