"""The certificate library: components, and versions of them."""

from ostiary.management.actors import Order
from ostiary.management.sights import ChangeView
from ostiary.management.views import CertificateView, ComponentView, LookupView, Page


class Library:
    """The certificate library: components, and versions of them."""

    def components(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[ComponentView]:
        """By name; search in name, description and subjects."""
        raise NotImplementedError

    def component(self, component: int) -> ComponentView:
        """With all versions. Raises NotThere."""
        raise NotImplementedError

    def certificates(self, component: int, version: int) -> tuple[CertificateView, ...]:
        """All certificates of one version, every field. Raises NotThere."""
        raise NotImplementedError

    def lookup(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[LookupView]:
        """What *Add Certificate* offers: active, unexpired, not trusted yet."""
        raise NotImplementedError

    async def add(
        self,
        order: Order,
        *,
        name: str,
        description: str = "",
        upload: bytes,
        password: str | None = None,
    ) -> ChangeView:
        """Make a component of an upload: PEM, DER, PKCS#7, PKCS#12 without key. ``object`` of
        the answer is its number. Raises Unacceptable, Conflicting (the name is taken)."""
        raise NotImplementedError

    async def add_version(
        self, order: Order, component: int, *, upload: bytes, password: str | None = None
    ) -> ChangeView:
        """Upload a new version; old ones stay, and what is trusted stays at its version."""
        raise NotImplementedError

    async def describe(
        self,
        order: Order,
        component: int,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> ChangeView:
        """Rename or describe anew."""
        raise NotImplementedError

    async def retire(
        self, order: Order, component: int, version: int, *, retired: bool = True
    ) -> ChangeView:
        """Offer a version no more (or again); where it is trusted it stays so."""
        raise NotImplementedError

    async def delete(self, order: Order, component: int) -> ChangeView:
        """Delete a component with its versions. Raises InUse."""
        raise NotImplementedError

    async def delete_version(self, order: Order, component: int, version: int) -> ChangeView:
        """Delete one version. Raises InUse."""
        raise NotImplementedError
