"""Who asks for a change, and what a role may do."""

from dataclasses import dataclass

from ostiary.store.database.records import Role

_ORDER = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever asks, as the audit log names them."""

    name: str
    """``token:ci``, ``certificate:CN=ops``, ``local:1000``."""
    role: Role
    address: str = ""
    """Where the request came from; empty for the unix socket and the command line."""
    request_id: str = ""

    def may(self, role: Role) -> bool:
        """Whether this role includes the one that is needed: viewer < operator < admin."""
        return _ORDER.index(self.role) >= _ORDER.index(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a change is asked for."""

    actor: Actor
    if_match: int | None = None
    """The revision the change was made for; None: whatever it is now."""
    dry_run: bool = False
    """Only tell what would come of it (a preview), and change nothing."""
    days: int = 30
    """For ``dry_run``: look at the clients seen in the last so many days."""
