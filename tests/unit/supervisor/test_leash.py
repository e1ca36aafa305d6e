import os
import subprocess
import sys
from pathlib import Path

from ostiary.supervisor import leash


def run(parent: int, *program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(Path(leash.__file__)), str(parent), *program]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_runs_in_its_place_with_its_arguments() -> None:
    done = run(os.getpid(), "/bin/sh", "-c", "echo $1 $$; exit 3", "sh", "an argument")
    assert done.stdout.startswith("an argument ")
    assert done.returncode == 3


def test_a_parent_that_died_before_the_leash_was_tied_means_no_start() -> None:
    done = run(1 if os.getpid() != 1 else 2, "/bin/echo", "started")
    assert (done.stdout, done.returncode) == ("", leash.NO_PARENT)


def test_a_program_that_is_missing_is_told() -> None:
    done = run(os.getpid(), "/no/such/program")
    assert done.returncode == leash.NO_PROGRAM
    assert done.stderr == "/no/such/program: No such file or directory\n"
