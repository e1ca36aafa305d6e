"""How a question goes to the process that runs scripts, and its result comes back: JSON with its
length before it, four bytes, most significant first."""

import json
from dataclasses import asdict
from typing import Any, Final

from ostiary.scripts.model import (
    BodySchema,
    Changed,
    Failed,
    Failure,
    Limits,
    Result,
    Said,
    Script,
    Truth,
    Wanted,
    What,
)
from ostiary.scripts.request import Shown

HEAD: Final = 4
"""Bytes of the length."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a message; a body is the largest part of one."""


READY: Final = b"\1"
"""What a process says first, once it can be asked."""


class Garbled(Exception):
    """What came isn't a message: whoever sent it is no longer to be trusted with another."""


def framed(message: dict[str, Any]) -> bytes:
    """The message as it is sent."""
    body = json.dumps(message).encode()  # ASCII: lone surrogates stay what they are
    return len(body).to_bytes(HEAD) + body


def length_of(head: bytes) -> int:
    """How many bytes follow. Raises Garbled."""
    length = int.from_bytes(head)
    if not 0 < length <= LARGEST:
        raise Garbled(f"a message of {length} bytes")
    return length


def question(what: What, shown: Shown, limits: Limits) -> bytes:
    """The message that asks."""
    told = {type(what).__name__: asdict(what)}
    return framed({"what": told, "shown": asdict(shown), "limits": asdict(limits)})


def read_question(body: bytes) -> tuple[What, Shown, Limits]:
    """What is asked. Raises Garbled."""
    try:
        told = json.loads(body)
        return _what(told["what"]), Shown(**told["shown"]), Limits(**told["limits"])
    except (ValueError, TypeError, KeyError) as error:
        raise Garbled(repr(error)) from error


def _what(told: dict[str, Any]) -> What:
    match told:
        case {"Script": {"source": source, "wanted": wanted, "template": bool(template)} as more}:
            return Script(source, Wanted(wanted), template, tuple(more["headers"]))
        case {"BodySchema": {"text": str(text), "log_errors": bool(log_errors)}}:
            return BodySchema(text, log_errors)
        case _:
            raise Garbled("nothing is asked")


def answer(result: Result) -> bytes:
    """The message that answers."""
    return framed({"kind": type(result).__name__, **asdict(result)})


def read_answer(body: bytes) -> Result:
    """The result. Raises Garbled."""
    try:
        told = json.loads(body)
        match told:
            case {"kind": "Truth", "holds": bool(holds), "why": str(why)}:
                return Truth(holds, why)
            case {"kind": "Said", "text": str(text)}:
                return Said(text)
            case {"kind": "Changed", "headers": dict(headers), "variables": str(variables)}:
                return Changed(headers, variables)
            case {"kind": "Failed", "failure": failure, "detail": str(detail)}:
                return Failed(Failure(failure), detail)
            case _:
                raise Garbled("no result")
    except ValueError as error:
        raise Garbled(repr(error)) from error
