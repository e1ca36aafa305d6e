"""Whether a script can be read at all, told without running it."""

import re

import _quickjs  # type: ignore[import-not-found]  # has no types

from ostiary.scripts.model import Script

_MEMORY = 32 * 1024 * 1024
_SECONDS = 1.0
_STACK = 512 * 1024
_PLACE = re.compile(r"<input>:(\d+):(\d+)")
_STOP = "throw 0;"
"""Nothing of a script runs before all of it was read (ECMAScript 2023 section 16.1.4): what stands
at its beginning keeps the rest from running."""


def syntax_fault(script: Script) -> str:
    """Why JavaScript can't read the script, with line and column in it; empty where it can."""
    context = _quickjs.Context()
    context.set_memory_limit(_MEMORY)
    context.set_time_limit(_SECONDS)
    context.set_max_stack_size(_STACK)
    try:
        context.eval(_STOP + script.code)
    except _quickjs.StackOverflow:
        return "it is nested too deeply"
    except _quickjs.JSException as error:
        text = str(error)
        if not text.startswith(("SyntaxError", "InternalError")):
            return ""
        return _placed(text, len(_STOP) + script.template)
    except UnicodeError:
        return "it holds what is no text"
    return ""


def _placed(text: str, shift: int) -> str:
    said = text.splitlines()[0].partition(": ")[2]
    found = _PLACE.search(text)
    if found is None:
        return said
    line, column = int(found[1]), int(found[2])
    if line == 1:
        column = max(1, column - shift)
    return f"{said} (line {line}, column {column})"
