"""Whether a script can be read at all, told without running it."""

import re
from functools import cache

import _quickjs  # type: ignore[import-not-found]  # has no types

from ostiary.scripts.model import Script
from ostiary.scripts.vocabulary import GLOBALS

_MEMORY = 32 * 1024 * 1024
_SECONDS = 1.0
_STACK = 512 * 1024
_PLACE = re.compile(r"<input>:(\d+):(\d+)")
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_INSERTED = re.compile(r"\$\{([^{}]*)\}")
_DECLARES = re.compile(r"=>|\b(?:var|let|const|function|class|catch|import)\b|(?<![=!<>])=(?!=)|/")
"""Also where a regular expression may stand: what is in it are no names."""
_NAME = re.compile(r"(?<![\w$.])(?<!\?\.)(?<!typeof )([A-Za-z_$][\w$]*)(?![\w$]|\s*:)")
_WORDS = (
    *("typeof", "instanceof", "in", "new", "void", "delete", "this", "null", "true", "false"),
    *("if", "else", "return", "switch", "case", "default", "throw", "try", "for", "while", "do"),
    *("of", "break", "continue", "async", "await", "yield", "finally"),
)
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


def undeclared_names(script: Script) -> tuple[str, ...]:
    """Names in a script that nobody has given a meaning, as far as that can be told.

    A script that declares anything of its own is believed.
    """
    plain = _TEXT.sub("0", script.source)
    if script.template:
        plain = " ".join(found[1] for found in _INSERTED.finditer(script.source))
        plain = _TEXT.sub("0", plain)
    if _DECLARES.search(plain) or "`" in plain:
        return ()
    known = {*GLOBALS, *_WORDS, *_built_in()}
    names = (found[1] for found in _NAME.finditer(plain))
    return tuple(dict.fromkeys(name for name in names if name not in known))


@cache
def _built_in() -> frozenset[str]:
    """The names that JavaScript itself has."""
    names = _quickjs.Context().eval("Object.getOwnPropertyNames(globalThis).join()")
    return frozenset(names.split(","))


def _placed(text: str, shift: int) -> str:
    said = text.splitlines()[0].partition(": ")[2]
    found = _PLACE.search(text)
    if found is None:
        return said
    line, column = int(found[1]), int(found[2])
    if line == 1:
        column = max(1, column - shift)
    return f"{said} (line {line}, column {column})"
