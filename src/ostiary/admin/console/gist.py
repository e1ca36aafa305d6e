"""What a line of the audit log says at a glance: names, what came, what went. Pure."""

import json
from collections.abc import Mapping

_MOST = 3
"""Differences that are told; the whole is a click away."""


def gist(before: object, after: object) -> tuple[str, ...]:
    """The difference in a few short lines of plain text; empty where there is none to tell."""
    if isinstance(before, list) or isinstance(after, list):
        before, after = before or [], after or []
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        lines = [
            f"{key}: {_plain(before.get(key))} → {_plain(after.get(key))}"
            for key in {**before, **after}
            if before.get(key) != after.get(key)
        ]
    elif isinstance(before, list) and isinstance(after, list):
        old, new = _held(before), _held(after)
        lines = [f"- {_plain(one)}" for one in before if one not in new]
        lines += [f"+ {_plain(one)}" for one in after if one not in old]
    else:
        lines = _named(after if before is None else before)
    more = [f"and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
    return (*lines[:_MOST], *more)


def _held(values: list[object]) -> frozenset[object] | list[object]:
    """For looking up: lists of names are long."""
    return frozenset(values) if all(isinstance(one, str) for one in values) else values


def _named(thing: object) -> list[str]:
    """What something is called, and its version."""
    if not isinstance(thing, Mapping):
        return []
    name = thing.get("name") or thing.get("subject")
    parts = [str(name)] if name else []
    if isinstance(thing.get("version"), int):
        parts.append(f"version {thing['version']}")
    return [", ".join(parts)] if parts else []


def _plain(value: object) -> str:
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
