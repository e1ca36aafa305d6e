"""A management that keeps everything in memory, for pages; answers as the real one does.

Only what pages need is worked out: a change bumps the revision, refuses what is stale, and tells
one fixed preview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from ostiary.config.effective import AuthType, Source
from ostiary.config.model.name_rule import NameRule
from ostiary.management.actors import Actor, Order
from ostiary.management.blocking import Whom
from ostiary.management.described import NOTHING_MORE, Described
from ostiary.management.errors import (
    BadCredential,
    Fault,
    Forbidden,
    InUse,
    MustConfirm,
    NotThere,
    Stale,
    TooManyAttempts,
    Unacceptable,
    Unavailable,
)
from ostiary.management.management import Management
from ostiary.management.revocation_views import RevocationView
from ostiary.management.sights import ChangeView, StoreState, TokenView
from ostiary.management.views import (
    AdviceView,
    ComponentView,
    Expiry,
    LookupView,
    NameTrialView,
    NameView,
    Page,
    Setting,
    TrustedView,
)
from ostiary.store.database.records import Role
from tests.doors.console import sample
from tests.doors.console.chamber import Chamber
from tests.doors.console.guests import Guests, shared_guests
from tests.doors.console.notices import Notices
from tests.doors.console.sample import NOW, days

SECRET = "ost_sample"
_PARTS = {
    "required": ("policy", "required"),
    "reportOnly": ("policy", "report_only"),
    "allow": ("policy", "allow"),
    "headerPreset": ("header", "preset"),
    "headerName": ("header", "name"),
    "headerFormat": ("header", "format"),
    "trustedProxies": ("header", "trusted_proxies"),
    "proxyProtocol": ("header", "proxy_protocol"),
}


class Desk:
    """The state, and the parts of ``Management`` at once."""

    def __init__(self) -> None:
        self.now_revision = 41
        self.view = sample.gateway()
        self.names_list = list(sample.TRUSTED_NAMES)
        self.overview_view = sample.overview()
        self.state_view = sample.SOUND
        self.event_list = list(sample.EVENTS)
        self.client_list = sample.CLIENTS
        self.api_views = {
            one.name: one
            for one in (
                sample.api(
                    "orders", ("api.example.com /orders/*",), tuple(self.names_list), own=False
                ),
                sample.api(
                    "devices",
                    ("api.example.com /devices/*", "/v1/devices/*"),
                    ("CN=device-*,**",),
                    own=True,
                ),
                sample.api("status", ("* /status",), tuple(self.names_list), own=False),
            )
        }
        self.library = Shelf(self)
        self.trusted = Trust(self)
        self.names = NameList(self)
        self.settings = Settings(self)
        self.sightings = Sights(self)
        self.tokens = Tokens(self)
        self.recovery = Recovery(self)
        self.audit = Audit()
        self.blocking = Blocks(self)
        self.revocations = Sources(self)
        self.notifications = Notices()
        self.real_walks = False

    @cached_property
    def chamber(self) -> Chamber:
        """The authority."""
        return Chamber()

    @property
    def guests(self) -> Guests:
        """Consumers and pipelines; only to be looked at, for all desks share them."""
        return shared_guests()

    @property
    def consumers(self) -> Any:
        """Users, apps, credentials, scopes."""
        return self.guests.consumers

    @property
    def flows(self) -> Any:
        """Pipelines."""
        return self.guests.flows

    @property
    def authority(self) -> Any:
        """What it issued."""
        return self.chamber.authority

    @property
    def foundation(self) -> Any:
        """How it is followed up."""
        return self.chamber.foundation

    @property
    def reception(self) -> Any:
        """Who asks it."""
        return self.chamber.reception

    def as_management(self) -> Management:
        """For callers that are typed."""
        return cast(Management, self)

    def ordered(self, order: Order) -> ChangeView | None:
        """Refuse, or tell the preview; None: do it, and call ``changed``."""
        if not order.actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        if order.if_match is not None and order.if_match != self.now_revision:
            raise Stale(order.if_match, self.now_revision)
        if order.dry_run:
            return ChangeView(
                applied=False,
                revision=self.now_revision,
                reloaded=False,
                object="",
                preview=sample.PREVIEW,
            )
        return None

    def changed(self, made: str = "", *, reloaded: bool = False) -> ChangeView:
        """What is answered when it acts."""
        self.now_revision += 1
        return ChangeView(applied=True, revision=self.now_revision, reloaded=reloaded, object=made)


class Part:
    """A part of management."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk


