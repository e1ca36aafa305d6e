"""Finding plug-ins among the packages that are installed, and looking at them.

Whoever calls ``load`` or ``looked_at`` runs code of third parties: processes of their own only.
"""

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any

from pydantic import ValidationError

from ostiary.plugins.answers import BadAnswer, header_names
from ostiary.plugins.call import Fault, Kind, Offer, PluginCall, Use, normal
from ostiary.plugins.interface import (
    LONGEST_LIFETIME,
    LONGEST_TIME_LIMIT,
    Condition,
    PerCredential,
    PerRequest,
    Plugin,
    Policy,
)

_LONGEST = 300


class NotUsable(Exception):
    """A plug-in that can't be used, and why."""


def entry_points(package: str = "") -> Iterator[tuple[Distribution, Kind, EntryPoint]]:
    """Yield what a package offers, or all do; nothing of theirs is imported."""
    seen: set[str] = set()
    for one in distributions():
        name = normal(one.metadata["Name"] or "")
        if name in seen or (package and name != normal(package)):
            continue
        seen.add(name)  # the first on the path is the one that Python imports
        for entry in one.entry_points:
            for kind in Kind:
                if entry.group == kind.group:
                    yield one, kind, entry


def is_installed(package: str) -> bool:
    """Whether there is such a package, whatever it offers."""
    return any(normal(one.metadata["Name"] or "") == normal(package) for one in distributions())


def load(entry: EntryPoint, kind: Kind) -> type[Plugin]:
    """The plug-in's class. Raises NotUsable."""
    try:
        found: object = entry.load()
    except BaseException as error:
        raise NotUsable(f"{entry.value} can't be imported: {shown(error)}") from error
    base = Condition if kind is Kind.CONDITION else Policy
    if not isinstance(found, type) or not issubclass(found, base):
        raise NotUsable(f"{entry.value} isn't a subclass of ostiary.plugins.{base.__name__}")
    if not isinstance(found.lifetime, PerRequest | PerCredential):
        raise NotUsable(f"{entry.value}: lifetime is neither PER_REQUEST nor PerCredential")
    if not 0 <= _seconds(found) <= LONGEST_LIFETIME:
        raise NotUsable(f"{entry.value}: lifetime must be 0 to {LONGEST_LIFETIME:.0f} seconds")
    if not 0 < found.time_limit <= LONGEST_TIME_LIMIT:
        raise NotUsable(f"{entry.value}: time_limit must be at most {LONGEST_TIME_LIMIT} seconds")
    return found


def looked_at(package: str, uses: Iterable[Use]) -> dict[str, Any]:
    """What a package offers, and which of the uses are good; plain JSON.

    ``offers``, ``calls``, ``wrong``: as of Inspected. Nothing that a plug-in raises gets out.
    """
    found = {(kind, entry.name): (one, entry) for one, kind, entry in entry_points(package)}
    offers = [_offer(one, kind, entry) for (kind, _), (one, entry) in found.items()]
    calls, wrong = [], []
    usable = {(one.kind, one.name): one for one in offers if not one.fault}
    for use in uses:
        offer = usable.get((use.kind, use.name))
        if offer is None:
            continue
        judged = _judged(use, offer, load(found[use.kind, use.name][1], use.kind))
        if isinstance(judged, PluginCall):
            calls.append((use, judged))
        else:
            wrong.append((use, judged))
    return {"offers": offers, "calls": calls, "wrong": wrong}


def _offer(distribution: Distribution, kind: Kind, entry: EntryPoint) -> Offer:
    where = normal(distribution.metadata["Name"] or "")
    version = distribution.version
    try:
        found = load(entry, kind)
        schema = found.model_json_schema()
    except NotUsable as error:
        return Offer(kind=kind, name=entry.name, package=where, version=version, fault=str(error))
    except Exception as error:  # noqa: BLE001 - whatever third parties raise is a fault of theirs
        fault = f"{entry.value} has no schema: {shown(error)}"
        return Offer(kind=kind, name=entry.name, package=where, version=version, fault=fault)
    return Offer(
        kind=kind,
        name=entry.name,
        package=where,
        version=version,
        told=(found.__doc__ or "").strip().partition("\n")[0],
        lifetime=_seconds(found),
        time_limit=float(found.time_limit),
        parameters=schema,
    )


def _judged(use: Use, offer: Offer, plugin: type[Plugin]) -> PluginCall | tuple[Fault, ...]:
    try:
        made = plugin.model_validate(json.loads(use.parameters))
        headers = header_names(made)
    except ValidationError as error:
        known = ", ".join(field.alias or name for name, field in plugin.model_fields.items())
        told = error.errors(include_url=False, include_input=False)
        return tuple(_fault(one, known) for one in told)
    except BadAnswer as error:
        return (Fault((), f"the plug-in {use.name!r} can't be used: {error}"),)
    except Exception as error:  # noqa: BLE001 - as above
        return (Fault((), f"the plug-in {use.name!r} can't be used: {shown(error)}"),)
    return PluginCall(
        kind=use.kind,
        name=use.name,
        package=offer.package,
        version=offer.version,
        parameters=use.parameters,
        headers=headers,
        lifetime=offer.lifetime,
        time_limit=offer.time_limit,
    )


def _fault(details: Any, known: str) -> Fault:
    path = tuple(details["loc"])
    match details["type"]:
        case "missing":
            return Fault(path, f"{path[-1]} is missing", "add it")
        case "extra_forbidden":
            way_out = f"known: {known}" if len(path) == 1 else ""
            return Fault(path, f"unknown key {str(path[-1])[:80]!r}", way_out)
        case _:
            message = details["msg"].removeprefix("Value error, ")
            return Fault(path, f"can't be used: {message[:_LONGEST]}", "")


def _seconds(plugin: type[Plugin]) -> float:
    lifetime = plugin.lifetime
    return float(lifetime.seconds) if isinstance(lifetime, PerCredential) else 0.0


def shown(error: BaseException) -> str:
    """An exception in one short line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
