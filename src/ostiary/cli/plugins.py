"""``ostiary plugins``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ostiary.cli.app import app
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile
from ostiary.cli.tables import FAILED, AsJson, console, emit_json, escape, grid

if TYPE_CHECKING:
    from ostiary.plugins.call import Offer


@app.command()
def plugins(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show the plug-ins that are installed: conditions and policies of your own.

    Each package is imported in a process of its own. Those that `plugins` in the configuration
    names can be used in pipelines. Exit code 1 if one can't be used.
    """
    from ostiary.wiring.inspecting import inspect, named_in, offering  # noqa: PLC0415

    packages = offering()
    found = inspect(packages, ())
    named = named_in(config)
    if as_json:
        emit_json(
            {
                "plugins": [_json(one, one.package in named) for one in found.offers],
                "faults": dict(found.faults),
            }
        )
    else:
        _print(found.offers, found.faults, named, config)
    if found.faults or any(one.fault for one in found.offers):
        raise typer.Exit(FAILED)


def _json(one: "Offer", named: bool) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind.value,
        "package": one.package,
        "version": one.version,
        "named": named,
        "description": one.told,
        "rememberedSeconds": one.lifetime,
        "timeLimitSeconds": one.time_limit,
        "parameters": dict(one.parameters),
        "fault": one.fault or None,
    }


def _print(
    offers: tuple["Offer", ...],
    faults: Mapping[str, str],
    named: frozenset[str],
    config: Path,
) -> None:
    out = console()
    if not offers and not faults:
        out.print("No installed package offers plug-ins.")
        return
    columns = ("plug-in", "package", "named", "remembered", "within", "what it is for")
    out.print(grid(columns, (_row(one, one.package in named) for one in offers)))
    for one in offers:
        for name, told in _parameters(one):
            out.print(f"{escape(one.name)}: {escape(name)}: {escape(told)}", soft_wrap=True)
    for package, fault in faults.items():
        out.print(f"[red]✗[/] {escape(package)}: {escape(fault)}", soft_wrap=True)
    unnamed = sorted({one.package for one in offers} - named)
    if unnamed:
        out.print(f"Not named under plugins in {escape(str(config))}: {escape(', '.join(unnamed))}")


def _row(one: "Offer", named: bool) -> tuple[str, ...]:
    return (
        f"{escape(one.name)}\n[dim]{one.kind.value}[/]",
        f"{escape(one.package)}\n[dim]{escape(one.version)}[/]",
        "yes" if named else "no",
        f"{one.lifetime:g} s" if one.lifetime else "no",
        f"{one.time_limit:g} s",
        f"[red]{escape(one.fault)}[/]" if one.fault else escape(one.told),
    )


def _parameters(one: "Offer") -> list[tuple[str, str]]:
    """What can be written in the configuration, and what for."""
    required = one.parameters.get("required", ())
    return [
        (name, f"{told.get('description', '')}{' Required.' if name in required else ''}".strip())
        for name, told in one.parameters.get("properties", {}).items()
    ]
