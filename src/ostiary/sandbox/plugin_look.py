"""A process that looks at one package's plug-ins and says what it found: it imports them."""

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from ostiary.plugins.call import Kind, Use
from ostiary.plugins.installed import is_installed, looked_at
from ostiary.sandbox.plugin_worker import limited


def main(gateway: int) -> None:
    """Read ``{package, uses}`` from stdin; write what is found to what stdout was at first."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what plug-ins print is no answer
    limited(gateway)
    asked = json.load(sys.stdin)
    package = asked["package"]
    if not is_installed(package):
        found: dict[str, Any] = {"fault": "it isn't installed"}
    else:
        uses = [Use(Kind(one["kind"]), one["name"], one["parameters"]) for one in asked["uses"]]
        looked = looked_at(package, uses)
        found = {
            "offers": [asdict(one) for one in looked["offers"]],
            "calls": [(asdict(use), asdict(call)) for use, call in looked["calls"]],
            "wrong": [
                (asdict(use), [asdict(fault) for fault in faults])
                for use, faults in looked["wrong"]
            ],
        }
        if not looked["offers"]:
            found = {"fault": "it has no entry points ostiary.conditions or ostiary.policies"}
    with os.fdopen(answer, "w") as end:
        json.dump(found, end)
        end.flush()
    os._exit(0)  # threads that an import began are nobody's business
