"""What the engine says about its files, told at the operator's lines."""

import re
from dataclasses import replace
from pathlib import Path

from ostiary.kernel.problems import Problem, Severity
from ostiary.services.blame import blame
from ostiary.services.prepare import Prepared
from ostiary.supervisor.check import (
    CheckPassed,
    CheckRefused,
    CheckResult,
    CheckUndetermined,
    Finding,
    Level,
)

_SUMMING_UP = re.compile(r"(Fatal errors|Error\(s\)|Some warnings were) (found|found in)")
"""What HAProxy says after the complaints that say why."""
_UNKNOWN_NAME = "could not resolve address"
"""A service's name that DNS does not know now: it is asked again while the gateway runs."""


def opinion(prepared: Prepared, cfg: bytes, folder: Path, said: CheckResult) -> tuple[Problem, ...]:
    """The engine's findings as problems; ``folder`` is where it read the files."""
    match said:
        case CheckPassed():
            return ()
        case CheckRefused(findings):
            telling = [one for one in findings if not _SUMMING_UP.match(one.message)] or findings
            return tuple(_told(prepared, cfg, folder, one) for one in telling)
        case CheckUndetermined(why):
            return (blame(prepared.loaded, cfg, None, None, why),)


def _told(prepared: Prepared, cfg: bytes, folder: Path, finding: Finding) -> Problem:
    message = finding.message.replace(f"{folder}/", "").replace(f"{folder.parent}/", "")
    problem = blame(prepared.loaded, cfg, finding.file, finding.line, message)
    if finding.level is Level.WARNING and _UNKNOWN_NAME in finding.message:
        return replace(problem, severity=Severity.WARNING, way_out="requests to it answer 503")
    return problem
