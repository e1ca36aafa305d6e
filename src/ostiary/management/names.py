"""Trusted distinguished names, at the gateway and at APIs."""

from collections.abc import Sequence

from ostiary.management.actors import Order
from ostiary.management.sights import ChangeView
from ostiary.management.views import AdviceView, NameTrialView, NameView, Page


class Names:
    """Trusted distinguished names, at the gateway and at APIs."""

    def page(
        self,
        api: str | None = None,
        *,
        search: str = "",
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[NameView]:
        """Names of the gateway (None) or those that an API gives itself. Raises NotThere."""
        raise NotImplementedError

    def export(self, api: str | None = None) -> str:
        """The whole list as a text file, one pattern a line."""
        raise NotImplementedError

    def advise(self, patterns: Sequence[str]) -> tuple[tuple[AdviceView, ...], ...]:
        """What is worth knowing about each pattern before it is saved; nothing is changed."""
        raise NotImplementedError

    def test(
        self,
        api: str | None = None,
        *,
        subjects: Sequence[str] = (),
        upload: bytes | None = None,
        patterns: Sequence[str] | None = None,
    ) -> tuple[NameTrialView, ...]:
        """What the names in force there (or ``patterns`` alone) say to distinguished names as
        text, or to the certificates of an upload. Raises Unacceptable."""
        raise NotImplementedError

    async def add(
        self, order: Order, api: str | None, patterns: Sequence[str], *, note: str = ""
    ) -> ChangeView:
        """Add patterns; ones that are there already are left. Raises Unacceptable, Locked."""
        raise NotImplementedError

    async def remove(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        """Remove patterns by their text. An API whose last name goes inherits again.
        Raises NotThere, Locked."""
        raise NotImplementedError

    async def replace(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        """Make the list just these. At an API an empty list asks for no name at all."""
        raise NotImplementedError

    async def load(
        self, order: Order, api: str | None, text: str, *, replace: bool = False
    ) -> ChangeView:
        """Add (or replace by) the patterns of a text file, one a line, ``#`` comments."""
        raise NotImplementedError
