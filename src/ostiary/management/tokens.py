"""Credentials of the admin API: tokens and administrators' certificates."""

from datetime import datetime

from ostiary.management.actors import Actor, Order
from ostiary.management.sights import ChangeView, TokenView
from ostiary.store.database.records import Role


class Tokens:
    """Credentials of the admin API: tokens and administrators' certificates."""

    def all(self) -> tuple[TokenView, ...]:
        """Newest first, ended and revoked ones too."""
        raise NotImplementedError

    async def make(
        self, order: Order, *, name: str, role: Role, expires: datetime | None = None
    ) -> TokenView:
        """Make a token; its secret is in the answer, and nowhere else. Needs the role admin."""
        raise NotImplementedError

    async def revoke(self, order: Order, token: int) -> ChangeView:
        """End a token at once. Raises NotThere, Conflicting (the last admin token)."""
        raise NotImplementedError

    def authenticate(self, secret: str, address: str, request_id: str = "") -> Actor:
        """Who holds this token. Raises BadCredential, TooManyAttempts."""
        raise NotImplementedError

    def authenticate_certificate(
        self, subject: str, fingerprint: str, address: str, request_id: str = ""
    ) -> Actor:
        """Who shows a client certificate that the admin listener's ``ca`` has verified."""
        raise NotImplementedError
