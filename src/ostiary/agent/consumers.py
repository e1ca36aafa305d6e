"""What HAProxy asks about the consumer whose an admitted certificate is.

The answer is that about a credential (``agent.credentials``).
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final

from ostiary.agent.credentials import row_of
from ostiary.agent.tunnels import Tunnel, tunnel_of
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Value

MESSAGE: Final = "consumer"
"""The spoe-message that asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerQuestion:
    """Whose is this certificate, and may it pass here?"""

    judgement: str
    """Id of what it is judged by (``compiler.client_certificates``)."""
    certificate: bytes = field(repr=False)
    """DER, admitted by the request's policy."""
    key: str
    """The row that remembers the verdict."""
    worker: int
    """Process id of the engine's worker whose row that is."""
    tunnel: Tunnel | None = None
    """What the request is to become, if it asks for a WebSocket."""

    @property
    def about(self) -> str:
        """What is asked about, for the log."""
        return f"consumer of a certificate for {self.judgement}"


def read_consumer_question(message: Message) -> ConsumerQuestion | None:
    """The question in a message of this name; None where something lacks or is malformed."""
    told = message.arguments
    judgement, row = told.get("judgement"), row_of(told)
    certificate = _der(told.get("cert"), told.get("told"))
    if certificate is None or row is None or not isinstance(judgement, str):
        return None
    tunnel = tunnel_of(told.get("tunnel"))
    if tunnel is None and told.get("tunnel") is not None:
        return None
    return ConsumerQuestion(
        judgement=judgement, certificate=certificate, key=row[0], worker=row[1], tunnel=tunnel
    )


def _der(handshake: Value, header: Value) -> bytes | None:
    """The certificate of the handshake; of one from a header the engine was told base64."""
    if isinstance(handshake, bytes) and handshake:
        return handshake
    if not isinstance(header, str) or not header:
        return None
    try:
        return base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        return None
