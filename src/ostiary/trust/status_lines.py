"""OCSP answers as lines of a file."""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One answer at hand."""

    key: bytes
    """``Subject.key``: whom it is about."""
    taken: datetime
    """When it came; aware."""
    der: bytes
    nonce: bytes = b""
    """What was sent with the question; empty: none."""
    revokes: bool = False
    """It was believed once, and somebody was revoked by it."""

    def encode(self) -> bytes:
        """JSON, with the line's end."""
        answer = base64.b64encode(self.der).decode()
        fields = {"key": self.key.hex(), "taken": self.taken.isoformat(), "answer": answer}
        fields |= {"nonce": self.nonce.hex()} if self.nonce else {}
        fields |= {"revokes": "yes"} if self.revokes else {}
        return json.dumps(fields).encode() + b"\n"


def encode_lines(lines: Iterable[Line]) -> bytes:
    """All of them, for a file."""
    return b"".join(line.encode() for line in lines)


def read_line(text: bytes) -> Line | None:
    """What ``encode`` wrote; None for anything else."""
    try:
        found = json.loads(text)
        line = Line(
            bytes.fromhex(found["key"]),
            datetime.fromisoformat(found["taken"]),
            base64.b64decode(found["answer"], validate=True),
            bytes.fromhex(found.get("nonce", "")),
            found.get("revokes") == "yes",
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None
    return line if line.taken.tzinfo and len(line.key) == _KEY else None


_KEY = 32
