"""The configuration for Ostiary: the same text, with what must differ changed and marked.

Comments, order and ``${NAME}`` stay, since lines are changed and nothing is written anew. What
can't be honoured is left as it is under a remark, so that ``ostiary check`` refuses it until
somebody has decided: nothing is dropped silently that was ever obeyed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ostiary.config.text.reading import read
from ostiary.config.text.tree import Leaf, Plain, Row, Table, Tree
from ostiary.migration.configuration import Judged
from ostiary.migration.findings import Finding, Verdict
from ostiary.migration.units import relative_names

REMARK = "# import:"
"""What each remark begins with."""
TO_DO = f"{REMARK} to do:"
"""The same where something is left to be decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The new text, and what is still to be done by hand."""

    text: str
    remarks: int
    """Places that can't be as they are; each has a remark above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """What is done to one line; lines count from 1."""

    path: str
    line: int
    through: int = 0
    """Last line that becomes a comment; 0: none does."""
    column: int = 0
    """Where ``inserted`` goes, from 1; 0: nowhere."""
    inserted: str = ""
    remark: str
    """For people: above the line, once it is done."""
    to_do: str = ""
    """What is to be done by hand, where nothing is done here; empty where that is the remark."""

    @property
    def is_done(self) -> bool:
        """Whether it leaves nothing to be done by hand."""
        return bool(self.through or self.column)


def rewrite(
    judged: Judged, text: str, environ: Mapping[str, str], *, source: str, prefix: str
) -> Rewritten:
    """The text for Ostiary.

    ``prefix`` leads from the folder of the new file to the folder in which Express Gateway was
    started, and ends with a slash; empty where they are the same. Where a remark in its place would
    change the meaning of the text, all remarks stand at its beginning.
    """
    text = text.removeprefix("\ufeff")
    # JSON may be indented by tabs, YAML may not (YAML 1.2 section 6.1).
    spaced = text.replace("\t", " ") if text.lstrip().startswith("{") else text
    lines = spaced.splitlines()
    edits = list(dict.fromkeys(_edits(judged, lines, prefix)))
    head = _comment("", REMARK, f"made of {source} by 'ostiary import express-gateway'") + "\n"
    mended = head + _applied(lines, edits)
    if _means(mended, judged, edits, environ):
        return Rewritten(text=mended, remarks=sum(not one.is_done for one in edits))
    remarks = [_comment("", TO_DO, f"line {one.line}: {one.to_do or one.remark}") for one in edits]
    whole = head + "\n".join([*remarks, *text.splitlines()]) + "\n"
    return Rewritten(text=whole, remarks=len(remarks))


def _edits(judged: Judged, lines: list[str], prefix: str) -> Iterator[_Edit]:
    for one in judged.findings:
        if one in judged.unknown:
            yield _Edit(
                path=one.path,
                line=one.position.line,
                through=_end_of_block(lines, one),
                remark=one.message,
                to_do=_words(one),
            )
        elif one.verdict is Verdict.IMPOSSIBLE:
            yield _Edit(path=one.path, line=one.position.line, remark=_words(one))
    for leaf in relative_names(judged.tree) if prefix and judged.tree else ():
        yield _Edit(
            path=leaf.path,
            line=leaf.at.line,
            column=leaf.at.column,
            inserted=prefix,
            remark=f"{leaf.path}: from the folder of this file, no more of the process",
            to_do=f"{leaf.path}: write {prefix} in front of the name",
        )


def _words(one: Finding) -> str:
    end = f" ({one.way_out})" if one.way_out else ""
    return f"{one.verdict.value}: {one.path}: {one.message}{end}"


def _comment(indent: str, sign: str, words: str) -> str:
    """One line, whatever the words are: a line break in a key must not end the comment."""
    fit = "".join(one if one.isprintable() else " " for one in words)
    return f"{indent}{sign} {fit}"


def _applied(lines: list[str], edits: Iterable[_Edit]) -> str:
    remarks: dict[int, list[tuple[str, str]]] = {}
    gone: set[int] = set()
    changed = list(lines)
    # From the right: what stands to the left keeps its column.
    for edit in sorted(edits, key=lambda one: (one.line, one.column), reverse=True):
        done, left = (REMARK, edit.remark), (TO_DO, edit.to_do or edit.remark)
        remarks.setdefault(edit.line, []).append(done if edit.is_done else left)
        gone.update(range(edit.line, edit.through + 1) if edit.through else ())
        if edit.column:
            line = changed[edit.line - 1]
            at = edit.column - 1
            at += line[at : at + 1] in {'"', "'"}
            changed[edit.line - 1] = line[:at] + edit.inserted + line[at:]
    made: list[str] = []
    for number, line in enumerate(changed, 1):
        indent = line[: len(line) - len(line.lstrip())]
        made += [_comment(indent, *one) for one in reversed(remarks.get(number, []))]
        made.append(f"{indent}# {line.lstrip()}" if number in gone else line)
    return "\n".join(made) + "\n"


def _end_of_block(lines: list[str], one: Finding) -> int:
    """The last line of a key that stands alone at the beginning of its line; 0 for others."""
    line = lines[one.position.line - 1]
    indent = one.position.column - 1
    if line[:indent].strip() or line.rstrip().endswith(("{", "[", ",")):
        return 0
    last = one.position.line
    for number, other in enumerate(lines[last:], last + 1):
        stripped = other.lstrip()
        if not stripped:
            continue
        depth = len(other) - len(stripped)
        # A list may stand as far to the left as its key.
        if depth < indent or (depth == indent and not stripped.startswith("- ")):
            break
        last = number
    return last


def _means(text: str, judged: Judged, edits: Iterable[_Edit], environ: Mapping[str, str]) -> bool:
    """Whether a text says what the old one said, less what was ignored, with other file names."""
    tree = read(text, "", environ).tree
    if tree is None or judged.tree is None:
        return False
    moved = {one.path: one.inserted for one in edits if one.column}
    gone = frozenset(one.path for one in edits if one.through)

    def wanted(leaf: Leaf) -> Plain:
        return f"{moved[leaf.path]}{leaf.value}" if leaf.path in moved else leaf.value

    return _values(tree, frozenset(), lambda leaf: leaf.value) == _values(judged.tree, gone, wanted)


def _values(tree: Tree, gone: frozenset[str], value: Callable[[Leaf], Plain]) -> Plain:
    """Plain values; an empty mapping and null are the same, as in Express Gateway."""
    match tree:
        case Table(entries=entries):
            kept = {k: _values(v, gone, value) for k, v in entries.items() if v.path not in gone}
            return kept or None
        case Row(items=items):
            return [_values(one, gone, value) for one in items]
        case Leaf():
            return value(tree)
