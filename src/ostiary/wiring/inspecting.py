"""Looking at plug-ins without importing them here: each package in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ostiary.kernel.problems import ConfigRefused
from ostiary.plugins.call import (
    Fault,
    Inspected,
    Kind,
    Offer,
    PluginCall,
    Use,
    normal,
    not_looked_at,
)
from ostiary.plugins.installed import entry_points
from ostiary.sandbox.plugin_line import environment
from ostiary.services.prepare import read_written
from ostiary.wiring import world

_BEGIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from ostiary.sandbox.plugin_look import main; main(int(sys.argv[1]))"
)
_LONGEST: Final = 20.0
"""Seconds that importing a package may take."""
_AT_ONCE: Final = 4


def inspect(packages: tuple[str, ...], uses: tuple[Use, ...]) -> Inspected:
    """What there is in these packages, and which uses are good. Raises nothing of theirs."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = dict(
            zip(packages, threads.map(lambda one: _look(one, uses), packages), strict=True)
        )
    faults = {package: told["fault"] for package, told in found.items() if "fault" in told}
    good = [told for package, told in found.items() if package not in faults]
    return Inspected(
        faults=faults,
        offers=tuple(_offer(one) for told in good for one in told["offers"]),
        calls={_use(use): _call(call) for told in good for use, call in told["calls"]},
        wrong={
            _use(use): tuple(_fault(one) for one in faults)
            for told in good
            for use, faults in told["wrong"]
        },
    )


def named_in(config: Path) -> frozenset[str]:
    """The packages that a configuration names; none where it can't be read."""
    found: list[str] = []

    def look(packages: tuple[str, ...], uses: tuple[Use, ...]) -> Inspected:
        found.extend(packages)
        return not_looked_at(packages, uses)

    with contextlib.suppress(ConfigRefused):
        read_written(str(config.absolute()), world.read_file, os.environ, look)
    return frozenset(found)


def offering() -> tuple[str, ...]:
    """All installed packages that offer plug-ins; nothing is imported."""
    found = {normal(one.metadata["Name"]) for one, _, _ in entry_points()}
    return tuple(sorted(found))


def _look(package: str, uses: Iterable[Use]) -> Mapping[str, Any]:
    asked = json.dumps({"package": package, "uses": [asdict(use) for use in uses]})
    command = [sys.executable, "-IBc", _BEGIN, str(os.getpid()), json.dumps(sys.path)]
    try:
        done = subprocess.run(
            command,
            input=asked.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST,
            env=environment(),
            start_new_session=True,
            check=False,
        )
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"fault": f"importing it took longer than {_LONGEST:.0f} s"}
    except ValueError:
        return {"fault": f"its import ended the process, with status {done.returncode}"}
    return found if isinstance(found, dict) else {"fault": "its import spoilt the answer"}


def _use(told: dict[str, Any]) -> Use:
    return Use(Kind(told["kind"]), told["name"], told["parameters"])


def _call(told: dict[str, Any]) -> PluginCall:
    return PluginCall(**{**told, "kind": Kind(told["kind"]), "headers": tuple(told["headers"])})


def _offer(told: dict[str, Any]) -> Offer:
    return Offer(**{**told, "kind": Kind(told["kind"])})


def _fault(told: dict[str, Any]) -> Fault:
    return Fault(tuple(told["path"]), told["message"], told["way_out"])
