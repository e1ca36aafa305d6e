"""Runs one script on one request, in an engine of its own."""

import json
import re
from typing import Any, Final, assert_never

import _quickjs  # type: ignore[import-not-found]  # has no types

from ostiary.scripts.harness import HARNESS
from ostiary.scripts.model import (
    LONGEST_TEXT,
    BodySchema,
    Changed,
    Failed,
    Failure,
    Limits,
    Result,
    Said,
    Script,
    Truth,
    Wanted,
    What,
)
from ostiary.scripts.request import Repeated, Shown, told_of
from ostiary.scripts.schema import hold

_STACK: Final = 512 * 1024
_FIT: Final = re.compile(r"[\t\x20-\x7e]*")
_LONGEST_DETAIL: Final = 200


class Engine:
    """A world of its own for one script. Making it takes longer than most scripts do: a process
    that waits for a question has the next one ready."""

    __slots__ = ("_act", "_context")

    def __init__(self) -> None:
        self._context = _quickjs.Context()
        self._context.set_max_stack_size(_STACK)
        self._act = self._context.eval(HARNESS)

    def act(self, told: str, script: Script, limits: Limits) -> object:
        """What the harness says; once. Raises what QuickJS raises."""
        self._context.set_memory_limit(limits.memory)
        self._context.set_time_limit(limits.seconds)
        return self._act(told, script.code, script.wanted.value, LONGEST_TEXT)


def run(what: What, shown: Shown, limits: Limits, engine: Engine | None = None) -> Result:
    """The result; whatever goes wrong is one, too. ``engine``: one that nobody has used."""
    match what:
        case Script():
            return _run(what, shown, limits, engine or Engine())
        case BodySchema():
            return hold(what, shown)
        case _:
            assert_never(what)


def _run(script: Script, shown: Shown, limits: Limits, engine: Engine) -> Result:
    """Run a script.

    The limits are QuickJS's own, so a script in the middle of one long operation may go beyond the
    time: whoever calls this must be able to end the process.
    """
    try:
        told = json.dumps(told_of(shown))
    except Repeated:
        return Failed(Failure.REPEATED)
    try:
        said = engine.act(told, script, limits)
    except _quickjs.JSException as error:
        return _failed(error)
    except MemoryError:
        return Failed(Failure.MEMORY)
    except (SystemError, UnicodeError) as error:  # quickjs-ng's for texts that aren't UTF-8
        return Failed(Failure.THREW, type(error).__name__)
    if not isinstance(said, str):
        return Failed(Failure.NO_TEXT)
    return _result(script, json.loads(said))


def _failed(error: Exception) -> Failed:
    detail = str(error).partition("\n")[0][:_LONGEST_DETAIL]
    if detail.startswith("InternalError: interrupted"):
        return Failed(Failure.TIME)
    if "out of memory" in detail:
        return Failed(Failure.MEMORY)
    return Failed(Failure.THREW, detail)


def _result(script: Script, said: dict[str, Any]) -> Result:
    match said:
        case {"truth": bool(holds)}:
            return Truth(holds)
        case {"said": str(text)}:
            fits = script.wanted is Wanted.MESSAGE or _FIT.fullmatch(text)
            return Said(text) if fits else Failed(Failure.NO_TEXT)
        case {"changed": dict(headers), "variables": str(variables)}:
            return _changed(script, headers, variables)
        case {"fault": str(fault)}:
            return Failed(Failure(fault))
        case _:
            return Failed(Failure.NO_TEXT)


def _changed(script: Script, headers: dict[str, str | None], variables: str) -> Result:
    for name, value in headers.items():
        if name not in script.headers:
            return Failed(Failure.HEADERS, name[:_LONGEST_DETAIL])
        if value is not None and (len(value) > LONGEST_TEXT or not _FIT.fullmatch(value)):
            return Failed(Failure.NO_TEXT, f"the header {name}")
    if len(variables) > LONGEST_TEXT:
        return Failed(Failure.NOT_JSON, "its variables are too long")
    return Changed(headers, variables)
