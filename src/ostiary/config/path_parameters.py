"""``req.params``: what a path of an API endpoint finds in the path of a request.

As Express 4 (path-to-regexp 0.1.13) has it: ``:name`` is a segment, ``*`` any text, by the name 0.
Patterns with more in them (``/:a-:b``, ``/:name*``) aren't taken apart here, nor those with two
``*``: a client's path could take long.
"""

import re
from binascii import unhexlify
from functools import lru_cache

_PERCENT = re.compile(rb"(?s)%(..|.?)")
_SEGMENT = re.compile(r":([A-Za-z0-9_]+)|([^:*]*)(\*)?")


def has_parameters(pattern: str) -> bool:
    """Whether it is known what the pattern finds."""
    return _compiled(pattern) is not None


def parameters_of(pattern: str, path: str) -> dict[str, str] | None:
    """The parameters, percent-decoded; ``path`` is ASCII, without a query.

    None where they aren't known: the pattern has other forms, or a value is badly encoded.
    """
    compiled = _compiled(pattern)
    found = compiled and compiled[0].fullmatch(path)
    if compiled is None or found is None:
        return None
    try:
        values = [_decoded(one) for one in found.groups()]
    except ValueError:
        return None
    return dict(zip(compiled[1], values, strict=True))


def _decoded(text: str) -> str:
    """As ``decodeURIComponent`` (ECMAScript 2023 section 19.2.6); raises ValueError."""
    return _PERCENT.sub(lambda found: unhexlify(found[1] or b"%"), text.encode()).decode()


@lru_cache(4096)
def _compiled(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]] | None:
    names: list[str] = []
    parts: list[str] = []
    for segment in pattern.split("/"):
        found = _SEGMENT.fullmatch(segment)
        if found is None:
            return None
        if found[1]:
            parts.append("([^/]+?)")
            names.append(found[1])
            continue
        parts.append(re.escape(found[2]) + ("(.*)" if found[3] else ""))
        names += ["0"] if found[3] else []
    if not pattern or len(set(names)) < len(names) or "__proto__" in names:
        return None
    source = "/".join(parts).removesuffix("/") + "/?"
    return re.compile(source, re.IGNORECASE | re.ASCII), tuple(names)
