"""The door of this room: text in, a Document or every problem out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ostiary.config.checks import check
from ostiary.config.effective import Effective, Managed, effective
from ostiary.config.model.document import Document
from ostiary.config.report import extra_keys, is_about_extra_keys_only, problems_of
from ostiary.config.shape import SECTIONS, Shaper
from ostiary.config.text.reading import read
from ostiary.config.text.strings import unfit_strings
from ostiary.config.text.tree import PathPart, Places, Row, Table, Tree, plain
from ostiary.config.text.words import did_you_mean
from ostiary.kernel.problems import ConfigRefused, Problem, Severity
from ostiary.plugins.call import Inspect, Inspected, not_looked_at


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that can be used, what is doubtful about it, and where everything was written."""

    document: Document
    warnings: tuple[Problem, ...]
    places: Places
    managed: Managed
    """What is set beside the file."""
    effective: Effective
    """Client certificate authentication: the file and what is managed, put together."""
    draft: "Draft"

    def problem(
        self,
        path: tuple[PathPart, ...],
        message: str,
        way_out: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """Return a problem at a path of the document, such as ``("https", "tls", "a.example")``.

        Keys in camelCase or snake_case; it stands at the value, or at the nearest existing parent.
        A policy's steps are at ``("pipelines", name, "policies", 0, "steps", 0, "action", …)``.
        """
        return self.places.problem(path, message, way_out, severity)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that is typed, but not yet held against what is managed beside it."""

    document: Document
    places: Places
    problems: tuple[Problem, ...]
    """What was found so far; with an error among them ``checked`` refuses."""
    written: Table
    """The document in the form it was written in, before it got that of the models."""

    def checked(self, managed: Managed | None = None) -> Loaded:
        """Check the document as a whole, together with what is managed.

        Raises ConfigRefused with all problems (warnings too), in file order.
        """
        managed = managed or Managed()
        acts = effective(self.document, managed)
        found = check(self.document, self.places, acts)
        problems = _in_order([*self.problems, *_news(found, self.problems)])
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise ConfigRefused(problems)
        return Loaded(self.document, problems, self.places, managed, acts, self)


def load(
    text: str,
    file: str,
    environ: Mapping[str, str],
    managed: Managed | None = None,
    inspect: Inspect = not_looked_at,
) -> Loaded:
    """Read a configuration; ``file`` is only used to name places.

    ``inspect`` looks at the plug-ins that it names.

    Raises ConfigRefused with all problems (warnings too), in file order. Relative paths inside stay
    as written.
    """
    return draft(text, file, environ, inspect).checked(managed)


def draft(
    text: str, file: str, environ: Mapping[str, str], inspect: Inspect = not_looked_at
) -> Draft:
    """The first half of ``load``: what can be said of the text alone.

    Raises ConfigRefused where the text makes no document.
    """
    reading = read(text, file, environ)
    problems = list(reading.problems)
    if reading.tree is None:
        raise ConfigRefused(_in_order(problems))
    problems.extend(unfit_strings(reading.tree))
    shaper = Shaper()
    places = Places(shaper.document(reading.tree))
    problems.extend(shaper.problems)
    plugins = shaper.plugins
    found = inspect(tuple(plugins.packages), plugins.uses) if plugins.packages else Inspected()
    problems.extend(plugins.problems(found))
    document = _validated(places, problems, found)
    if document is None:
        raise ConfigRefused(_in_order(problems))
    return Draft(document, places, tuple(problems), reading.tree)


def _validated(places: Places, problems: list[Problem], found: Inspected) -> Document | None:
    """Return the document; where only unknown keys stand in the way, the document without them."""
    try:
        return _validate(places.root, found)
    except ValidationError as error:
        problems.extend(problems_of(error, places))
        if not is_about_extra_keys_only(error):
            return None
        unknown = {tree.path for tree in extra_keys(error, places)}
    if any(_is_like_a_section(path) for path in unknown):
        # Half the document is missing: whatever is found now would only follow from that.
        return None
    try:
        return _validate(_pruned(places.root, unknown), found)
    except ValidationError:
        return None


def _is_like_a_section(path: str) -> bool:
    return path.isalnum() and did_you_mean(path, SECTIONS).startswith("did you mean")


def _validate(tree: Tree, found: Inspected) -> Document:
    calls = dict(found.calls)
    return Document.model_validate(plain(tree), by_alias=True, by_name=False, context=calls)


def _pruned(tree: Tree, paths: set[str]) -> Tree:
    match tree:
        case Table():
            kept = {k: _pruned(v, paths) for k, v in tree.entries.items() if v.path not in paths}
            return Table(at=tree.at, key_at=tree.key_at, path=tree.path, entries=kept)
        case Row():
            items = tuple(_pruned(item, paths) for item in tree.items)
            return Row(at=tree.at, key_at=tree.key_at, path=tree.path, items=items)
        case _:
            return tree


def _news(found: Iterator[Problem], known: tuple[Problem, ...]) -> list[Problem]:
    """Leave out what only follows from a problem already told about the same place or inside it."""
    told = [problem.path for problem in known if problem.severity is Severity.ERROR]
    parents = {path.rpartition(".")[0] for path in told} - {""}
    return [
        problem
        for problem in found
        if problem.path not in parents
        and not (problem.severity is Severity.WARNING and _is_above(problem.path, told))
    ]


def _is_above(path: str, others: list[str]) -> bool:
    return any(other.startswith((f"{path}.", f"{path}[")) for other in others)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.position.line, p.position.column)))
