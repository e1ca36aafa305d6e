"""Consumers that were another gateway's: taken with their ids, names and secrets.

What is there already stays as it is: a second import changes nothing, and brings nobody back who
was deactivated here since.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ostiary.consumers import secrets
from ostiary.consumers.changes import Changed, Named
from ostiary.consumers.names import is_generated
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.consumers.gathering import gather, read_lines
from ostiary.management.consumers.sorting import Fresh, News, sorted_out
from ostiary.management.consumers.taken import Taking
from ostiary.management.consumers.views import TakenView
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Conflicting, Forbidden
from ostiary.management.keeping import reading
from ostiary.management.ports import Dice
from ostiary.store.database.consumer_records import NewCredential
from ostiary.store.database.records import Role
from ostiary.store.database.work import Work


class Importing:
    """Takes consumers; what can't be taken stops nothing else."""

    def __init__(self, changes: Changes, dice: Dice) -> None:
        self._changes = changes
        self._dice = dice

    async def take(self, order: Order, taking: Taking) -> TakenView:
        """In one transaction. Raises Forbidden, Unavailable, Unacceptable."""
        return await self._take(order, lambda work: sorted_out(work, taking))

    async def take_lines(self, order: Order, text: bytes) -> TakenView:
        """Lines of JSON (``consumers.lines``), at most MOST_LINES, in one transaction: all, or
        none if one can't be taken.

        Raises Forbidden, Unavailable, and Unacceptable with the problem of each line, whose number
        is the last word of ``where``.
        """
        read = await asyncio.to_thread(read_lines, text)

        def sort(work: Work) -> News:
            gathered = gather(work, read, self._dice)
            return gathered.whole(sorted_out(work, gathered.taking))

        return await self._take(order, sort)

    async def _take(self, order: Order, sort: Callable[[Work], News]) -> TakenView:
        if not order.actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        # Looked through beforehand: whoever else wants to write waits for what is written only.
        seen, news = await asyncio.to_thread(self._look, sort)
        if news.is_nothing:
            return news.view(applied=False)
        kept = await asyncio.to_thread(self._kept, news.credentials)
        found = [news]

        def edit(work: Work, moment: Moment) -> Edited:
            if work.revision.current() != seen:
                found[:] = [sort(work)]
            return _add(work, found[0], kept, moment)

        done = await self._changes.make(order, Role.OPERATOR, edit)
        return found[0].view(applied=done.applied)

    def _look(self, sort: Callable[[Work], News]) -> tuple[int, News]:
        """What is new at which revision."""
        with reading(self._changes.keeping) as work:
            return work.revision.current(), sort(work)

    def _kept(self, credentials: Iterable[Fresh]) -> Mapping[Named, str]:
        """Secrets as they are kept, by what clients name the credential: 20 ms for each one that
        somebody chose."""
        return {
            (one.credential.type, one.credential.name): kept_imported(one.clear, self._dice)
            if one.clear
            else one.credential.secret
            for one in credentials
        }


def kept_imported(secret: str, dice: Dice) -> str:
    """Express Gateway's own secrets are random UUIDs in base 62 (``uuid62``); whatever else there
    is was chosen by somebody."""
    if is_generated(secret):
        return secrets.kept_generated(secret)
    return secrets.kept_supplied(secret, dice(secrets.SALT_BYTES))


def _add(work: Work, news: News, kept: Mapping[Named, str], moment: Moment) -> Edited:
    work.scopes.add(news.scopes)
    new = [_with_secret(one.credential, kept) for one in news.credentials]
    work.consumer_bulk.add_consumers([*news.users, *news.apps], at=moment.at)
    work.consumer_bulk.add_credentials(new, at=moment.at)
    counts = (
        f"{len(news.users)} users, {len(news.apps)} apps, {len(news.credentials)} credentials, "
        f"{len(news.scopes)} scopes"
    )
    named = frozenset((one.type, one.name) for one in new)
    changed = Changed(credentials=named, only_new=True)
    kinds = Counter(one.type.value for one in new)
    return Edited(
        action="consumer.import", object=counts, after={"credentials": kinds}, consumers=changed
    )


def _with_secret(one: NewCredential, kept: Mapping[Named, str]) -> NewCredential:
    secret = kept.get((one.type, one.name))
    if secret is None:
        raise Conflicting("consumers were changed meanwhile (import again)")
    return one if secret == one.secret else replace(one, secret=secret)
