"""Words about client certificate authentication, for who shows it without reading the file."""

from enum import Enum


class AuthType(Enum):
    """The three types of the fourth seed."""

    NONE = "none"
    CERTIFICATE = "certificate"
    HEADER = "header"


class Source(Enum):
    """Where a setting comes from."""

    FILE = "file"
    """Locked: set by gateway.config.yml."""
    STORE = "store"
    """Set by console, API or command line."""
    GATEWAY = "gateway"
    """An API's: inherited from the gateway."""
    DEFAULT = "default"
