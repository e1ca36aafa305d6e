"""Packages of plug-ins, installed for a test: modules, and what pip would write beside them."""

import contextlib
import importlib
import inspect
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/plugin"


def install(
    folder: Path,
    package: str,
    modules: Mapping[str, str],
    *,
    conditions: Mapping[str, str] | None = None,
    policies: Mapping[str, str] | None = None,
    version: str = "1.0",
) -> None:
    """Put a package there. ``conditions``, ``policies``: ``module:Class`` by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(inspect.cleandoc(source))
    beside = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    beside.mkdir()
    (beside / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    )
    groups = {"ostiary.conditions": conditions or {}, "ostiary.policies": policies or {}}
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {where}" for name, where in entries.items()))
    ]
    (beside / "entry_points.txt").write_text("\n".join(lines))


def install_example(folder: Path) -> None:
    """The example package, by its own pyproject.toml's word."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(
        folder,
        project["name"],
        {},
        conditions=project["entry-points"]["ostiary.conditions"],
        policies=project["entry-points"]["ostiary.policies"],
        version=project["version"],
    )


@contextlib.contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """What is in these folders is installed, here and for processes that are begun here."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        importlib.invalidate_caches()
