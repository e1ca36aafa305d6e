"""YAML text to a tree with places; total and bounded, nothing in the text is ever run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from ostiary.config.text.building import MAX_NODES, Builder, Stop, at_start, place
from ostiary.config.text.environment import MASKED, mask
from ostiary.config.text.mistakes import explain
from ostiary.config.text.tree import Table
from ostiary.kernel.problems import Position, Problem

MAX_CHARACTERS = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_REPAIRS = 50
# YAML 1.2 section 5.1, c-printable; PyYAML refuses the same.
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """The tree as far as it could be read, with everything found on the way."""

    tree: Table | None
    problems: tuple[Problem, ...]


def read(text: str, file: str, environ: Mapping[str, str]) -> Reading:
    """Read the text; never raises, whatever the text is."""
    text = text.removeprefix("\ufeff")
    problems: list[Problem] = []
    try:
        _refuse_unreadable(text, file)
        events = _events_mended(mask(text), file, problems)
        builder = Builder(events, file, environ, problems)
        return Reading(builder.document(), tuple(problems))
    except Stop as stop:
        return Reading(None, (*problems, stop.problem))


def events_of(text: str) -> list[yaml.Event]:
    """The events of a text that ``read`` found no fault with, and their places in it."""
    return _events(mask(text), "")


def _refuse_unreadable(text: str, file: str) -> None:
    start = Position(file, 1, 1)
    if len(text) > MAX_CHARACTERS:
        raise Stop(Problem(position=start, path="", message="the file is larger than 10 MB"))
    found = _UNPRINTABLE.search(text) or MASKED.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        message = f"the character U+{ord(found.group()):04X} isn't allowed in YAML"
        raise Stop(Problem(position=Position(file, line, column), path="", message=message))


def _events_mended(text: str, file: str, problems: list[Problem]) -> list[yaml.Event]:
    """Parse; a known mistake is reported and mended, so that the rest is looked at too."""
    for _ in range(MAX_REPAIRS):
        try:
            return _events(text, file)
        except yaml.YAMLError as error:
            explained = explain(text, error, file)
        except (ValueError, OverflowError) as error:
            # PyYAML lets chr() of an impossible \U escape, or int() of a huge %YAML, fall through.
            raise Stop(at_start(file, f"this isn't valid YAML: {error}")) from error
        problems.extend(explained.problems)
        if explained.mended is None:
            break
        text = explained.mended
    raise Stop(problems.pop())


def _events(text: str, file: str) -> list[yaml.Event]:
    """Return the parse events, from libyaml where it is (20 times faster), else from Python.

    Errors always come from the Python parser, so that the words don't depend on the machine.
    """
    if yaml.__with_libyaml__:
        try:
            return list(_bounded(yaml.parse(text, Loader=yaml.CSafeLoader), file))
        except (yaml.YAMLError, ValueError):
            pass
    return list(_bounded(yaml.parse(text, Loader=yaml.SafeLoader), file))


def _bounded(events: Iterator[yaml.Event], file: str) -> Iterator[yaml.Event]:
    depth = 0
    for count, event in enumerate(events):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise Stop(Problem(position=place(file, event), path="", message=message))
        if count > 3 * MAX_NODES:
            raise Stop(at_start(file, f"more than {MAX_NODES} values"))
        yield event
