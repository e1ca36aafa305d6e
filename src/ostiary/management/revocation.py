"""Revocation lists in force: where they come from, how fresh they are, and fetching at once."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ostiary.config.model.revocation_fetch import is_url
from ostiary.config.revocation_checks import asks_ocsp, follows_points, list_urls
from ostiary.kernel.problems import ConfigRefused
from ostiary.management.actors import Actor
from ostiary.management.changes import Changes
from ostiary.management.errors import Forbidden, NotThere
from ostiary.management.ocsp import ocsp_view
from ostiary.management.refusing import engine_refuses
from ostiary.management.revocation_views import (
    Freshness,
    ListView,
    RevocationView,
    SourceKind,
    SourceView,
)
from ostiary.services.list_sources import SourceState, newest_of
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import Role
from ostiary.x509.revocation import RevocationList

_WORST_LAST = tuple(Freshness)
_LAST_PART = 4


class Revocations:
    """Sources of revocation lists."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def view(self) -> RevocationView:
        """All of them, as they are now."""
        gatekeeper, now = self._changes.gatekeeper, self._changes.clock()
        prepared = gatekeeper.prepared
        states = {one.source: one for one in gatekeeper.list_sources()}
        looking = _Looking(then=tuple(_consequences(prepared)), now=now)
        written = [looking.at_file(*one) for one in _files(prepared)]
        for url in list_urls(prepared.document):
            lists = prepared.fetched.by_url.get(url, ())
            written.append(looking.at_url(url, SourceKind.URL, lists, states.get(url)))
        found = [
            looking.at_url(one.source, SourceKind.POINT, one.lists, one)
            for one in sorted(states.values(), key=lambda one: one.source)
            if one.found
        ]
        return RevocationView(
            sources=(*written, *found), ocsp=ocsp_view(prepared, gatekeeper.ocsp(), looking.then)
        )

    async def fetch(self, actor: Actor, source: str | None) -> None:
        """Ask one URL, or read one file again, or all, at once; returns when what came of it acts.

        Raises Forbidden, NotThere, EngineRefuses; what an answer is worth tells ``view``.
        """
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        gatekeeper = self._changes.gatekeeper
        file = source and file_followed(gatekeeper.prepared, source)
        urls = {one.source for one in gatekeeper.list_sources()}
        if source is not None and not file and source not in urls:
            raise NotThere("source of lists to fetch", source)
        try:
            await gatekeeper.fetch_lists(file or source)
        except ConfigRefused as refused:
            raise engine_refuses(refused) from refused


def file_followed(prepared: Prepared, named: str) -> str | None:
    """The absolute path by which this file is followed, if it is one of lists: the same may be
    named in other ways."""
    if "\0" in named:
        return None
    wanted = os.path.realpath(str(prepared.folder / named))
    files = (one for one in prepared.gathered.lists.files if "-----BEGIN" not in one)
    return next((one for one in files if os.path.realpath(one) == wanted), None)


def _files(prepared: Prepared) -> Iterator[tuple[str, tuple[RevocationList, ...]]]:
    """As they are written in the document, and what they hold."""
    files, folder = prepared.gathered.lists.files, prepared.folder
    document = prepared.document
    revocation = document.client_certificate_auth.revocation
    node = document.https.options.crl if document.https else ()
    for text in (*node, *((revocation and revocation.crl) or ())):
        if not is_url(text):
            written_out = "-----BEGIN" in text
            file = files.get(text if written_out else str(folder / text))
            name = "(written in the file)" if written_out else text
            yield name, file.every if file else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looking:
    then: tuple[str, ...]
    now: datetime

    def at_url(
        self,
        url: str,
        kind: SourceKind,
        lists: Iterable[RevocationList],
        state: SourceState | None,
    ) -> SourceView:
        found = self._at(url, kind, lists)
        if state is None:
            return found
        return replace(found, confirmed=state.confirmed, next_try=state.next_try, error=state.error)

    def at_file(self, name: str, lists: Iterable[RevocationList]) -> SourceView:
        return self._at(name, SourceKind.FILE, lists)

    def _at(self, source: str, kind: SourceKind, lists: Iterable[RevocationList]) -> SourceView:
        shown = tuple(_list(one, self.now) for one in newest_of(lists))
        fresh = (one.freshness for one in shown)
        ends = (one.next_update for one in shown if one.next_update and not one.fault)
        return SourceView(
            source=source,
            kind=kind,
            freshness=max(fresh, key=_WORST_LAST.index, default=Freshness.MISSING),
            ends=min(ends, default=None),
            then=self.then,
            lists=shown,
        )


def _list(one: RevocationList, now: datetime) -> ListView:
    return ListView(
        issuer=one.issuer,
        kind="whole" if one.base is None else "delta",
        number=one.number if one.number >= 0 else None,
        entries=one.count,
        this_update=one.this_update,
        next_update=one.next_update,
        freshness=_freshness(one, now),
        fault=one.fault or "",
    )


def _freshness(one: RevocationList, now: datetime) -> Freshness:
    if one.fault or one.next_update is None:
        return Freshness.UNUSABLE
    if now < one.this_update:
        return Freshness.NOT_BEGUN
    if one.next_update <= now:
        return Freshness.ENDED
    part = (one.next_update - one.this_update) / _LAST_PART
    return Freshness.SOON if one.next_update - now < part else Freshness.CURRENT


def _consequences(prepared: Prepared) -> Iterator[str]:
    """What the end of a list means where which mode acts."""
    document, acts = prepared.document, prepared.effective
    lists = prepared.crl_places or list_urls(document) or follows_points(document)
    named = lists or asks_ocsp(document)
    policies = [("the gateway", acts.gateway)]
    policies += [(repr(name), acts.apis[name]) for name in sorted(acts.overriding)]
    places: dict[tuple[str, timedelta], list[str]] = {}
    for where, policy in policies:
        mode: str = policy.revocation.value or ("strict" if named else "off")
        grace = policy.grace.value if mode == "strict" else timedelta()
        places.setdefault((mode, grace), []).append(where)
    for (mode, grace), where_all in places.items():
        where = ", ".join(where_all[:5]) + (" and others" if len(where_all) > 5 else "")
        yield _consequence(mode, grace, where)


def _consequence(mode: str, grace: timedelta, where: str) -> str:
    if mode == "off":
        return f"off at {where}: nothing, no list is looked in"
    if mode == "soft":
        return (
            f"soft at {where}: who isn't known as revoked passes, and is told as "
            "revocation-undetermined"
        )
    late = f", {_told(grace)} after that" if grace else ""
    return f"strict at {where}: its clients are refused{late}, as revocation-undetermined"


def _told(span: timedelta) -> str:
    """As the configuration file writes it."""
    seconds = int(span.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    return next(f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0)
