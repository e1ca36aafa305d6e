"""Actions: what an ACK tells HAProxy to do with variables (doc/SPOE.txt, section 3.4).

Actions are encoded bytes that are simply joined; ``set_var_head`` is the part that never changes,
so that an agent with fixed variables encodes it once.
"""

from enum import IntEnum

from ostiary.spoe.values import encode_text

_SET_VAR = 1
_UNSET_VAR = 2


class Scope(IntEnum):
    """How long a variable lives."""

    PROCESS = 0
    SESSION = 1
    TRANSACTION = 2
    REQUEST = 3
    RESPONSE = 4


def set_var_head(scope: Scope, name: str) -> bytes:
    """Encode a set-var up to its value, which must follow as typed data.

    HAProxy puts the agent's var-prefix before the name, and ignores names its configuration
    doesn't mention.
    """
    return bytes((_SET_VAR, 3, scope)) + encode_text(name)


def set_var(scope: Scope, name: str, value: bytes) -> bytes:
    """Encode a set-var; ``value`` is typed data as ``values`` encodes it."""
    return set_var_head(scope, name) + value


def unset_var(scope: Scope, name: str) -> bytes:
    """Encode an unset-var."""
    return bytes((_UNSET_VAR, 2, scope)) + encode_text(name)
