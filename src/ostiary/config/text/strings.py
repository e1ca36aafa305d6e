"""Characters that no string of the document may hold."""

import re
from collections.abc import Iterator

from ostiary.config.text.tree import Leaf, Row, Table, Tree
from ostiary.kernel.problems import Position, Problem

# C0, DEL, C1, line and paragraph separators, lone surrogates: none has a place in a setting, and
# each could end a line of the engine's configuration, a header or a log.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNFIT_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CRL = "https.options.crl"
_SCRIPTS = (".jscode", ".condition.expression", "].expression")
"""Where the paths of scripts end. They have lines, too, and go to nobody but their own engine."""


def unfit_strings(tree: Tree) -> Iterator[Problem]:
    """Yield a problem for each key or value with control characters; PEM of ``crl`` and
    scripts have lines."""
    match tree:
        case Leaf(value=str() as text):
            is_pem = tree.path.startswith(_CRL) and "-----BEGIN" in text
            lines = is_pem or tree.path.endswith(_SCRIPTS)
            yield from _unfit(text, tree.path, tree.at, _UNFIT_IN_LINES if lines else _UNFIT)
        case Row():
            for item in tree.items:
                yield from unfit_strings(item)
        case Table():
            for key, value in tree.entries.items():
                yield from _unfit(key, tree.path, value.key_at or tree.at, _UNFIT)
                yield from unfit_strings(value)
        case _:
            return


def _unfit(text: str, path: str, at: Position, pattern: re.Pattern[str]) -> Iterator[Problem]:
    found = pattern.search(text)
    if found is None:
        return
    if "-----BEGIN" in text:
        message = "holds PEM text where a file name is expected"
        yield Problem(position=at, path=path, message=message, way_out="put it into a file")
        return
    code = f"U+{ord(found.group()):04X}"
    name = {"U+000A": "a line break", "U+0000": "NUL"}.get(code, f"the control character {code}")
    message = f"holds {name}, which no setting may"
    yield Problem(position=at, path=path, message=message, way_out="remove it")
