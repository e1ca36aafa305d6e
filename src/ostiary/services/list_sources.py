"""Revocation lists that are fetched: what replaces what, and when to look again.

What comes from a network may come from anybody: an old list, another authority's, one that nobody
has signed. Such a list must never push out one that is believed.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ostiary.config.model.document import Document
from ostiary.config.revocation_checks import follows_points, list_urls
from ostiary.kernel.errors import OstiaryError
from ostiary.services.lists import ListFile, kind_of_list
from ostiary.x509.revocation import RevocationList

MOST_COPIES = 8
"""Contents of one source that are kept beside each other, where each has a list of its own."""

_MOST_WAITING = 2
"""Of those, contents with lists that nobody can verify yet, beside the newest."""

SHORTEST = timedelta(seconds=15)
_FIRST_PAUSE = timedelta(seconds=15)

Path = tuple[str | int, ...]

_REVOCATION: Path = ("clientCertificateAuth", "revocation")

Believes = Callable[[RevocationList], bool]
"""Whether somebody who is known has signed the list."""


class NotTaken(OstiaryError):
    """What was fetched does not replace what is there."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one source gave: the newest content, and those before with lists that it lacks."""

    copies: tuple[ListFile, ...] = ()

    @property
    def every(self) -> tuple[RevocationList, ...]:
        """All lists that may count."""
        return tuple(dict.fromkeys(one for copy in self.copies for one in copy.lists))

    @property
    def newest(self) -> tuple[RevocationList, ...]:
        """Those of the newest content."""
        return self.copies[0].lists if self.copies else ()

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the contents, newest first."""
        return tuple(one.digest for one in self.copies)


def take_in(held: Held, new: ListFile, believes: Believes) -> Held:
    """Put new content in front; what it does not replace stays.

    RFC 5280 5.2.3: numbers only grow. What nobody can verify yet, as its issuer isn't known,
    replaces nothing: it waits beside the others, and which is the newest is found when it can be
    verified. Raises NotTaken where the new content is of no more use than what is there.
    """
    before = tuple(filter(believes, held.every))
    fit = tuple(filter(believes, new.lists))
    if before and not fit:
        who = new.lists[0].issuer
        raise NotTaken(
            f"the list in the name of {who!r} is signed by nobody who is known; the one before "
            "stays"
        )
    newest = max(fit, key=lambda one: one.number, default=None)
    if newest and all(any(_is_older(one, other) for other in before) for one in fit):
        raise NotTaken(
            f"the list of {newest.issuer!r} is older (number {newest.number}) than the one before, "
            "which stays"
        )
    stay = {one for one in before if not any(_replaces(other, one) for other in fit)}
    others = [one for one in held.copies if one.digest != new.digest]
    kept = [one for one in others if not stay.isdisjoint(one.lists)]
    known = {kind_of_list(one) for one in (*before, *fit)}
    waiting = _waiting([one for one in others if one not in kept], known)
    return Held((new, *kept, *waiting)[:MOST_COPIES])


def _waiting(copies: Iterable[ListFile], known: Set[object]) -> tuple[ListFile, ...]:
    """Those with lists of which nobody can say yet whether they were replaced; of too many the
    highest numbers. ``known``: kinds of lists whose signers are."""
    ages = [
        (max((one.number, one.this_update) for one in lists), copy)
        for copy in copies
        if (lists := [one for one in copy.lists if kind_of_list(one) not in known])
    ]
    ages.sort(key=lambda one: one[0], reverse=True)
    return tuple(copy for _, copy in ages[:_MOST_WAITING])


def _replaces(new: RevocationList, one: RevocationList) -> bool:
    return kind_of_list(new) == kind_of_list(one) and not _is_older(new, one)


def _is_older(one: RevocationList, other: RevocationList) -> bool:
    """Whether both are about the same, and the other one is newer."""
    if kind_of_list(one) != kind_of_list(other):
        return False
    if one.number >= 0 and other.number >= 0:
        return one.number < other.number
    return one.this_update < other.this_update


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """All lists that were fetched, at one moment."""

    by_url: Mapping[str, tuple[RevocationList, ...]] = field(default_factory=dict)
    """Of the URLs that are written in the file."""
    found: tuple[tuple[str, tuple[RevocationList, ...]], ...] = ()
    """By URL, of certificates' distribution points."""


NOTHING_FETCHED = Fetched()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How one source is, for people."""

    source: str
    """Its URL."""
    found: bool
    """A certificate named it, the configuration does not."""
    lists: tuple[RevocationList, ...]
    confirmed: datetime | None
    """When it last told what its newest content is; aware."""
    asked: datetime | None
    """When it was last asked, with or without success."""
    next_try: datetime | None
    """None while the gateway is stopped."""
    error: str
    """Why the last question came to nothing; empty if it didn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Of what was fetched, what a document asks for; each list with the place that brings it."""

    written: tuple[tuple[Path, RevocationList], ...]
    found: tuple[tuple[Path, RevocationList], ...]
    complete: bool
    """False: some list is still to come, so that nothing can be said about lists that lack."""

    @property
    def every(self) -> tuple[RevocationList, ...]:
        """Each once."""
        return tuple(dict.fromkeys(one for _, one in (*self.written, *self.found)))


def wanted_lists(document: Document, fetched: Fetched) -> Wanted:
    """What counts for this document."""
    urls, follows = list_urls(document), follows_points(document)
    return Wanted(
        written=tuple(
            ((*_REVOCATION, "crl", number), one)
            for url, number in urls.items()
            for one in fetched.by_url.get(url, ())
        ),
        found=tuple(
            ((*_REVOCATION, "fetch", "distributionPoints"), one)
            for _, lists in (fetched.found if follows else ())
            for one in lists
        ),
        complete=not follows and all(url in fetched.by_url for url in urls),
    )


def next_look(now: datetime, ends: datetime | None, every: timedelta, chance: float) -> datetime:
    """When to look for the list after one that ends at ``ends`` (None: unknown).

    ``chance`` (0 to 1) spreads the looks of many gateways. Between half and three quarters of the
    time that is left, so that several more looks may fail.
    """
    wait = every * (0.9 + 0.1 * chance)
    if ends is not None and ends > now:
        wait = min(wait, (ends - now) * (0.5 + 0.25 * chance))
    return now + max(wait, SHORTEST)


def next_try(now: datetime, failures: int, every: timedelta, chance: float) -> datetime:
    """When to try again after so many failures in a row (1 and more): later each time."""
    pause = min(_FIRST_PAUSE * (1 << min(failures - 1, 16)), every)
    return now + pause * (0.5 + 0.5 * chance)


def newest_of(lists: Iterable[RevocationList]) -> tuple[RevocationList, ...]:
    """Of several lists about the same the newest."""
    newest: dict[object, RevocationList] = {}
    for one in lists:
        before = newest.get(kind_of_list(one))
        if before is None or _is_older(before, one):
            newest[kind_of_list(one)] = one
    return tuple(newest.values())


def nearest_end(lists: Iterable[RevocationList]) -> datetime | None:
    """When the first of the newest lists ends; those that can't be used are left out."""
    usable = newest_of(one for one in lists if one.fault is None)
    return min((one.next_update for one in usable if one.next_update), default=None)
