"""The generated pages are what the program would say today."""

import subprocess
import sys

from tests.docs.pages import ROOT


def test_reasons_and_commands_are_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
