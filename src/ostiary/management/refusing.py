"""The gateway's problems as faults of the change that led to them."""

from ostiary.kernel.problems import ConfigRefused, Problem
from ostiary.management.errors import EngineRefuses, Fault


def engine_refuses(refused: ConfigRefused, *, lines: bool = False) -> EngineRefuses:
    """The refusal of a change; with ``lines``, those of the file as it would be are told."""
    errors = [one for one in refused.problems if one.severity.value == "error"]
    return EngineRefuses(_fault(problem, lines=lines) for problem in errors)


def _fault(problem: Problem, *, lines: bool) -> Fault:
    where = f"{problem.path}: " if problem.path else ""
    line = f" (line {problem.position.line} of the file as it would be)" if lines else ""
    return Fault(where="", message=f"{where}{problem.message}{line}", way_out=problem.way_out)
