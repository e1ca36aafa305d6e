"""Express Gateway's own ``eg`` command, where it is installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
HOME = _ROOT / "bench/.cache/npm/node_modules/express-gateway"
"""The package, where it was installed."""
_SESSION = _ROOT / "tests/doors/eg_session.js"
_CONFIGURATION = _ROOT / "tests/doors/eg_configuration.js"


class Eg:
    """The command against one admin API."""

    def __init__(self, url: str, token: str) -> None:
        self._surroundings = {"EG_ADMIN_URL": url, "EG_DISABLE_CONFIG_WATCH": "1"}
        self._header = ("-H", f"Authorization: Bearer {token}")

    def once(self, *words: str) -> str:
        """One command as a process of its own: what it printed."""
        return self._node(HOME / "bin/index.js", *words, *self._header)

    def session(self, *commands: Sequence[str]) -> list[str]:
        """Several, which share one process: what each printed."""
        sent = json.dumps(
            [[*words, *([] if "-H" in words else self._header)] for words in commands]
        )
        found: list[str] = json.loads(self._node(_SESSION, str(HOME), stdin=sent))
        return found

    def configuration(self, *calls: Sequence[object]) -> list[Any]:
        """Calls of its admin client, such as ``("pipelines", "info", "all")``: what came back."""
        token = self._header[1].rpartition(" ")[2]
        words = (_CONFIGURATION, HOME, self._surroundings["EG_ADMIN_URL"], token)
        found: list[Any] = json.loads(self._node(*words, stdin=json.dumps(calls)))
        return found

    def _node(self, *words: object, stdin: str = "") -> str:
        done = subprocess.run(
            ["node", *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **self._surroundings},
        )
        told = done.stdout + (done.stderr if "session" not in str(words[0]) else "")
        assert done.returncode == 0, done.stdout + done.stderr
        return told


def need_eg() -> None:
    """Skip where it can't be run."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed: Express Gateway's eg can't be run")
    if not (HOME / "package.json").exists():
        pytest.skip("express-gateway is not installed (python -m bench.install express_gateway)")
