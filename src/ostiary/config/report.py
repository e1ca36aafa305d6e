"""What pydantic found, as problems with a place, the value and a way out."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ostiary.config.model.base import Unfit, Wrong
from ostiary.config.model.condition import CONDITIONS
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import POLICIES
from ostiary.config.model.policies.cors import ORIGINS
from ostiary.config.text.tree import Leaf, PathPart, Places, Row, Table, Tree, below, plain, step
from ostiary.config.text.words import did_you_mean, quoted
from ostiary.kernel.problems import Problem

_TAGS = frozenset({*CONDITIONS, *POLICIES, *ORIGINS})
_TAGGED = ("action", "condition", "origin")
"""Where a union's tag follows; one follows a place in a list, too. Keys may be called like tags."""
_KINDS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def problems_of(error: ValidationError, places: Places) -> Iterator[Problem]:
    """Yield one problem for each thing pydantic found."""
    for details in error.errors(include_url=False):
        yield _problem(details, places)


def extra_keys(error: ValidationError, places: Places) -> Iterator[Tree]:
    """Yield the values of unknown keys."""
    for details in error.errors(include_url=False):
        if details["type"] == "extra_forbidden":
            yield places.find(_path(details["loc"], places.root))[0]


def is_about_extra_keys_only(error: ValidationError) -> bool:
    """Tell whether leaving out the unknown keys would make a document."""
    return all(details["type"] == "extra_forbidden" for details in error.errors())


def _path(loc: tuple[PathPart, ...], root: Tree) -> tuple[PathPart, ...]:
    """Drop what pydantic adds to a path: the tags of unions, and ``[key]``."""
    path: list[PathPart] = []
    tree: Tree | None = root
    for before, part in zip(("", *loc), loc, strict=False):
        deeper = step(tree, part) if tree is not None else None
        tagged = part in _TAGS and (before in _TAGGED or isinstance(before, int))
        if deeper is None and (tagged or part == "[key]"):
            continue
        path.append(part)
        tree = deeper
    return tuple(path)


def _problem(details: ErrorDetails, places: Places) -> Problem:
    path = _path(details["loc"], places.root)
    tree, missing = places.find(path)
    message, way_out = _words(details, path, tree, missing)
    at = tree.at
    if details["type"] == "extra_forbidden" or details["loc"][-1:] == ("[key]",):
        at = tree.key_at or tree.at
    written = tree.path
    for part in missing:
        written = below(written, part)
    return Problem(position=at, path=written, message=message, way_out=way_out)


def _words(
    details: ErrorDetails, path: tuple[PathPart, ...], tree: Tree, missing: tuple[PathPart, ...]
) -> tuple[str, str]:
    context: dict[str, Any] = details.get("ctx", {})
    kind = details["type"]
    wrong = context.get("error")
    if isinstance(wrong, Wrong):
        return _of_wrong(wrong, tree, missing)
    if kind == "extra_forbidden":
        known = _known_keys(details["loc"])
        return f"unknown key {quoted(path[-1], '')}", did_you_mean(str(path[-1]), known)
    if kind == "missing":
        return f"{path[-1]} is missing", "add it"
    return _of_value(details, context, tree)


def _of_value(details: ErrorDetails, context: dict[str, Any], tree: Tree) -> tuple[str, str]:
    match details["type"]:
        case "literal_error":
            return f"{_shown(tree)} isn't allowed here", f"use {context['expected']}"
        case "greater_than_equal":
            return f"{_shown(tree)} is too small", f"use at least {context['ge']}"
        case "less_than_equal":
            return f"{_shown(tree)} is too large", f"use at most {context['le']}"
        case _:
            told = _KINDS.get(details["type"], details["msg"][:1].lower() + details["msg"][1:])
            return f"{_shown(tree)} can't be used: it {told}", ""


def _of_wrong(wrong: Wrong, tree: Tree, missing: tuple[PathPart, ...]) -> tuple[str, str]:
    if isinstance(wrong, Unfit) and not missing:
        return f"{_shown(tree)} {wrong.message}", wrong.way_out
    return wrong.message, wrong.way_out


def _shown(tree: Tree) -> str:
    match tree:
        case Leaf(value=value, path=path):
            return quoted(value, path)
        case Row():
            return "a list"
        case Table():
            return "a mapping" if plain(tree) else "an empty mapping"


def _known_keys(loc: tuple[PathPart, ...]) -> list[str]:
    """Return the keys the model at the parent of this path knows."""
    models: list[type[BaseModel]] = [Document]
    for part in loc[:-1]:
        # Names, numbers and tags of a union lead to no field: they leave the models as they are.
        models = [m for model in models for m in _below(model, part)] or [
            m for m in models if part not in _TAGS or part in _tags(m)
        ]
    return sorted({alias_of(m, field) for m in models for field in m.model_fields} - {"policy"})


def alias_of(model: type[BaseModel], field: str) -> str:
    """Return a field's name in the file."""
    return model.model_fields[field].alias or field


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    tag = model.model_fields.get("policy") or model.model_fields.get("name")
    return tuple(getattr(tag.annotation, "__args__", ())) if tag is not None else ()


def _below(model: type[BaseModel], part: PathPart) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if part == alias_of(model, name):
            return list(models_in(field.annotation))
    return []


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models an annotation mentions, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for argument in getattr(annotation, "__args__", ()):
        yield from models_in(argument)
