"""What ``rewrite`` does with what its condition found, as one regular expression and a text."""

import re
from dataclasses import dataclass
from typing import Literal

from ostiary.config.model.condition import AllOf, Condition, PathParameters, RegexpMatch
from ostiary.kernel.errors import OstiaryError

_PARAMETER = re.compile(r":(\w+)", re.ASCII)
_REFERENCE = re.compile(r"\$(?:(\$)|(&)|([1-9][0-9]?)|([`'<]))|\\")
_PLAIN = re.compile(r"[!\"$-~]+")


class NoRewrite(OstiaryError):
    """A rewrite that can't be done; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """``source`` is found in the path (``pathq``: and query), and ``text`` put in its place."""

    fetch: Literal["path", "pathq"]
    source: str
    text: str
    """With ``\\\\1`` for the first group, ``\\\\0`` for all that was found."""
    ignores_case: bool


def replacement_of(condition: Condition, rewrite: str) -> Replacement:
    """The replacement that a step's condition and its ``rewrite`` make. Raises NoRewrite."""
    if not _PLAIN.fullmatch(rewrite):
        raise NoRewrite("a path is ASCII without blanks and '#': percent-encode the rest")
    finds = [*_finds(condition)]
    if len(finds) != 1:
        raise NoRewrite("it needs one condition named pathmatch or regexpmatch")
    match finds[0]:
        case PathParameters(match=pattern):
            return _by_parameters(pattern, rewrite)
        case RegexpMatch(match=source):
            text = _REFERENCE.sub(lambda found: _reference(found, source), rewrite)
            return Replacement(fetch="pathq", source=source, text=text, ignores_case=False)


def _finds(condition: Condition) -> list[PathParameters | RegexpMatch]:
    """The conditions that find something, and are true whenever the whole is."""
    if isinstance(condition, AllOf):
        return [one for inner in condition.conditions for one in _finds(inner)]
    return [condition] if isinstance(condition, PathParameters | RegexpMatch) else []


def parameters_regex(pattern: str) -> str:
    """A pattern of ``pathmatch`` as an expression over the path, to be used ignoring case."""
    literal, parts = 0, []
    for found in _PARAMETER.finditer(pattern):
        parts += [re.escape(pattern[literal : found.start()]), "([^/]+)"]
        literal = found.end()
    return f"^{''.join(parts)}{re.escape(pattern[literal:].rstrip('/'))}/?$"


def _by_parameters(pattern: str, rewrite: str) -> Replacement:
    if not rewrite.startswith("/"):
        raise NoRewrite("the new path must begin with '/'")
    if "?" in rewrite:
        raise NoRewrite("the query stays as it is with pathmatch; use regexpmatch to change it")
    numbers = {name: at for at, name in enumerate(_PARAMETER.findall(pattern), 1)}

    def reference(found: re.Match[str]) -> str:
        if found[1] not in numbers:
            raise NoRewrite(f"nothing is named :{found[1]} in the condition")
        return f"\\{numbers[found[1]]}"

    text = _PARAMETER.sub(reference, rewrite.replace("\\", "\\\\"))
    return Replacement(fetch="path", source=parameters_regex(pattern), text=text, ignores_case=True)


def _reference(found: re.Match[str], source: str) -> str:
    """As ``String.prototype.replace`` reads them (ECMAScript 2023 section 22.1.3.19)."""
    if found[0] == "\\":
        return "\\\\"
    if found[1]:
        return "$"
    if found[2]:
        return "\\0"
    if found[4]:
        raise NoRewrite(f"{found[0]!r} isn't supported in rewrite")
    groups = re.compile(source).groups
    if len(found[3]) > 1:
        raise NoRewrite("only $1 to $9 are supported")
    if int(found[3]) > groups:
        raise NoRewrite(f"{found[0]} isn't found: the expression has {groups} groups")
    return f"\\{found[3]}"
