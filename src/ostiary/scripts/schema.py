"""JSON Schema (draft 7) on bodies of requests.

jsonschema-rs, not jsonschema: its regular expressions take a time that grows with the text alone,
so no body can make one hang. Nothing is fetched: a schema refers to what is in it.
"""

import json
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from ostiary.scripts.model import BodySchema, Failed, Failure, Result, Truth
from ostiary.scripts.request import (
    Repeated,
    Shown,
    Unclear,
    body_text,
    headers_of,
    media_type,
    query_of,
)

_DRAFT: Final = (
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-07/schema#",
)
_LONGEST_DETAIL: Final = 200


def schema_fault(schema: dict[str, Any]) -> str:
    """Why bodies can't be held against this schema; empty where they can."""
    if schema.get("$schema", _DRAFT[0]) not in _DRAFT:
        return f"its $schema isn't {_DRAFT[1]}, the one that Express Gateway knows"
    try:
        _compiled(json.dumps(schema))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error).partition("\n")[0][:_LONGEST_DETAIL]
    return ""


def hold(schema: BodySchema, shown: Shown) -> Result:
    """Whether the request's body is as the schema says.

    Read as Express reads it: JSON, or a form; of any other type it is an empty object. But a member
    that comes twice is refused: the service may read the other one (RFC 8259 section 4).
    """
    compiled = _compiled(schema.text)
    try:
        # It is looked at while errors are found: too deep, or with halves of characters, it raises.
        return _first_error(compiled, _body(shown))
    except Repeated:
        return Failed(Failure.REPEATED)
    except (ValueError, RecursionError, Unclear):
        return Failed(Failure.BODY)


def _first_error(schema: jsonschema_rs.Draft7Validator, body: Any) -> Result:
    for error in schema.iter_errors(body):
        # Where it is wrong, and never with what: that is the client's.
        place = "/".join(map(str, error.instance_path))
        rule = "/".join(map(str, error.schema_path))
        return Truth(False, f"/{place} by /{rule}"[:_LONGEST_DETAIL])
    return Truth(True)


def _body(shown: Shown) -> Any:
    headers = headers_of(shown.headers)
    text = body_text(shown.body or "")
    match media_type(headers):
        case "application/json" if text:
            body = json.loads(text, parse_constant=_no_json, object_pairs_hook=_once)
            if not isinstance(body, dict | list):
                raise ValueError("Express takes objects and lists alone")
            return body
        case "application/x-www-form-urlencoded":
            return query_of(shown.body or "")
        case _:
            return {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is no JSON (RFC 8259)")


@lru_cache(64)
def _compiled(text: str) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(
        json.loads(text),
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )
