"""Path patterns of Express 4 (path-to-regexp 0.1): ``/users/:id``, ``/orders/*``, ``/star*``.

Matching ignores case and one trailing slash; ``:name`` is one segment, ``*`` is any text.
"""

import re
from dataclasses import dataclass

_SEGMENT_PARAMETER = re.compile(r":[A-Za-z0-9_]+$")
_SPECIAL = re.compile(r"[:*?+()\[\]]")
_TOKENS = re.compile(r":(?P<name>[A-Za-z0-9_]+)(?P<own>\([^()]*\))?(?P<optional>\?)?|(?P<star>\*)")


@dataclass(frozen=True, slots=True)
class ExactPath:
    """A whole path, lower case, no trailing slash; masked segments are written ``:``."""

    text: str
    mask: tuple[int, ...] = ()
    """Numbers of the masked segments, from 1."""


@dataclass(frozen=True, slots=True)
class PrefixPath:
    """What the path must begin with, lower case; masked segments are written ``:``."""

    text: str
    mask: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RegexPath:
    """A path that only a regular expression can describe."""

    source: str
    anchored: bool = True
    """Express patterns are anchored and ignore case; ``pathRegex`` is neither."""


PathShape = ExactPath | PrefixPath | RegexPath


def path_shape(pattern: str) -> PathShape:
    """The cheapest shape that means the same as the pattern."""
    stem = pattern[:-1] if pattern.endswith("*") else pattern
    segments = stem.lower().split("/")
    mask = tuple(at for at, segment in enumerate(segments) if _SEGMENT_PARAMETER.match(segment))
    literals = [segment for at, segment in enumerate(segments) if at not in mask]
    open_end = pattern.endswith("*") and segments and len(segments) - 1 in mask
    if open_end or any(_SPECIAL.search(segment) for segment in literals):
        return RegexPath(_express_regex(pattern))
    text = "/".join(":" if at in mask else segment for at, segment in enumerate(segments))
    if pattern.endswith("*"):
        return PrefixPath(text, mask)
    return ExactPath(text.rstrip("/"), mask)


def path_regex(shape: PathShape) -> tuple[str, bool]:
    """A regular expression over the path alone, and whether it ignores case."""
    match shape:
        case RegexPath(source, anchored=True):
            return f"^{source}$", True
        case RegexPath(source):
            return source, False
        case ExactPath(text):
            return f"^{_masked_regex(text)}/?$", True
        case PrefixPath(text):
            return f"^{_masked_regex(text)}", True


def _masked_regex(text: str) -> str:
    return "/".join("[^/]+" if part == ":" else re.escape(part) for part in text.split("/"))


def _express_regex(pattern: str) -> str:
    parts: list[str] = []
    at = 0
    for token in _TOKENS.finditer(pattern):
        parts.append(re.escape(pattern[at : token.start()]))
        parts.append(_token_regex(token))
        at = token.end()
    parts.append(re.escape(pattern[at:].rstrip("/")))
    return "".join(parts) + ("" if pattern.endswith("*") else "/?")


def _token_regex(token: re.Match[str]) -> str:
    if token["star"]:
        return ".*"
    one = f"(?:{token['own'][1:-1]})" if token["own"] else "[^/]+?"
    return f"(?:{one})?" if token["optional"] else one
