"""Patterns of ``hostMatch``: the signs of minimatch 3 that hosts are written with.

``*`` is any text, ``?`` one character, ``[a-c]`` one of these, ``[!a]`` any other, and ``{a,b}``
either.
"""

import re

from ostiary.kernel.errors import OstiaryError

_MOST = 64
"""Patterns that braces may come to."""
_CLASS = re.compile(r"\[!?[A-Za-z0-9_.:](?:-[A-Za-z0-9])?(?:[A-Za-z0-9_.:](?:-[A-Za-z0-9])?)*\]")
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]")
_INNERMOST = re.compile(r"\{([^{}]*)\}")


class NoHostPattern(OstiaryError):
    """A pattern that can't be used; the message says why."""


def host_regex(pattern: str) -> str:
    """The pattern as an anchored regular expression. Raises NoHostPattern.

    As in minimatch, no sign stands for a dot at the very beginning.
    """
    found = [_one(each) for each in _expanded(pattern)]
    return found[0] if len(found) == 1 else "|".join(found)


def _expanded(pattern: str) -> list[str]:
    """Braces multiplied out, from the innermost ones on."""
    waiting, done = [pattern], []
    while waiting:
        each = waiting.pop()
        braces = _INNERMOST.search(each)
        if braces is None:
            done.append(each)
            continue
        if "," not in braces[1]:
            raise NoHostPattern(f"{braces[0]} isn't a choice: write {{a,b}}")
        parts = braces[1].split(",")
        waiting += [f"{each[: braces.start()]}{part}{each[braces.end() :]}" for part in parts]
        if len(waiting) + len(done) > _MOST:
            raise NoHostPattern(f"its braces come to more than {_MOST} patterns")
    return sorted(set(done))


def _one(pattern: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        several = _CLASS.match(pattern, at)
        if several:
            parts.append(_class(several[0]))
            at = several.end()
            continue
        if sign not in "*?" and not _PLAIN.match(sign):
            raise NoHostPattern(f"{sign!r} isn't supported here")
        parts.append({"*": ".*", "?": "."}.get(sign, re.escape(sign)))
        at += 1
    ahead = r"(?!\.)" if pattern[:1] in ("*", "?", "[") else ""
    return f"^{ahead}{''.join(parts)}$"


def _class(text: str) -> str:
    inner = text[1:-1]
    for low, high in re.findall(r"(\w)-(\w)", inner):
        if low > high:
            raise NoHostPattern(f"{text} is the wrong way round")
    return f"[^{inner[1:]}]" if inner.startswith("!") else text
