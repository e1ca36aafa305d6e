"""What a scalar means: YAML 1.2's core schema, as the files of Express Gateway were read.

``on``, ``yes`` and ``12:30`` stay text (YAML 1.1 makes them booleans and numbers), dates stay text.
"""

import re

_STANDARD = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_BASED = re.compile(r"0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30}|[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?"
)
_REGEXP = re.compile(r"/(.*)/([gim]*)", re.DOTALL)

RESOLVED_TAGS = frozenset(_STANDARD + name for name in ("int", "float", "bool", "null"))
TEXT_TAGS = frozenset({_STANDARD + "str", "!"})
REGEXP_TAG = _STANDARD + "js/regexp"
"""As js-yaml 3 has it, the reader of Express Gateway."""
COLLECTION_TAGS = frozenset({_STANDARD + "map", _STANDARD + "seq", "!"})


def resolve(text: str) -> str | int | float | bool | None:
    """Return the value of a plain (unquoted) scalar."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text)


def _number(text: str) -> str | int | float:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    # A leading zero is octal to some readers and decimal to others: such a word stays text.
    if _FLOAT.fullmatch(text) and not re.fullmatch(r"[-+]?0[0-9]+", text):
        return float(text)
    return text


def regexp_of(text: str) -> tuple[str, str]:
    """Return pattern and flags of ``/pattern/flags``; other text is a pattern as it stands."""
    written = _REGEXP.fullmatch(text)
    return (written[1], written[2]) if written else (text, "")


def refusal_of(tag: str) -> tuple[str, str]:
    """Return why a tag can't be used, and the way out."""
    name = tag.removeprefix(_STANDARD)
    shown = f"!!{name}" if tag.startswith(_STANDARD) else tag
    if name.startswith("js/function"):
        return f"{shown} would run code out of a configuration file", "remove it"
    return f"the tag {shown!r} isn't supported", "write the plain value"
