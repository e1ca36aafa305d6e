"""What HAProxy asks in the middle of a pipeline (``compiler.asks``), and the answer in its
variables."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from ostiary.compiler.asks import Outcome
from ostiary.spoe.actions import Scope, set_var_head
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Kind, Value, encode_integer, encode_value

MESSAGES: Final = ("step", "step-body")
"""The spoe-messages that ask."""

_OUTCOME_HEAD: Final = set_var_head(Scope.TRANSACTION, "aout")
_TEXT_HEAD: Final = set_var_head(Scope.TRANSACTION, "atext")
_STATUS_HEAD: Final = set_var_head(Scope.TRANSACTION, "astatus")
_VARIABLES_HEAD: Final = set_var_head(Scope.TRANSACTION, "avars")
_NEEDED: Final = ("ask", "method", "url", "headers", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepQuestion:
    """What comes of this request where it is now? Texts hold bytes that aren't UTF-8 as lone
    surrogates."""

    ask: str
    """Id of what is asked (``compiler.asks.Ask.id``)."""
    method: str
    secure: bool
    """Came by TLS."""
    url: str
    """Path and query as they are now; ``original``: before the pipeline."""
    original: str
    headers: str = field(repr=False)
    """As they are now: lines, names in lower case."""
    client: str
    consumer: str
    """Id; empty where nobody is known."""
    id: str
    """Of the request."""
    admitted: bool
    """Whether the client's certificate is."""
    certificate: bytes = field(repr=False)
    """DER; empty without one."""
    route: int
    """Its rank."""
    variables: str = field(repr=False)
    """What scripts of the pipeline have left."""
    body: str | None = field(repr=False)
    """None where it wasn't asked for."""

    @property
    def about(self) -> str:
        """What is asked about, for the log: nothing of the request's."""
        return f"step {self.ask}"


def read_step_question(message: Message) -> StepQuestion | None:
    """The question in a message of this name; None where something lacks or is malformed."""
    told = message.arguments
    if not all(isinstance(told.get(name), str) and told.get(name) for name in _NEEDED):
        return None
    client, certificate = told.get("client"), _der(told.get("cert"))
    if not isinstance(client, IPv4Address | IPv6Address) or certificate is None:
        return None
    if "body" in told and not isinstance(told["body"], str | bytes):
        return None
    needed: dict[str, Any] = {name: told[name] for name in _NEEDED}
    route = told.get("route")
    return StepQuestion(
        **needed,
        secure=told.get("secure") is True,
        original=_text(told.get("original")) or needed["url"],
        client=str(client),
        consumer=_text(told.get("consumer")),
        admitted=told.get("code") == 1,
        certificate=certificate,
        route=route if isinstance(route, int) else 0,
        variables=_text(told.get("variables")),
        body=_text(told["body"]) if "body" in told else None,
    )


def _text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else ""


def _der(value: Value) -> bytes | None:
    """A handshake's as bytes, one of a header as base64; None where it is neither."""
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            return None
    return value if isinstance(value, bytes) else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnswer:
    """What came of it; without an outcome HAProxy refuses."""

    outcome: Outcome | None
    text: str | None = field(default=None, repr=False)
    variables: str | None = field(default=None, repr=False)
    headers: Mapping[int, str | None] = field(default_factory=dict, repr=False)
    """New values by place in the script's or plug-in's list; None: removed."""
    status: int | None = None
    """Of a plug-in that refuses."""

    @property
    def actions(self) -> bytes:
        """Encoded: variables of the transaction."""
        if self.outcome is None:
            return b""
        told = _OUTCOME_HEAD + encode_integer(Kind.UINT32, self.outcome)
        if self.text is not None:
            told += _TEXT_HEAD + encode_value(self.text)
        if self.status is not None:
            told += _STATUS_HEAD + encode_integer(Kind.UINT32, self.status)
        if self.variables is not None:
            told += _VARIABLES_HEAD + encode_value(self.variables)
        for place, value in self.headers.items():
            name = f"ax{place}" if value is None else f"ah{place}"
            told += set_var_head(Scope.TRANSACTION, name)
            told += encode_value(True if value is None else value)
        return told
