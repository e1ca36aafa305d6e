"""Why an SPOP connection ends: the protocol's status codes, and the one way bytes are refused."""

from enum import IntEnum

from ostiary.kernel.errors import OstiaryError


class Status(IntEnum):
    """Status codes of DISCONNECT frames (HAProxy doc/SPOE.txt, section 3.5)."""

    NORMAL = 0
    IO_ERROR = 1
    TIMEOUT = 2
    TOO_BIG = 3
    INVALID = 4
    NO_VERSION = 5
    NO_MAX_FRAME_SIZE = 6
    NO_CAPABILITIES = 7
    UNSUPPORTED_VERSION = 8
    BAD_MAX_FRAME_SIZE = 9
    FRAGMENTATION_NOT_SUPPORTED = 10
    INTERLACED = 11
    FRAME_ID_NOT_FOUND = 12
    RESOURCE = 13
    UNKNOWN = 99


class Malformed(OstiaryError):
    """These bytes can't be SPOP, whatever follows them; ``status`` is what the peer is told."""

    def __init__(self, message: str, status: Status = Status.INVALID) -> None:
        self.status = status
        super().__init__(message)


class Truncated(Malformed):
    """The bytes end inside a value. Inside a whole frame that is malformed: no more will come."""


class AckTooBig(OstiaryError):
    """Our own answer exceeds the frame size that was negotiated; HAProxy would drop the line."""
