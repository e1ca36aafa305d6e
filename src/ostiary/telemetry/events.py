"""Refusals as they happen: lines of HAProxy's access log, sent here too as datagrams.

A datagram is hostile: paths, names and headers in it are the client's. Reading one never raises,
and what is kept of it is bounded and printable.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

LARGEST_DATAGRAM = 65_536
"""Bytes; the compiled ``log`` line lets HAProxy write 65,535."""

LONGEST_TEXT = 512
"""Characters kept of a text that comes from the client."""

_LATEST = 253_402_300_799  # 9999-12-31: what datetime can hold


class Kind(Enum):
    """What ended; the ``event`` of the access log's line."""

    REQUEST = "request"
    HANDSHAKE_FAILED = "handshake-failed"
    REQUEST_MALFORMED = "request-malformed"


class Unreadable(Enum):
    """Why a datagram is no event of ours."""

    TOO_LONG = "too-long"
    NOT_JSON = "not-json"
    NOT_OURS = "not-ours"
    """Something else, such as HAProxy's own messages about its servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalSeen:
    """A refused request, a failed handshake, or what a report-only policy would have refused.

    Texts are as HAProxy logged them, cut to ``LONGEST_TEXT``, empty where there is none.
    """

    at: datetime
    """Aware, UTC."""
    kind: Kind
    client: str
    """The peer's address."""
    status: int = 0
    """Of the answer; 0 where there was none."""
    reason: str = ""
    """The value of a ``trust.reason.Reason``, or of a ``consumers.reason.CredentialReason`` where a
    step refused for it; for handshakes a sentence of the verify-errors map;
    empty when the refusal has nothing to do with a certificate."""
    would_refuse: str = ""
    """The reason for which a report-only policy would have refused: the request went on."""
    detail: str = ""
    """Of a handshake: what TLS, or the connection, had to say."""
    api: str = ""
    entry: str = ""
    """Id of the TLS entry (16 hex digits)."""
    policy: str = ""
    method: str = ""
    host: str = ""
    path: str = ""
    sni: str = ""
    tls: str = ""
    fingerprint: str = ""
    """SHA-256 of the client's certificate, hex as logged."""
    subject: str = ""
    request_id: str = ""

    @property
    def refused(self) -> bool:
        """Whether somebody was turned away; False where it was only reported."""
        return not self.would_refuse


def read_event(datagram: bytes) -> RefusalSeen | Unreadable:
    """The event in one datagram. Never raises, whatever it holds."""
    if len(datagram) >= LARGEST_DATAGRAM:
        return Unreadable.TOO_LONG
    try:
        line = json.loads(datagram.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        # HAProxy also tells its log targets in prose: "Server x/y is DOWN".
        return Unreadable.NOT_JSON if datagram.lstrip().startswith(b"{") else Unreadable.NOT_OURS
    if not isinstance(line, dict):
        return Unreadable.NOT_OURS
    try:
        kind = Kind(line.get("event"))
    except ValueError:
        return Unreadable.NOT_OURS
    return RefusalSeen(
        at=_moment(line.get("time")),
        kind=kind,
        status=_number(line.get("status")),
        reason=_reason(line, kind),
        detail=_text(line, "tls_error") or _text(line, "connection"),
        **{name: _text(line, name) for name in _TEXTS},
    )


def _reason(line: dict[str, Any], kind: Kind) -> str:
    """Of a malformed request, too, HAProxy tells what the handshake found; but that let it in."""
    if kind is Kind.REQUEST_MALFORMED:
        return ""
    credential = _text(line, "credential")
    if credential and credential != "admitted":
        return credential
    return _text(line, "reason") or _text(line, "chain_reason")


_TEXTS = (
    "client", "would_refuse", "api", "entry", "policy", "method", "host", "path", "sni", "tls",
    "fingerprint", "subject", "request_id",
)  # fmt: skip


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str):
        return ""
    value = value[:LONGEST_TEXT]
    if value.isprintable():
        return value
    # Line ends, escapes of terminals, lone surrogates that no file or page could hold.
    return "".join(char if char.isprintable() else "\ufffd" for char in value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= 999 else 0


def _moment(value: object) -> datetime:
    """The time of the line; the epoch where it is no time at all."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST
    return datetime.fromtimestamp(value if good else 0, UTC)  # type: ignore[arg-type] # checked