class Settings(Part):
    def revision(self) -> int:
        return self.desk.now_revision

    def gateway(self) -> Any:
        desk = self.desk
        names = tuple(desk.names_list)
        policy = replace(
            desk.view.policy, names=Setting(names, Source.STORE), names_count=len(names)
        )
        return replace(
            desk.view, policy=policy, revision=desk.now_revision, trusted=len(desk.trusted.rows)
        )

    def apis(self, *, search: str = "") -> Any:
        return tuple(one for one in self.desk.api_views.values() if search in one.name)

    def api(self, name: str) -> Any:
        if name not in self.desk.api_views:
            raise NotThere("API", name)
        return self.desk.api_views[name]

    async def set_gateway(self, order: Order, changes: Mapping[str, object]) -> ChangeView:
        desk = self.desk
        if changes.get("type") == "header" and not (
            changes.get("headerName") or changes.get("headerPreset") or desk.view.header.name.value
        ):
            raise Unacceptable(
                [
                    Fault(
                        where="/headerName",
                        message="type header needs a header's name",
                        way_out="give it, or choose the load balancer",
                    )
                ]
            )
        foretold = desk.ordered(order)
        if foretold:
            return foretold
        for name, value in changes.items():
            self._set(name, value)
        return desk.changed(reloaded="type" in changes)

    def _set(self, name: str, value: Any) -> None:
        desk = self.desk
        if name == "type":
            desk.view = replace(desk.view, type=Setting(AuthType(value), Source.STORE))
            return
        if name in {"allow", "deny"}:
            rules = tuple(NameRule(**rule) for rule in value or ())
            own = {"own_deny": rules} if name == "deny" else {}
            parts = {name: Setting(rules, Source.STORE), **own}
            desk.view = replace(desk.view, policy=replace(desk.view.policy, **cast(Any, parts)))
            return
        group, part = _PARTS[name]
        within = replace(getattr(desk.view, group), **{part: Setting(value, Source.STORE)})
        desk.view = replace(desk.view, **{group: within})

    async def set_api(self, order: Order, name: str, changes: Mapping[str, object]) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        view = self.api(name)
        policy = view.policy
        if "required" in changes:
            policy = replace(
                policy, required=Setting(cast(bool, changes["required"]), Source.STORE)
            )
        if "trustedDistinguishedNames" in changes:
            names = tuple(cast(Sequence[str], changes["trustedDistinguishedNames"] or ()))
            policy = replace(policy, names=Setting(names, Source.STORE), names_count=len(names))
        self.desk.api_views[name] = replace(view, policy=policy, overrides=True)
        return self.desk.changed()

    async def clear_api(self, order: Order, name: str) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        paths = self.api(name).endpoints
        self.desk.api_views[name] = sample.api(name, paths, tuple(self.desk.names_list), own=False)
        return self.desk.changed()


