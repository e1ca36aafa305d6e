"""Values that policies share: expressions, template strings, names of headers and parameters."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from ostiary.config.expression.parsing import (
    SUPPORTED,
    NotSupported,
)
from ostiary.config.expression.parts import Expression, Text
from ostiary.config.expression.scripts import read_expression, read_template
from ostiary.config.model.base import FRAMING, TOKEN, Unfit, Wrong
from ostiary.scripts.model import Wanted

# RFC 3986 section 2.3: what can't be written in another way.
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{1,128}")


def _script(value: str) -> str:
    _ascii(_understood(lambda: read_expression(value), value))
    return value


def _template(value: str) -> str:
    _understood(lambda: read_template(value), value)
    return value


def _address(value: str) -> str:
    _ascii(_understood(lambda: read_template(value, Wanted.TEXT), value))
    return value


def _understood(parse: Callable[[], Expression], value: str) -> Expression:
    try:
        return parse()
    except NotSupported as error:
        bare = re.fullmatch(r"[\w ./:;,-]+", value) and f"; for text write '\"{value[:60]}\"'"
        raise Wrong(f"{value[:80]!r}: {error}", SUPPORTED + (bare or "")) from error


def _ascii(expression: Expression) -> None:
    for part in expression:
        if isinstance(part, Text) and not part.text.isascii():
            raise Unfit("holds what no header may (RFC 9110)", "use ASCII")


def _field(value: str) -> str:
    if not TOKEN.fullmatch(value):
        raise Unfit("isn't a header name (RFC 9110)", "use letters, digits and '-'")
    if value.lower().replace("_", "-") in FRAMING:
        raise Unfit("is a header that can't be changed here, since HTTP itself uses it")
    return value


def _token(value: str) -> str:
    if not TOKEN.fullmatch(value):
        raise Unfit("isn't a name that HTTP knows (RFC 9110)", "use letters, digits and '-'")
    return value


def _parameter(value: str) -> str:
    if not _UNRESERVED.fullmatch(value):
        raise Unfit(
            "isn't a parameter's name that can be told apart", "use letters, digits, '.', '_', '-'"
        )
    return value


Script = Annotated[str, AfterValidator(_script)]
"""A JavaScript expression for a header or parameter; texts inside it are in quotes."""
Template = Annotated[str, AfterValidator(_template)]
"""The inside of a JavaScript template string."""
Address = Annotated[str, AfterValidator(_address)]
"""The same for a header's value."""
FieldName = Annotated[str, AfterValidator(_field)]
"""A header that policies may set and remove; more than ``HeaderName``: ``Authorization`` too."""
Token = Annotated[str, AfterValidator(_token)]
"""A method's or header's name that is only told."""
ParameterName = Annotated[str, AfterValidator(_parameter)]
