"""Expressions of policies worked out for a described request, as ``compiler.texts`` has the engine
do it."""

import re
from typing import assert_never

from ostiary.config.expression.parts import (
    Computed,
    Expression,
    Fact,
    Header,
    Part,
    Query,
    Text,
    Told,
)
from ostiary.services.percent import decoded
from ostiary.services.requests import Request

UNKNOWN_ADDRESS = "<the client's address>"
UNKNOWN_TEXT = "<what the script says>"
UNKNOWN_REQUEST_ID = "<the request's id>"
"""What only the engine or a script knows stands in these marks."""

_PORT = re.compile(r":[0-9]*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def text_of(expression: Expression, request: Request) -> str:
    """The text that the expression is for this request."""
    return "".join(_part(part, request) for part in expression)


def _part(part: Part, request: Request) -> str:
    match part:
        case Text():
            return part.text
        case Told():
            return _told(part.fact, request)
        case Header():
            return next(iter(request.header_values(part.name)), "")
        case Query():
            return _CONTROL.sub(
                "", decoded(request.parameter(part.name)).decode("utf-8", "replace")
            )
        case Computed():
            return UNKNOWN_TEXT
        case _:
            assert_never(part)


def _told(fact: Fact, request: Request) -> str:
    peer = request.peer
    known = {
        Fact.IP: request.client or UNKNOWN_ADDRESS,
        Fact.HOSTNAME: _PORT.sub("", request.host),
        Fact.METHOD: request.method,
        Fact.PROTOCOL: request.scheme,
        Fact.PATH: request.path,
        Fact.URL: request.pathq,
        Fact.ORIGINAL_URL: request.original,
        Fact.REQUEST_ID: UNKNOWN_REQUEST_ID,
        Fact.CONSUMER_ID: str(request.known.consumer.id) if request.known else "",
        Fact.FINGERPRINT: ":".join(re.findall("..", peer.fingerprint.upper())) if peer else "",
        Fact.SERIAL: peer.serial if peer else "",
        Fact.COMMON_NAME: peer.common_name if peer else "",
    }
    return known[fact]
