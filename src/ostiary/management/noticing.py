"""What operators should be told: noticed here, and written down for the log and the webhooks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ostiary.management.changes import Changes
from ostiary.management.keeping import reading, told
from ostiary.management.telling import (
    certificates_end,
    clients_end,
    clients_refused,
    hash_of,
    lists_end,
    newly_revoked,
)
from ostiary.services.list_news import news_of
from ostiary.services.lists import lives_of
from ostiary.store.database.notifications import NewNotification, Warned
from ostiary.store.database.records import Client, ClientFilter, ClientOrder
from ostiary.telemetry.ending import Life, Window, to_tell, windows
from ostiary.telemetry.expiry import Dated, Held
from ostiary.telemetry.facts import FactsDamaged, decode
from ostiary.telemetry.noting import WENT_ON
from ostiary.trust.intermediates import Intermediates
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList

REMEMBERED = timedelta(days=90)
"""After an end: what is in use even then is told of once more."""
SEEN_WITHIN = timedelta(days=30)
"""Clients that were not seen for longer are not warned about."""
MOST_CLIENTS = 10_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be told, and what must be remembered of it."""

    notices: tuple[NewNotification, ...]
    marks: Mapping[str, Warned]


class Noticing:
    """Looks at what there is; all of it waits for the database: in a thread."""

    def __init__(
        self,
        changes: Changes,
        dated: Callable[[], Iterable[Dated]],
        intermediates: Callable[[], Intermediates],
    ) -> None:
        """``dated``: what is ours and ends; what is there twice counts as what it is first.
        ``intermediates``: those remembered."""
        self._changes = changes
        self._dated = dated
        self._intermediates = intermediates
        self._lists: tuple[RevocationList, ...] | None = None

    def look(self) -> None:
        """Warn of what ends. Raises Unavailable."""
        now = self._changes.clock()
        with reading(self._changes.keeping) as work:
            known = {
                **work.notifications.warned("certificate:"),
                **work.notifications.warned("crl:"),
                **work.notifications.warned("clients:"),
            }
        self._keep(self._certificates(known, now), now)
        self._keep(self._crls(known, now), now)
        self._keep(self._clients(known, now), now)

    def compare_lists(self) -> None:
        """Tell which certificates the revocation lists name since the last time.

        The first time they are only looked at. Raises Unavailable.
        """
        before, lists = self._lists, self.lists()
        now = self._changes.clock()
        if before is not None:
            notices = tuple(newly_revoked(one, now) for one in news_of(before, lists))
            self._keep(Found(notices, {}), now)
        self._lists = lists

    def lists(self) -> tuple[RevocationList, ...]:
        """Those in force."""
        return tuple(one for _, one in self._crl_places())

    def _crl_places(self) -> tuple[tuple[tuple[str | int, ...], RevocationList], ...]:
        return self._changes.gatekeeper.prepared.crl_places

    def refused(self, revoked: Iterable[tuple[Certificate, str]]) -> None:
        """Tell of clients that came with a revoked certificate, each once; with the API each was
        refused at. Raises Unavailable."""
        now = self._changes.clock()
        several = {f"revoked:{one.fingerprint}": (one, api) for one, api in revoked}
        with reading(self._changes.keeping) as work:
            untold = work.notifications.untold(several)
        fresh = {key: one for key, one in several.items() if key in untold}
        if fresh:
            marks = {
                key: Warned(0, max(now, one.not_after) + REMEMBERED)
                for key, (one, _) in fresh.items()
            }
            self._keep(Found((clients_refused(tuple(fresh.values()), now),), marks), now)

    def _keep(self, found: Found, now: datetime) -> None:
        if not found.notices and not found.marks:
            return
        with told(), self._changes.keeping.begin() as work:
            work.notifications.add(found.notices)
            work.notifications.warn(found.marks, now)

    def _thresholds(self) -> tuple[tuple[timedelta, ...], tuple[timedelta, ...]]:
        expiry = self._changes.gatekeeper.prepared.document.notifications.expiry
        days = tuple(timedelta(days=one) for one in expiry.days)
        return days, tuple(timedelta(hours=one) for one in expiry.crl_hours)

    def _certificates(self, known: Mapping[str, int], now: datetime) -> Found:
        days, _ = self._thresholds()
        groups: dict[tuple[Held, timedelta], list[Dated]] = {}
        marks = {}
        for key, one in self._of_ours().items():
            life = Life(one.not_before, one.not_after)
            reached = to_tell(life, now, days, _seconds(known.get(key)))
            if reached is not None:
                groups.setdefault((one.held, reached), []).append(one)
                marks[key] = _mark(reached, one.not_after, now)
        notices = (
            certificates_end(held, reached, found, now) for (held, reached), found in groups.items()
        )
        return Found(tuple(notices), marks)

    def _of_ours(self) -> dict[str, Dated]:
        """Each certificate once, with all places it is in."""
        found: dict[str, Dated] = {}
        for one in (*self._dated(), *self._between()):
            key = f"certificate:{one.fingerprint.hex()}"
            same = found.get(key)
            if same is None:
                found[key] = one
            elif same.held is one.held:
                found[key] = replace(same, where=f"{same.where}, {one.where}")
        return found

    def _between(self) -> Iterator[Dated]:
        for one in self._intermediates().certificates:
            # Nobody is cut off by the end of an authority that is out of use.
            if one.not_after >= self._changes.clock():
                yield Dated(
                    held=Held.INTERMEDIATE,
                    fingerprint=one.sha256,
                    subject=one.subject,
                    where="",
                    not_after=one.not_after,
                    not_before=one.not_before,
                )

    def _crls(self, known: Mapping[str, int], now: datetime) -> Found:
        _, hours = self._thresholds()
        groups: dict[timedelta, list[tuple[tuple[str, str, str], datetime]]] = {}
        marks = {}
        for label, (begins, ends) in lives_of(self._crl_places()).items():
            # Of each list anew: it is another one when its end is another.
            key = f"crl:{hash_of(*label)}:{ends.isoformat()}"
            reached = to_tell(Life(begins, ends), now, hours, _seconds(known.get(key)))
            if reached is not None:
                groups.setdefault(reached, []).append((label, ends))
                marks[key] = _mark(reached, ends, now)
        notices = (lists_end(reached, found, now) for reached, found in groups.items())
        return Found(tuple(notices), marks)

    def _clients(self, known: Mapping[str, int], now: datetime) -> Found:
        days, _ = self._thresholds()
        marks = {one: f"clients:{one.total_seconds():.0f}" for one in days}
        last = {
            one: datetime.fromtimestamp(known[key], UTC)
            for one, key in marks.items()
            if key in known
        }
        notices, upto = [], {}
        for window in windows(now, days, last):
            found = tuple(self._within(window, now))
            if found:
                notices.append(clients_end(window.threshold, found, now))
            mark = Warned(int(window.upto.timestamp()), window.upto + REMEMBERED)
            upto[marks[window.threshold]] = mark
        return Found(tuple(notices), upto)

    def _within(self, window: Window, now: datetime) -> Iterator[Client]:
        only = ClientFilter(
            verdicts=WENT_ON,
            expiring_after=window.after,
            expiring_before=window.upto,
            seen_since=now - SEEN_WITHIN,
        )
        cursor, left = None, MOST_CLIENTS
        while left > 0:
            with reading(self._changes.keeping) as work:
                page = work.clients.page(
                    only, order=ClientOrder.NOT_AFTER, after=cursor, limit=_PAGE
                )
            yield from (one for one in page.items if _deserves(one, window.threshold))
            cursor, left = page.next, left - _PAGE
            if cursor is None:
                return


def _deserves(client: Client, threshold: timedelta) -> bool:
    begins = None
    with suppress(FactsDamaged):
        begins = decode(client.facts).not_before
    return Life(begins, client.not_after).deserves(threshold)


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


def _mark(reached: timedelta, ends: datetime, now: datetime) -> Warned:
    return Warned(int(reached.total_seconds()), max(ends, now) + REMEMBERED)
