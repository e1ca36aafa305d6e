"""YAML that can't be read, explained: what people paste, and how to mend it.

Blog posts about Express Gateway print JSON-style snippets that end in ``},`` and diffs with ``-``
and ``+`` in the first column. Both are refused, but by name and with the place; the mended text
lets the reader go on and find everything else that is wrong.
"""

import re
from dataclasses import dataclass

import yaml

from ostiary.config.text.environment import unmask
from ostiary.kernel.problems import Position, Problem

_DIFF_LINE = re.compile(r"([+-])\s*[\"'\w][^:]*:")
_SENTENCE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the text couldn't be read; ``mended`` is the text to go on with, None to stop."""

    problems: tuple[Problem, ...]
    mended: str | None


def explain(text: str, error: yaml.YAMLError, file: str) -> Explained:
    """Put a YAML error into words, and mend what is known."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return Explained((_problem(file, 0, 0, _words(error)),), None)
    marked = text[mark.index : mark.index + 1]
    lines = _diff_lines(text, mark.line)
    if lines:
        return _diff(text, lines, file)
    if marked == ",":
        return _comma(text, mark.index, _problem_at(file, mark), _before(text, mark.index))
    if marked == "\t":
        problem = _problem(
            file, mark.line, mark.column, "a tab can't indent YAML", "use spaces instead"
        )
        return Explained((problem,), None)
    return Explained((_problem(file, mark.line, mark.column, _words(error)),), None)


def _comma(text: str, index: int, position: Position, before: str) -> Explained:
    what = {"}": "the closing brace", "]": "the closing bracket"}.get(before, f"{before!r}")
    message = "a stray comma" if not before else f"a comma after {what} isn't allowed here"
    problem = Problem(position=position, path="", message=message, way_out="remove the comma")
    return Explained((problem,), text[:index] + " " + text[index + 1 :])


def _before(text: str, index: int) -> str:
    return text[max(0, index - 200) : index].rstrip()[-1:]


def _diff_lines(text: str, failing: int) -> list[int]:
    """Numbers (from 0) of the lines that carry a diff marker, as far as that is beyond doubt."""
    lines = text.splitlines()
    signs = {
        number: found.group(1)
        for number, line in enumerate(lines)
        if (found := _DIFF_LINE.match(line))
    }
    added = {number for number, sign in signs.items() if sign == "+"}
    # A '-' in the first column is also a YAML list item: only beside a '+' or where reading failed
    # inside braces is it a marker for sure.
    marked = set(added)
    grown = True
    while grown:
        near = {n for n in signs if n not in marked and (n - 1 in marked or n + 1 in marked)}
        marked |= near
        grown = bool(near)
    if not marked and signs.get(failing) == "-" and _in_braces(lines[:failing]):
        marked = {failing}
    return sorted(marked)


def _in_braces(lines: list[str]) -> bool:
    before = "\n".join(lines)
    return before.count("{") > before.count("}")


def _diff(text: str, numbers: list[int], file: str) -> Explained:
    lines = text.splitlines(keepends=True)
    problems = []
    for number in numbers:
        sign = lines[number][0]
        advice = "delete this line" if sign == "-" else "delete the '+'"
        message = f"the {sign!r} in the first column is a diff marker, not configuration"
        problems.append(_problem(file, number, 0, message, advice))
        ending = lines[number][len(lines[number].rstrip("\r\n")) :]
        lines[number] = ending if sign == "-" else " " + lines[number][1:]
    return Explained(tuple(problems), "".join(lines))


def _words(error: yaml.YAMLError) -> str:
    context = getattr(error, "context", None)
    problem = getattr(error, "problem", None) or str(error)
    told = f"{context}, {problem}" if context else problem
    return f"this isn't valid YAML: {_SENTENCE.sub(' ', unmask(told))}"


def _problem_at(file: str, mark: yaml.Mark) -> Position:
    return Position(file, mark.line + 1, mark.column + 1)


def _problem(file: str, line: int, column: int, message: str, way_out: str = "") -> Problem:
    position = Position(file, line + 1, column + 1)
    return Problem(position=position, path="", message=message, way_out=way_out)