class Shelf(Part):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.items = {
            1: self._item(
                1,
                "devices-ca",
                "Issues the devices' certificates",
                "CN=Example Devices CA,O=Example",
                (1500,),
            ),
            2: self._item(
                2,
                "partner-ca",
                "Partner Ltd, their root",
                "CN=Partner Root,O=Partner Ltd",
                (54, 900),
            ),
            3: self._item(3, "legacy-ca", "", "CN=Legacy CA,O=Example", (-3,)),
            4: self._item(
                4,
                "payments-ca",
                "New root for payments",
                "CN=Payments CA,OU=Payments,O=Example",
                (3000,),
            ),
        }

    def _item(
        self, number: int, name: str, about: str, subject: str, ends: tuple[int, ...]
    ) -> ComponentView:
        versions = tuple(
            sample.version(at, subject, days(end), trusted=at == 1 and number < 4)
            for at, end in enumerate(ends, 1)
        )[::-1]
        return ComponentView(
            id=number,
            name=name,
            description=about,
            created=days(-20),
            created_by="token:first",
            newest=versions[0],
            count=len(versions),
            versions=versions,
        )

    def components(self, *, search: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        found = tuple(one for one in self.items.values() if search in one.name + one.description)
        return Page(items=found, total=len(found))

    def component(self, component: int) -> ComponentView:
        if component not in self.items:
            raise NotThere("certificate", str(component))
        return self.items[component]

    def certificates(self, component: int, version: int) -> Any:
        one = next(v for v in self.component(component).versions if v.number == version)
        return (sample.certificate(one.subject, one.expires_on),)

    def lookup(self, *, search: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        trusted = {row.component for row in self.desk.trusted.rows}
        found = tuple(
            LookupView(
                component=one.id,
                version=one.newest.number,
                name=one.name,
                description=one.description,
                subject=one.newest.subject,
                issued_on=one.newest.issued_on,
                expires_on=one.newest.expires_on,
                expiry=one.newest.expiry,
            )
            for one in self.items.values()
            if one.newest
            and one.id not in trusted
            and search in one.name
            and one.newest.expiry is not Expiry.EXPIRED
        )
        return Page(items=found, total=len(found))

    async def add(
        self,
        order: Order,
        *,
        name: str,
        description: str = "",
        upload: bytes,
        password: str | None = None,
    ) -> ChangeView:
        if b"BEGIN CERTIFICATE" not in upload:
            raise Unacceptable(
                [
                    Fault(
                        where="/upload",
                        message="this holds something else: no certificate",
                        way_out="give PEM, DER, PKCS#7 or PKCS#12",
                    )
                ]
            )
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        number = max(self.items) + 1
        self.items[number] = self._item(number, name, description, f"CN={name}", (700,))
        return self.desk.changed(str(number))

    async def add_version(
        self, order: Order, component: int, *, upload: bytes, password: str | None = None
    ) -> ChangeView:
        one = self.component(component)
        newest = sample.version(one.count + 1, one.versions[0].subject, days(1200))
        self.items[component] = replace(
            one, newest=newest, count=one.count + 1, versions=(newest, *one.versions)
        )
        return self.desk.changed(str(newest.number))

    async def describe(
        self,
        order: Order,
        component: int,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> ChangeView:
        one = self.component(component)
        self.items[component] = replace(one, name=name or one.name, description=description or "")
        return self.desk.changed()

    async def retire(
        self, order: Order, component: int, version: int, *, retired: bool = True
    ) -> ChangeView:
        one = self.component(component)
        versions = tuple(
            replace(v, retired=retired) if v.number == version else v for v in one.versions
        )
        self.items[component] = replace(one, versions=versions)
        return self.desk.changed()

    async def delete(self, order: Order, component: int) -> ChangeView:
        if any(version.trusted for version in self.component(component).versions):
            raise InUse(
                "a version of it is trusted (delete it from the trusted certificates first)"
            )
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        del self.items[component]
        return self.desk.changed()

    async def delete_version(self, order: Order, component: int, version: int) -> ChangeView:
        foretold = self.desk.ordered(order)
        return foretold or self.desk.changed()


class Trust(Part):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        shelf = desk.library
        self.rows = [
            TrustedView(
                id=None,
                name="clients-ca.pem",
                component=None,
                version=None,
                newest=None,
                subject="CN=Clients CA,O=Example",
                fingerprint=sample.fingerprint("file"),
                certificates=1,
                issued_on=days(-800),
                expires_on=days(2900),
                expiry=Expiry.GOOD,
                locked_by="gateway.config.yml: https.tls.default.ca",
                upgradable=False,
                added=None,
                added_by="",
            ),
            *(self._row(shelf.items[number]) for number in (1, 2, 3)),
        ]

    def _row(self, one: ComponentView, version: int = 1) -> TrustedView:
        found = next(v for v in one.versions if v.number == version)
        return TrustedView(
            id=one.id,
            name=one.name,
            component=one.id,
            version=version,
            newest=one.newest.number if one.newest else None,
            upgradable=bool(one.newest and one.newest.number > version),
            subject=found.subject,
            fingerprint=found.fingerprint,
            certificates=1,
            issued_on=found.issued_on,
            expires_on=found.expires_on,
            expiry=found.expiry,
            locked_by=None,
            added=days(-9),
            added_by="token:first",
        )

    def page(self, *, search: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        found = tuple(row for row in self.rows if search in row.name + row.subject)
        return Page(items=found[:limit], total=len(found))

    def one(self, trusted: int) -> TrustedView:
        found = next((row for row in self.rows if row.id == trusted), None)
        if found is None:
            raise NotThere("trusted certificate", str(trusted))
        return found

    def certificates(self, trusted: int) -> Any:
        row = self.one(trusted)
        return (sample.certificate(row.subject, row.expires_on),)

    def locked_certificate(self, fingerprint: str) -> Any:
        return sample.certificate("CN=Clients CA,O=Example", days(2900))

    async def add(self, order: Order, component: int, version: int | None = None) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        one = self.desk.library.component(component)
        self.rows.append(self._row(one, version or one.versions[0].number))
        return self.desk.changed(str(component))

    async def upgrade(self, order: Order, trusted: int) -> ChangeView:
        row = self.one(trusted)
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        shelf = self.desk.library.component(trusted)
        self.rows[self.rows.index(row)] = self._row(shelf, shelf.versions[0].number)
        return self.desk.changed()

    async def remove(self, order: Order, trusted: int, *, confirm_last: bool = False) -> ChangeView:
        row = self.one(trusted)
        if len(self.rows) == 1 and not confirm_last:
            raise MustConfirm("it is the last trusted certificate, and type certificate needs one")
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.rows.remove(row)
        return self.desk.changed()


class NameList(Part):
    def page(
        self,
        api: str | None = None,
        *,
        search: str = "",
        cursor: str | None = None,
        limit: int = 100,
    ) -> Any:
        found = self.desk.names_list if api is None else self._own(api)
        items = tuple(
            NameView(
                id=at,
                pattern=pattern,
                note="",
                advice=self.advise((pattern,))[0],
                locked_by=None,
                added=days(-4),
                added_by="token:first",
            )
            for at, pattern in enumerate(found)
            if search in pattern
        )
        return Page(items=items[:limit], total=len(items), next="n" if len(items) > limit else None)

    def _own(self, api: str) -> Sequence[str]:
        view = self.desk.settings.api(api)
        return cast(Sequence[str], view.policy.names.value) if view.overrides else ()

    def export(self, api: str | None = None) -> str:
        return "".join(f"{pattern}\n" for pattern in self.desk.names_list)

    def advise(self, patterns: Sequence[str]) -> Any:
        return tuple(self._advice(pattern) for pattern in patterns)

    def _advice(self, pattern: str) -> tuple[AdviceView, ...]:
        if "=" not in pattern:
            return (AdviceView(kind="refused", sentence="an attribute needs a value: CN=…", at=1),)
        if pattern.strip() == "CN=*,**":
            return (AdviceView(kind="broader-than-it-looks", sentence="fits every subject"),)
        return ()

    def test(
        self,
        api: str | None = None,
        *,
        subjects: Sequence[str] = (),
        upload: bytes | None = None,
        patterns: Sequence[str] | None = None,
    ) -> Any:
        return tuple(
            NameTrialView(
                subject=one,
                passes="Example" in one,
                by=self.desk.names_list[0] if "Example" in one else "",
                sentence="fits" if "Example" in one else "no name fits it",
            )
            for one in subjects
        )

    async def add(
        self, order: Order, api: str | None, patterns: Sequence[str], *, note: str = ""
    ) -> ChangeView:
        wrong = [
            Fault(
                where=f"/patterns/{at}",
                message=f"{pattern!r}: {advice.sentence}",
                way_out="write it as CN=device-*",
            )
            for at, pattern in enumerate(patterns)
            for advice in self._advice(pattern)
            if advice.kind == "refused"
        ]
        if wrong:
            raise Unacceptable(wrong)
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.desk.names_list.extend(patterns)
        return self.desk.changed()

    async def remove(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.desk.names_list = [one for one in self.desk.names_list if one not in patterns]
        return self.desk.changed()

    async def replace(self, order: Order, api: str | None, patterns: Sequence[str]) -> ChangeView:
        self.desk.names_list = list(patterns)
        return self.desk.changed()

    async def load(
        self, order: Order, api: str | None, text: str, *, replace: bool = False
    ) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        lines = [line for line in text.split("\n") if line and not line.startswith("#")]
        self.desk.names_list = lines if replace else [*self.desk.names_list, *lines]
        return self.desk.changed()


class Blocks(Part):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rows = [
            sample.blocked(7, "CN=old-scanner,O=Example Devices,C=DE"),
            sample.blocked(6, "", issuer="CN=Devices CA,O=Example", serial="0A1F", fingerprint=""),
        ]

    def page(self, *, search: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        found = tuple(one for one in self.rows if search.lower() in one.subject.lower())
        return Page(items=found, total=len(found))

    def one(self, number: int) -> Any:
        found = next((one for one in self.rows if one.id == number), None)
        if found is None:
            raise NotThere("blocked certificate", str(number))
        return found

    async def block(
        self, order: Order, whom: Whom, *, note: str = "", until: datetime | None = None
    ) -> ChangeView:
        if any(len(one.replace(":", "")) != 64 for one in whom.fingerprints):
            raise Unacceptable.one("no SHA-256 fingerprint", "write 64 digits", "/fingerprints/0")
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        fingerprint = (whom.fingerprints or ("ab" * 32,))[0]
        row = sample.blocked(8, "", fingerprint=fingerprint, note=note, until=until)
        self.rows = [row, *self.rows]
        self._mark(fingerprint, 8)
        return self.desk.changed("8")

    async def unblock(self, order: Order, number: int) -> ChangeView:
        gone = self.one(number)
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.rows = [one for one in self.rows if one.id != number]
        self._mark(gone.fingerprint, None)
        return self.desk.changed()

    def _mark(self, fingerprint: str, number: int | None) -> None:
        self.desk.client_list = tuple(
            replace(one, blocked=number) if one.fingerprint == fingerprint else one
            for one in self.desk.client_list
        )


class Sights(Part):
    def overview(self) -> Any:
        return self.desk.overview_view

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
    ) -> Any:
        found = tuple(
            one
            for one in self.desk.client_list
            if search.lower() in one.subject.lower()
            and issuer.lower() in one.issuer.lower()
            and (admitted is None or one.admitted == admitted)
            and (expiring_days is None or one.expiry is not Expiry.GOOD)
        )
        return Page(items=found, total=len(found))

    def client(self, fingerprint: str) -> Any:
        found = next((one for one in self.desk.client_list if one.fingerprint == fingerprint), None)
        if found is None:
            raise NotThere("client", fingerprint)
        return found

    def events(self, *, after: int = 0, limit: int = 100) -> Any:
        return tuple(one for one in self.desk.event_list if one.id > after)[:limit]

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
    ) -> Any:
        if upload is not None and b"BEGIN" not in upload:
            raise Unacceptable([Fault(where="/upload", message="this holds no certificate")])
        if self.desk.real_walks:
            real = self.desk.guests.rig.management.sightings
            return real.explain(actor, upload=upload, url=url, method=method, more=more)
        return (sample.EXPLAINED,)


class Tokens(Part):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.items = [
            TokenView(
                id=1,
                name="first",
                role=Role.ADMIN,
                prefix="ost_8sk2",
                created=days(-40),
                created_by="start",
                expires=None,
                last_used=NOW,
                active=True,
            ),
            TokenView(
                id=2,
                name="ci",
                role=Role.OPERATOR,
                prefix="ost_91ab",
                created=days(-30),
                created_by="token:first",
                expires=days(60),
                last_used=None,
                active=True,
            ),
        ]

    def all(self) -> Any:
        return tuple(self.items[::-1])

    async def make(
        self, order: Order, *, name: str, role: Role, expires: datetime | None = None
    ) -> TokenView:
        if not order.actor.may(Role.ADMIN):
            raise Forbidden(Role.ADMIN)
        made = TokenView(
            id=len(self.items) + 1,
            name=name,
            role=role,
            prefix="ost_new0",
            created=NOW,
            created_by=order.actor.name,
            expires=expires,
            last_used=None,
            active=True,
        )
        self.items.append(made)
        return replace(made, secret="ost_new0_shown_once")

    async def revoke(self, order: Order, token: int) -> ChangeView:
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.items[token - 1] = replace(self.items[token - 1], active=False)
        return self.desk.changed()


class Recovery(Part):
    def state(self) -> Any:
        return self.desk.state_view

    async def recover(self, order: Order) -> ChangeView:
        if self.desk.state_view.database is StoreState.DAMAGED:
            if order.dry_run:
                raise Unavailable("the database is damaged")
            self.desk.now_revision -= 1
        foretold = self.desk.ordered(order)
        if foretold:
            return foretold
        self.desk.state_view = sample.SOUND
        return self.desk.changed()


class Sources(Part):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.seen = sample.REVOCATION

    def view(self) -> RevocationView:
        return self.seen

    async def fetch(self, actor: Actor, source: str | None) -> None:
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        sources = tuple(
            replace(one, error="") if one.source == source else one for one in self.seen.sources
        )
        self.seen = replace(self.seen, sources=sources)


class Audit:
    def page(
        self,
        *,
        actor: str = "",
        action: str = "",
        about: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Any:
        return Page(items=tuple(one for one in sample.AUDIT if actor in one.actor)[:limit])


class FakeSession:
    """Somebody with a role."""

    def __init__(self, role: Role) -> None:
        self.actor = Actor(name="token:first", role=role, address="127.0.0.1")
        self.csrf = "forms-of-this-session"


class FakeSessions:
    """Whoever has the cookie is logged in; its value is the role."""

    attempts_left = 5

    def of(self, request: Request) -> FakeSession | None:
        role = request.cookies.get("who")
        return FakeSession(Role(role)) if role else None

    def begin(self, request: Request, secret: str, response: Response) -> FakeSession:
        if self.attempts_left <= 0:
            raise TooManyAttempts(30)
        if secret != SECRET:
            self.attempts_left -= 1
            raise BadCredential("no")
        response.set_cookie("who", "admin", httponly=True, samesite="strict")
        return FakeSession(Role.ADMIN)

    def end(self, request: Request, response: Response) -> None:
        response.delete_cookie("who")

    def genuine(self, request: Request, csrf: str) -> bool:
        if request.url.path == "/console/login":
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return csrf == "forms-of-this-session"
