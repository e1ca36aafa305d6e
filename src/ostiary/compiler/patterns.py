"""Path patterns of Express 4 (path-to-regexp 0.1): ``/users/:id``, ``/orders/*``, ``/star*``.

Matching ignores case and one trailing slash; ``:name`` is one segment or a part of one, ``*`` is
any text, and ``:name*`` is a segment and all below it.
"""

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r":[A-Za-z0-9_]+")
_SPECIAL = re.compile(r"[:*]")
_TOKEN = re.compile(r"(?P<ahead>[/.])?:(?P<name>[A-Za-z0-9_]+)(?P<deep>\*)?|(?P<star>\*)")


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
    segments = pattern.removesuffix("*").lower().split("/")
    mask = tuple(at for at, segment in enumerate(segments) if _PARAMETER.fullmatch(segment))
    literals = [segment for at, segment in enumerate(segments) if at not in mask]
    deep = pattern.endswith("*") and len(segments) - 1 in mask
    if deep or any(_SPECIAL.search(segment) for segment in literals):
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
    for token in _TOKEN.finditer(pattern):
        behind = re.escape(pattern[at : token.start()])
        parts += [behind, _token_regex(token, behind)]
        at = token.end()
    return "".join(parts) + re.escape(pattern[at:].rstrip("/")) + "/?"


def _token_regex(token: re.Match[str], behind: str) -> str:
    """One token; ``behind`` is the text since the last one, which a name in mid-segment excludes.

    As path-to-regexp 0.1.13 has it: in ``/:a-:b`` the second name holds no ``-``, and after a dot
    a name holds none.
    """
    if token["star"]:
        return ".*"
    ahead = token["ahead"] or ""
    stops = "/." if ahead == "." else "/"
    one = f"(?:(?!/|{behind}).)+?" if behind and not ahead else f"[^{stops}]+?"
    return re.escape(ahead) + one + (f"(?:[{stops}].+?)?" if token["deep"] else "")
