"""Many orders in one text: CSV with a heading line, or NDJSON; one certificate a line."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.ca.names import ATTRIBUTES
from ostiary.ca.signing import Purpose
from ostiary.kernel.errors import WrongUse
from ostiary.management.authority.orders import Order

MOST_ROWS = 1_000_000
_KEYS = ("name", "purpose", "san", "days", "csr", *(one for one in ATTRIBUTES if one != "CN"))
_LONGEST_LINE = 256 * 1024


class BadRows(WrongUse):
    """The file can't be read; nothing of it is used."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file."""

    line: int
    order: Order


def read_rows(text: str, usual: Purpose, csr_of: Callable[[str], bytes]) -> tuple[Row, ...]:
    """All lines, or BadRows for the first that can't be read, with its number.

    Keys are ``name``, ``purpose`` (client or server; else ``usual``), ``san`` (in CSV with spaces
    between several), ``days``, ``csr``, and of the subject ``O``, ``OU`` and the like. ``csr_of``
    makes the request of what stands under ``csr``, and may raise WrongUse.
    """
    parse = _from_json if text.lstrip()[:1] == "{" else _from_csv
    found: list[Row] = []
    for line, values in parse(text):
        if len(found) == MOST_ROWS:
            raise BadRows(f"more than {MOST_ROWS} lines (give several files)")
        try:
            found.append(Row(line, _order(values, usual, csr_of)))
        except WrongUse as error:
            raise BadRows(f"line {line}: {error}") from error
    if not found:
        raise BadRows("there are no certificates to issue in it")
    return tuple(found)


def _from_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if "name" not in (reader.fieldnames or ()):
            raise BadRows("line 1: the heading has no column 'name' (write a heading line)")
        for values in reader:
            if None in values or None in values.values():
                raise BadRows(f"line {reader.line_num}: not as many columns as the heading has")
            yield reader.line_num, values
    except csv.Error as error:
        raise BadRows(f"line {reader.line_num}: {error}") from error


def _from_json(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            raise BadRows(f"line {number} is longer than {_LONGEST_LINE} characters")
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadRows(f"line {number} is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise BadRows(f"line {number} is not a JSON object")
        yield number, values


def _order(values: Mapping[str, Any], usual: Purpose, csr_of: Callable[[str], bytes]) -> Order:
    unknown = [key for key in values if key not in _KEYS]
    if unknown:
        raise BadRows(f"unknown key {unknown[0]!r} (known: {', '.join(_KEYS)})")
    csr = _text(values, "csr")
    return Order(
        name=_text(values, "name"),
        purpose=_purpose(_text(values, "purpose"), usual),
        attributes={key: value for key in ATTRIBUTES if (value := _text(values, key))},
        alternatives=tuple(_several(values.get("san"))),
        days=_days(values.get("days")),
        request=csr_of(csr) if csr else None,
    )


def _text(values: Mapping[str, Any], key: str) -> str:
    found = values.get(key)
    if found is None:
        found = ""
    if not isinstance(found, str):
        raise BadRows(f"{key} is not a text")
    return found if key == "csr" else found.strip()


def _purpose(text: str, usual: Purpose) -> Purpose:
    try:
        return Purpose(text) if text else usual
    except ValueError as error:
        raise BadRows(f"purpose is {text!r} (write client or server)") from error


def _several(value: object) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    if value is None or isinstance(value, str):
        return (value or "").split()
    raise BadRows("san is neither a text nor a list of texts")


def _days(value: object) -> int | None:
    if value is None or value == "":
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and 0 < len(text) < 7):
        raise BadRows(f"days is {value!r} (write a number)")
    if int(text) < 1:
        raise BadRows("days is 0 (write at least 1)")
    return int(text)
