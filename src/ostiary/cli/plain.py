"""Foreign text made harmless: what a terminal would obey is shown as an escape instead.

Names in certificates, notes, paths of requests: all of it was written by somebody else.
"""

import json
import re

_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")


def plain(text: str) -> str:
    r"""The text on one line; control characters, bidirectional overrides and the like as escapes.

    >>> plain("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def json_text(value: object, indent: int | None = 2) -> str:
    """A JSON document; people's letters stay readable, all else that isn't ASCII is escaped."""
    return _UNUSUAL.sub(
        lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1],
        json.dumps(value, indent=indent, ensure_ascii=False),
    )


def _escaped(one: str) -> str:
    return one.encode("unicode_escape", "backslashreplace").decode("ascii")
