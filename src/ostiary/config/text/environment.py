"""Environment variables in the configuration: ``${NAME}`` and ``${NAME:-default}``.

Express Gateway replaces them in the raw text before YAML is read, comments and all. Here they are
replaced in each scalar after YAML was read, so a value can never add keys, quotes or list items.
What an operator writes means the same, with two differences: an unset variable inside a longer or
quoted text is a problem (there it became the text ``null``), and an empty default inside a longer
text inserts nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# The expression of Express Gateway 1.16: a second dollar sign in front means "leave it".
_VARIABLE = re.compile(r"\$?\$\{([A-Za-z0-9_]+)(:-(.*?))?\}")

# While YAML is read, the characters of a variable stand here: its braces are no YAML.
_MASK_START = 0x100000
MASKED = re.compile("[\U00100000-\U0010007f]")


def mask(text: str) -> str:
    """Hide every variable from YAML, character by character, so that places stay what they are.

    ``{port: ${PORT}}`` can be read only so. Raises nothing; the text must hold no MASKED character.
    """
    table = {code: code + _MASK_START for code in range(0x80)}
    return _VARIABLE.sub(lambda match: match.group().translate(table), text)


def unmask(text: str) -> str:
    """Undo ``mask``."""
    return text.translate({code + _MASK_START: code for code in range(0x80)})


@dataclass(frozen=True, slots=True)
class Expanded:
    """A scalar's text after substitution."""

    text: str | None
    """None when the whole text was one variable without a value."""
    missing: tuple[str, ...]
    """Variables that are neither set nor have a default."""
    touched: bool
    """Whether anything was replaced."""


def expand(text: str, environ: Mapping[str, str]) -> Expanded:
    """Replace the variables of one scalar, once (a value is never expanded again)."""
    whole = _VARIABLE.fullmatch(text)
    if whole is not None and not text.startswith("$$"):
        return _alone(whole, environ)
    missing: list[str] = []
    touched = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal touched
        if match.group().startswith("$$"):
            return match.group()
        touched = True
        name, has_default, default = match.groups()
        if name not in environ and has_default is None:
            missing.append(name)
        return environ.get(name, default or "")

    result = _VARIABLE.sub(replaced, text)
    return Expanded(result, tuple(missing), touched)


def _alone(match: re.Match[str], environ: Mapping[str, str]) -> Expanded:
    name, has_default, default = match.groups()
    if name in environ:
        return Expanded(environ[name], (), touched=True)
    missing = (name,) if has_default is None else ()
    # Express Gateway: an empty default is no value at all, like none given.
    return Expanded(default or None, missing, touched=True)
