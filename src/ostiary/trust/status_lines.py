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

    def encode(self) -> bytes:
        """JSON, with the line's end."""
        answer = base64.b64encode(self.der).decode()
        fields = {"key": self.key.hex(), "taken": self.taken.isoformat(), "answer": answer}
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
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    return line if line.taken.tzinfo and len(line.key) == _KEY else None


_KEY = 32
