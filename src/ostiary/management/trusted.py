"""Gateway trusted certificates."""

from ostiary.management.actors import Order
from ostiary.management.sights import ChangeView
from ostiary.management.views import CertificateView, Page, TrustedView


class TrustedList:
    """Gateway trusted certificates."""

    def page(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[TrustedView]:
        """Locked ones of the file first, then by name."""
        raise NotImplementedError

    def one(self, trusted: int) -> TrustedView:
        """Raises NotThere."""
        raise NotImplementedError

    def certificates(self, trusted: int) -> tuple[CertificateView, ...]:
        """Every field of its certificates. Raises NotThere."""
        raise NotImplementedError

    def locked_certificate(self, fingerprint: str) -> CertificateView:
        """One certificate that the file gives. Raises NotThere."""
        raise NotImplementedError

    async def add(self, order: Order, component: int, version: int | None = None) -> ChangeView:
        """Trust a version of a component (None: the newest active one). ``object`` of the answer
        is the row's number. Raises Conflicting, Unacceptable (SSL is not enabled)."""
        raise NotImplementedError

    async def upgrade(self, order: Order, trusted: int) -> ChangeView:
        """Trust the newest active version of the component instead."""
        raise NotImplementedError

    async def remove(self, order: Order, trusted: int, *, confirm_last: bool = False) -> ChangeView:
        """Trust it no more. Raises MustConfirm for the last one of type certificate."""
        raise NotImplementedError
