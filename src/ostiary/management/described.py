"""A request that an operator describes, to be walked through the gateway."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A request beside its address: headers, who sends it, and what it shows."""

    headers: tuple[str, ...] = field(default=(), repr=False)
    """As they are written: ``X-Tenant: acme``."""
    client: str = ""
    """The client's address; empty: nothing is known of it."""
    key: str = field(default="", repr=False)
    """An API key, ``keyId:keySecret``, shown wherever a step looks for one."""
    user: str = field(default="", repr=False)
    """``name:password``, likewise."""
    token: str = field(default="", repr=False)
    """A token for ``jwt`` and ``oauth2-introspect``, likewise."""
    consumer: str = ""
    """As if this one's credentials were shown: a user by name or id, or an app."""


NOTHING_MORE = Described()
