"""Consumers that were another gateway's: taken with their ids, names and secrets.

What is there already stays as it is: a second import changes nothing, and brings nobody back who
was deactivated here since.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ostiary.consumers import secrets
from ostiary.consumers.changes import Changed, Named
from ostiary.consumers.names import is_generated
from ostiary.management.actors import Order
from ostiary.management.changes import Changes, Edited, Moment
from ostiary.management.consumers.sorting import Fresh, News, Taking, sorted_out
from ostiary.management.consumers.views import TakenView
from ostiary.management.errors import Conflicting
from ostiary.management.keeping import reading
from ostiary.management.ports import Dice
from ostiary.store.database.records import Role
from ostiary.store.database.work import Work


class Importing:
    """Takes consumers; what can't be taken stops nothing else."""

    def __init__(self, changes: Changes, dice: Dice) -> None:
        self._changes = changes
        self._dice = dice

    async def take(self, order: Order, taking: Taking) -> TakenView:
        """In one transaction. Raises Forbidden, Unavailable, Unacceptable."""
        news = await asyncio.to_thread(self._look, taking)
        if news.is_nothing:
            return news.view(applied=False)
        kept = await asyncio.to_thread(self._kept, news.credentials)
        found = [news]

        def edit(work: Work, moment: Moment) -> Edited:
            found[:] = [now := sorted_out(work, taking)]
            return _add(work, now, kept, moment)

        done = await self._changes.make(order, Role.OPERATOR, edit)
        return found[0].view(applied=done.applied)

    def _look(self, taking: Taking) -> News:
        with reading(self._changes.keeping) as work:
            return sorted_out(work, taking)

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
    for consumer in (*news.users, *news.apps):
        work.consumers.add(consumer, at=moment.at)
    new = [one.credential for one in news.credentials]
    for one in new:
        secret = kept.get((one.type, one.name))
        if secret is None:
            raise Conflicting("consumers were changed meanwhile (import again)")
        work.credentials.add(replace(one, secret=secret), at=moment.at)
    counts = (
        f"{len(news.users)} users, {len(news.apps)} apps, {len(news.credentials)} credentials, "
        f"{len(news.scopes)} scopes"
    )
    changed = Changed(credentials=frozenset((one.type, one.name) for one in new))
    return Edited(action="consumer.import", object=counts, consumers=changed)
