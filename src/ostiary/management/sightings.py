"""What was seen: overview, clients, events, and why."""

import importlib.metadata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ostiary.kernel.errors import WrongUse
from ostiary.management.actors import Actor
from ostiary.management.changes import Changes
from ostiary.management.clients import ClientView
from ostiary.management.described import NOTHING_MORE, Described
from ostiary.management.errors import NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.locked import locked_anchors
from ostiary.management.pages import checked_limit, client_cursor, of_client_cursor
from ostiary.management.ports import Asked, Explain
from ostiary.management.shelf import read_uploaded
from ostiary.management.showing import by_subject, certificate_view
from ostiary.management.sighted import (
    banners,
    client_view,
    event_view,
    explain_view,
    points,
    refusals,
)
from ostiary.management.sights import EventView, ExpiringKind, ExpiringView, OverviewView
from ostiary.management.truststore import Recovery
from ostiary.management.trying import address_of, headers_of, proof_of
from ostiary.management.views import SOON_DAYS, Page
from ostiary.management.walks import ExplainView
from ostiary.services.credentials import NO_PROOF, Proof
from ostiary.services.lists import ends_of
from ostiary.store.database.records import ClientFilter, ClientOrder, Role
from ostiary.telemetry.expiry import Dated, Expiring, Held, expiring
from ostiary.telemetry.hub import Telemetry
from ostiary.telemetry.noting import WENT_ON
from ostiary.trust.reason import Reason
from ostiary.x509.pem import read_certificates

_REFUSED = frozenset(reason.code for reason in Reason)
_SHOWN_EXPIRING = 20
_MOST_EXPIRING = 1_000
_MOST_DAYS = 36_500


