"""One quoting function per place a value can stand in HAProxy's files (manual, section 2.2).

Names and texts of the operator are data: they pass through here or they do not reach a file.
"""

from ostiary.kernel.errors import OstiaryError


class Unquotable(OstiaryError):
    """A value that can't be written safely: it holds a control character, or a space in a token."""


def _refuse_controls(value: str) -> None:
    for position, char in enumerate(value):
        if ord(char) < 0x20 or ord(char) == 0x7F:
            raise Unquotable(f"control character U+{ord(char):04X} at position {position}")


def word(value: str) -> str:
    """One word of a configuration line, in strong quotes, where nothing is expanded."""
    _refuse_controls(value)
    return "'" + value.replace("'", "'\\''") + "'"


def regex(source: str) -> str:
    """A regular expression as the pattern of a condition in braces, after ``--``.

    HAProxy looks for the closing brace when the words are unquoted already, and takes an empty
    word for the end of the line: these two are written in another way that means the same.
    """
    return word({"": "(?:)", "}": "[}]"}.get(source, source))


def argument(value: str) -> str:
    """One argument of a sample expression, as ``conv(<argument>)``; wrap the whole in ``word``.

    Arguments are parsed a second time, with the same quoting rules, after the word was unquoted.
    """
    _refuse_controls(value)
    return "'" + value.replace("'", "'\\''") + "'"


def log_text(value: str) -> str:
    """Literal text inside a log-format string (``lf-string``, ``log-format``); wrap in ``word``."""
    _refuse_controls(value)
    return value.replace("%", "%%")


def token(value: str) -> str:
    """A key in a map or a file name in a crt-list: these files know no quotes at all."""
    _refuse_controls(value)
    if not value or any(char.isspace() for char in value) or value.startswith("#"):
        raise Unquotable(f"{value!r} can't be a single token")
    return value


def map_value(value: str) -> str:
    """The value column of a map: the rest of the line, without surrounding space."""
    _refuse_controls(value)
    if value != value.strip():
        raise Unquotable(f"{value!r} has space at an end")
    return value
