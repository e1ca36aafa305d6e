"""Settings of the gateway and of single APIs."""

from collections.abc import Mapping

from ostiary.management.actors import Order
from ostiary.management.sights import ChangeView
from ostiary.management.views import ApiView, GatewayView


class Settings:
    """Settings of the gateway and of single APIs."""

    def revision(self) -> int:
        """The revision in force, for ``if_match``. Grows with each change."""
        raise NotImplementedError

    def gateway(self) -> GatewayView:
        """*Gateway information*."""
        raise NotImplementedError

    def apis(self, *, search: str = "") -> tuple[ApiView, ...]:
        """Every API of the document, and those that have settings but are gone from it."""
        raise NotImplementedError

    def api(self, name: str) -> ApiView:
        """One API. Raises NotThere."""
        raise NotImplementedError

    async def set_gateway(self, order: Order, changes: Mapping[str, object]) -> ChangeView:
        """Change some settings; keys as in the file's ``clientCertificateAuth`` (``type``,
        ``required``, ``reportOnly``, ``headerName``, ...), None gives one up (RFC 7396).

        Raises Unacceptable, Locked, Stale, Forbidden, EngineRefuses, NotApplied, Unavailable.
        """
        raise NotImplementedError

    async def set_api(self, order: Order, name: str, changes: Mapping[str, object]) -> ChangeView:
        """The same for one API: ``required``, ``trustedDistinguishedNames``, ``allow``, ``deny``,
        ``reportOnly``; None inherits again. Raises NotThere besides."""
        raise NotImplementedError

    async def clear_api(self, order: Order, name: str) -> ChangeView:
        """Give up all that was set for one API here: it inherits again."""
        raise NotImplementedError
