"""What happened on a connection. An event that wants an answer carries the bytes of it."""

from dataclasses import dataclass
from typing import TypeAlias

from ostiary.spoe.frames import Message
from ostiary.spoe.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted:
    """HAProxy said hello and is welcome: send ``reply``; after a health check, close."""

    max_frame_size: int
    """What both sides keep to from now on, in bytes, without the length in front."""
    capabilities: frozenset[str]
    """What both sides can do."""
    engine_id: str
    """Names the SPOE engine of one HAProxy process; empty if it wasn't told."""
    healthcheck: bool
    reply: bytes


@dataclass(frozen=True, slots=True)
class Notify:
    """HAProxy asks; answer with ``AgentConnection.acknowledge``."""

    stream_id: int
    frame_id: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """HAProxy said goodbye: send ``reply``, then close."""

    status: int
    """A Status, or a number this version of the protocol doesn't know."""
    message: str
    reply: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What came isn't SPOP as we can speak it: send ``reply``, then close."""

    status: Status
    reason: str
    reply: bytes


Event: TypeAlias = Greeted | Notify | Departed | Refused
