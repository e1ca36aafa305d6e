"""A policy that tells the service whose tenant a client is."""

from typing import ClassVar

from pydantic import Field

from ostiary.plugins import Continue, Identity, Lifetime, PerCredential, Policy, Refuse, Request


class TenantOfCertificate(Policy):
    """Tell the service the organizational unit (OU) of the client's certificate."""

    lifetime: ClassVar[Lifetime] = PerCredential(300)

    header: str = Field(default="x-tenant", description="The header that it is told in.")
    tenants: tuple[str, ...] = Field(default=(), description="Those that may pass; all if empty.")

    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

    def decide(self, request: Request, identity: Identity) -> Continue | Refuse:
        """Whose it is; nobody's is refused."""
        units = identity.certificate.names.get("OU", ()) if identity.certificate else ()
        if len(units) != 1:
            return Refuse(403, "Your certificate names no tenant.")
        if self.tenants and units[0] not in self.tenants:
            return Refuse(403, "Your tenant has no access.")
        return Continue(set_headers={self.header: units[0]})
