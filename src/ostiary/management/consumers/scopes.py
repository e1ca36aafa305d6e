"""Scopes: what credentials can be allowed."""

from collections.abc import Sequence

from ostiary.consumers.changes import Changed
from ostiary.consumers.names import check_scope
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.consumers.finding import refusals
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.sights import ChangeView
from ostiary.store.database.records import Role
from ostiary.store.database.scopes import MOST_SCOPES
from ostiary.store.database.work import Work


class Scopes:
    """Words that exist before a credential can have them, as in Express Gateway."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def all(self) -> tuple[str, ...]:
        """In alphabetical order."""
        with reading(self._changes.keeping) as work:
            return work.scopes.all()

    def one(self, scope: str) -> str:
        """Raises NotThere."""
        if scope not in self.all():
            raise NotThere("scope", scope)
        return scope

    async def create(self, order: Order, wanted: Sequence[str]) -> ChangeView:
        """Raises Unacceptable, Conflicting where one is there already: then none is made."""
        if not 0 < len(wanted) <= MOST_SCOPES:
            raise Unacceptable.one("no scope is named", "give at least one", "/scopes")
        with refusals():
            for scope in wanted:
                check_scope(scope)

        def edit(work: Work, _moment: Moment) -> Edited:
            work.scopes.add(wanted)
            return Edited(action="scope.create", object=" ".join(wanted)[:200])

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def remove(self, order: Order, scope: str) -> ChangeView:
        """From all credentials, too, at once. Raises NotThere."""
        try:
            check_scope(scope)
        except ConsumerRefused as refused:
            raise NotThere("scope", scope) from refused

        def edit(work: Work, moment: Moment) -> Edited:
            work.scopes.remove(scope)
            had = work.credentials.take(scope, at=moment.at)
            return Edited(
                action="scope.remove",
                object=scope,
                before={"credentials": len(had)},
                consumers=Changed(credentials=frozenset((one.type, one.name) for one in had)),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)