class Sightings:
    """What was seen: overview, clients, events, and why."""

    def __init__(
        self, changes: Changes, recovery: Recovery, telemetry: Telemetry, explain: Explain
    ) -> None:
        self._changes = changes
        self._recovery = recovery
        self._telemetry = telemetry
        self._explain = explain
        self._started = changes.clock()

    def overview(self) -> OverviewView:
        """The first page."""
        now = self._changes.clock()
        prepared = self._changes.gatekeeper.prepared
        ending = self.expiring()
        with reading(self._changes.keeping) as work:
            clients = work.clients.count()
            trusted = work.trusted.count()
        return OverviewView(
            started=self._started,
            now=now,
            traffic=points(self._telemetry.history.last_hour(now)),
            refusals=refusals(self._telemetry.counted()),
            expiring=ending[:_SHOWN_EXPIRING],
            expiring_count=len(ending),
            banners=banners(self._recovery.state(), self._changes.gatekeeper.not_applied),
            apis=len(prepared.document.api_endpoints),
            trusted=trusted + len(locked_anchors(prepared)),
            clients=clients,
            type=prepared.effective.type.value.value,
            version=importlib.metadata.version("ostiary"),
        )

    def clients(
        self,
        *,
        search: str = "",
        api: str | None = None,
        admitted: bool | None = None,
        expiring_days: int | None = None,
        seen_days: int | None = None,
        issuer: str = "",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ClientView]:
        """Latest first; by nearest end with ``expiring_days``."""
        now = self._changes.clock()
        wanted = WENT_ON if admitted else _REFUSED
        only = ClientFilter(
            search=search,
            verdicts=frozenset() if admitted is None else wanted,
            expiring_before=None if expiring_days is None else now + _days(expiring_days),
            api=api,
            seen_since=None if seen_days is None else now - _days(seen_days),
            issuer=issuer,
        )
        order = ClientOrder.LAST_SEEN if expiring_days is None else ClientOrder.NOT_AFTER
        with reading(self._changes.keeping) as work:
            page = work.clients.page(
                only, order=order, after=client_cursor(cursor), limit=checked_limit(limit)
            )
        names, blocked = self._anchor_names(), self._changes.gatekeeper.prepared.blocked
        return Page(
            items=tuple(client_view(one, names, blocked, now) for one in page.items),
            next=of_client_cursor(page.next),
        )

    def client(self, fingerprint: str) -> ClientView:
        """One of them. Raises NotThere."""
        try:
            wanted = bytes.fromhex(fingerprint.replace(":", ""))
        except ValueError as error:
            raise NotThere("client certificate", fingerprint) from error
        with reading(self._changes.keeping) as work:
            found = work.clients.find(wanted)
        if found is None:
            raise NotThere("client certificate", fingerprint)
        blocked = self._changes.gatekeeper.prepared.blocked
        return client_view(found, self._anchor_names(), blocked, self._changes.clock())

    def events(self, *, after: int = 0, limit: int = 100) -> tuple[EventView, ...]:
        """Refusals newer than the one numbered ``after``, oldest first; ``after=0``: the latest."""
        feed, wanted = self._telemetry.feed, checked_limit(limit)
        found = feed.after(after, wanted) if after > 0 else feed.latest(wanted)
        entries = self._telemetry.vocabulary.entries
        return tuple(event_view(one, entries) for one in found)

    async def next_events(self, after: int) -> tuple[EventView, ...]:
        """The same, waiting for the next one."""
        await self._telemetry.feed.wait(after)
        return self.events(after=max(after, 1)) if after else self.events(limit=1)

    def expiring(self, *, days: int = SOON_DAYS) -> tuple[ExpiringView, ...]:
        """Trusted, server and client certificates near their end, nearest first; at most 1000."""
        now, within = self._changes.clock(), _days(days)
        found = expiring(
            (*self._trusted(), *self._servers(), *self._clients(now + within)),
            now,
            within=within,
            most=_MOST_EXPIRING,
        )
        return tuple(map(_expiring_view, found))

    def dated(self) -> tuple[Dated, ...]:
        """Trusted and server certificates with their ends: for metrics, so no client's."""
        return (*self._trusted(), *self._servers())

    def list_ends(self) -> Mapping[tuple[str, str, str], datetime]:
        """When the revocation lists in force end: by setting, issuer, and whole or delta."""
        return ends_of(self._changes.gatekeeper.prepared.crl_places)

    def explain(
        self,
        actor: Actor,
        *,
        upload: bytes | None,
        api: str | None = None,
        url: str | None = None,
        method: str = "GET",
        at: datetime | None = None,
        password: str | None = None,
        more: Described = NOTHING_MORE,
    ) -> tuple[ExplainView, ...]:
        """Why a certificate (None: a client without one) would be let in or not; one answer for
        an API or URL, else one for each TLS entry. Waits for the database: call it in a thread.

        To try a secret needs the role operator: a viewer could guess it here, where nobody counts.
        Raises Unacceptable, NotThere, Forbidden.
        """
        shown = read_uploaded(upload, password) if upload is not None else ()
        if api is not None and api not in self._changes.gatekeeper.prepared.document.api_endpoints:
            raise NotThere("API", api)
        now = self._changes.clock()
        asked = Asked(
            leaf=shown[0].der if shown else b"",
            chain=tuple(one.der for one in shown[1:]),
            api=api,
            url=url,
            method=method,
            at=at or now,
            headers=headers_of(more.headers),
            client=address_of(more.client),
            proof=self._proof(more, at or now),
            may_try=actor.may(Role.OPERATOR),
        )
        try:
            told = self._explain(asked)
        except WrongUse as error:
            raise Unacceptable.one(str(error)) from error
        state = self._changes.state
        known = by_subject((*(state.certificates if state else ()), *shown))
        view = certificate_view(shown[0], now, known) if shown else None
        return tuple(explain_view(one, view) for one in told)

    def _proof(self, more: Described, at: datetime) -> Proof:
        if not (more.key or more.user or more.token or more.consumer):
            return NO_PROOF
        with reading(self._changes.keeping) as work:
            return proof_of(more, work, at)

    def _anchor_names(self) -> dict[bytes, str]:
        state = self._changes.state
        names = {
            one.certificate.sha256: one.where
            for one in locked_anchors(self._changes.gatekeeper.prepared)
        }
        for bundle in state.bundles if state else ():
            for certificate in bundle.certificates:
                names[certificate.sha256] = f"{bundle.component}, version {bundle.version}"
        return names

    def _trusted(self) -> Iterator[Dated]:
        prepared, state = self._changes.gatekeeper.prepared, self._changes.state
        rows = [(one.certificate, one.where) for one in locked_anchors(prepared)]
        for bundle in state.bundles if state else ():
            where = f"{bundle.component}, version {bundle.version}"
            rows.extend((certificate, where) for certificate in bundle.certificates)
        for certificate, where in rows:
            yield Dated(
                held=Held.TRUSTED,
                fingerprint=certificate.sha256,
                subject=certificate.subject,
                where=where,
                not_after=certificate.not_after,
                not_before=certificate.not_before,
            )

    def _servers(self) -> Iterator[Dated]:
        materials = self._changes.gatekeeper.prepared.materials
        pairs = [(f"https.tls.{name}", one.certificate) for name, one in materials.entries.items()]
        if materials.admin is not None:
            pairs.append(("admin.tls", materials.admin.certificate))
        for where, chain in pairs:
            for certificate in read_certificates(chain)[:1]:
                yield Dated(
                    held=Held.SERVER,
                    fingerprint=certificate.sha256,
                    subject=certificate.subject,
                    where=where,
                    not_after=certificate.not_after,
                    not_before=certificate.not_before,
                )

    def _clients(self, before: datetime) -> Iterator[Dated]:
        with reading(self._changes.keeping) as work:
            page = work.clients.page(
                ClientFilter(expiring_before=before),
                order=ClientOrder.NOT_AFTER,
                limit=_MOST_EXPIRING,
            )
        for client in page.items:
            yield Dated(
                held=Held.CLIENT,
                fingerprint=client.fingerprint,
                subject=client.subject,
                where=", ".join(sorted(filter(None, client.apis))),
                not_after=client.not_after,
            )


def _expiring_view(found: Expiring) -> ExpiringView:
    one = found.certificate
    return ExpiringView(
        kind=ExpiringKind(one.held.value),
        name=f"{one.subject} ({one.where})" if one.where else one.subject,
        fingerprint=one.fingerprint.hex(),
        not_after=one.not_after,
        expired=found.expired,
    )


def _days(days: int) -> timedelta:
    if not 0 <= days <= _MOST_DAYS:
        raise Unacceptable.one(f"{days} days can't be looked at", f"ask for 0 to {_MOST_DAYS}")
    return timedelta(days=days)
