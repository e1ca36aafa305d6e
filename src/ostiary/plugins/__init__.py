"""What plug-ins are written against: conditions and policies of your own, in Python.

Third parties import this room, so it is the one whose door opens to all it has for them; nothing in
it knows of HAProxy, configuration or processes. ``testing`` is for the tests of plug-ins, the rest
is the gateway's own.
"""

from ostiary.plugins.interface import (
    PER_REQUEST,
    Certificate,
    Condition,
    Continue,
    Identity,
    Lifetime,
    PerCredential,
    Policy,
    Refuse,
    Request,
)

__all__ = [
    "PER_REQUEST",
    "Certificate",
    "Condition",
    "Continue",
    "Identity",
    "Lifetime",
    "PerCredential",
    "Policy",
    "Refuse",
    "Request",
]
