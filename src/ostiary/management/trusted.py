"""Gateway trusted certificates."""

import asyncio
from collections.abc import Iterable

from ostiary.config.effective import AuthType
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Conflicting, MustConfirm, NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.locked import LockedAnchor, locked_anchors, takes_certificates
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.shelf import (
    newest_active,
    read_uploaded,
    refuse_bad_words,
    shelve,
    told_version,
)
from ostiary.management.showing import by_subject, certificate_view, expiry
from ostiary.management.sights import ChangeView
from ostiary.management.state import Touched
from ostiary.management.views import CertificateView, Page, TrustedView
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import JsonValue, Role, TrustedEntry, Version
from ostiary.store.database.work import Work
from ostiary.x509.certificate import Certificate
from ostiary.x509.pem import read_certificates

_TOUCHED = frozenset({Touched.TRUSTED})
_SSL_NEEDED = "certificates can be added only when SSL is enabled"  # fourth seed, its words


class TrustedList:
    """Gateway trusted certificates."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[TrustedView]:
        """Locked ones of the file first, then by name."""
        offset, wanted = offset_of(cursor), checked_limit(limit)
        locked = self._locked(search)
        items = [self._locked_view(one) for one in locked[offset : offset + wanted]]
        with reading(self._changes.keeping) as work:
            found = work.trusted.page(
                search=search,
                offset=max(0, offset - len(locked)),
                limit=max(1, wanted - len(items)),
            )
        if len(items) < wanted:
            items.extend(map(self._view, found.items))
        total = len(locked) + found.total
        return Page(items=tuple(items), next=after(offset, len(items), total), total=total)

    def one(self, trusted: int) -> TrustedView:
        """Raises NotThere."""
        with reading(self._changes.keeping) as work:
            return self._view(work.trusted.entry(trusted))

    def certificates(self, trusted: int) -> tuple[CertificateView, ...]:
        """Every field of its certificates. Raises NotThere."""
        with reading(self._changes.keeping) as work:
            entry = work.trusted.entry(trusted).trusted
            pem = work.library.pem(entry.component, entry.version)
        return self._shown(read_certificates(pem.encode()))

    def locked_certificate(self, fingerprint: str) -> CertificateView:
        """One certificate that the file gives. Raises NotThere."""
        for one in locked_anchors(self._changes.gatekeeper.prepared):
            if one.certificate.fingerprint == fingerprint.lower():
                return self._shown((one.certificate,))[0]
        raise NotThere("trusted certificate of the configuration file", fingerprint)

    async def add(self, order: Order, component: int, version: int | None = None) -> ChangeView:
        """Trust a version of a component (None: the newest active one). ``object`` of the answer
        is the row's number. Raises Conflicting, Unacceptable (SSL is not enabled)."""

        def edit(work: Work, moment: Moment) -> Edited:
            _refuse_without_ssl(moment)
            if version is None:
                return _trust(work, _newest(work, component), moment)
            return _trust(work, work.library.version(component, version), moment)

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def add_upload(
        self,
        order: Order,
        *,
        name: str,
        description: str = "",
        upload: bytes,
        password: str | None = None,
    ) -> ChangeView:
        """Put an upload into the library and trust it, both or neither.

        A component of this name that is there already gets it as a new version, which is trusted
        instead of the oldest that is. ``object`` of the answer is the row's number. Raises
        Unacceptable, Conflicting (it is trusted already).
        """
        refuse_bad_words(name, description)
        certificates = await asyncio.to_thread(read_uploaded, upload, password)

        def edit(work: Work, moment: Moment) -> Edited:
            _refuse_without_ssl(moment)
            version, made = shelve(work, name, description, certificates, moment)
            rows = work.trusted.of_component(version.component)
            known = version.number in {row.version for row in rows}
            instead = work.trusted.entry(rows[0].id) if rows and not known else None
            return _trust(work, version, moment, instead=instead, uploaded=made)

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def upgrade(self, order: Order, trusted: int) -> ChangeView:
        """Trust the newest active version of the component instead."""

        def edit(work: Work, moment: Moment) -> Edited:
            entry = work.trusted.entry(trusted)
            newest = _newest(work, entry.component.id)
            if newest.number <= entry.version.number:
                raise Conflicting(f"version {entry.version.number} is the newest one")
            return _trust(work, newest, moment, instead=entry)

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def remove(self, order: Order, trusted: int, *, confirm_last: bool = False) -> ChangeView:
        """Trust it no more. Raises MustConfirm for the last one of type certificate."""

        def edit(work: Work, moment: Moment) -> Edited:
            entry = work.trusted.entry(trusted)
            if not (confirm_last or order.dry_run) and work.trusted.count() == 1:
                _refuse_last(moment.in_force)
            work.trusted.remove(trusted)
            return Edited(
                action="trusted.remove",
                object=str(trusted),
                before=_told(work, entry.version),
                touched=_TOUCHED,
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    def _shown(self, certificates: Iterable[Certificate]) -> tuple[CertificateView, ...]:
        shown = tuple(certificates)
        state, now = self._changes.state, self._changes.clock()
        locked = (one.certificate for one in locked_anchors(self._changes.gatekeeper.prepared))
        known = by_subject((*locked, *(state.certificates if state else ()), *shown))
        return tuple(certificate_view(one, now, known) for one in shown)

    def _locked(self, search: str) -> list[LockedAnchor]:
        wanted = search.lower()
        return [
            one
            for one in locked_anchors(self._changes.gatekeeper.prepared)
            if wanted in one.certificate.subject.lower() or wanted in one.file.lower()
        ]

    def _locked_view(self, one: LockedAnchor) -> TrustedView:
        shown = one.certificate
        return TrustedView(
            id=None,
            name=one.file,
            component=None,
            version=None,
            newest=None,
            subject=shown.subject,
            fingerprint=shown.fingerprint,
            certificates=1,
            issued_on=shown.not_before,
            expires_on=shown.not_after,
            expiry=expiry(shown.not_before, shown.not_after, self._changes.clock()),
            locked_by=one.where,
            upgradable=False,
            added=None,
            added_by="",
        )

    def _view(self, entry: TrustedEntry) -> TrustedView:
        shown = entry.version.summary
        return TrustedView(
            id=entry.trusted.id,
            name=entry.component.name,
            component=entry.component.id,
            version=entry.version.number,
            newest=entry.newest,
            subject=shown.subject,
            fingerprint=shown.fingerprint.hex(),
            certificates=shown.certificates,
            issued_on=shown.not_before,
            expires_on=shown.not_after,
            expiry=expiry(shown.not_before, shown.not_after, self._changes.clock()),
            locked_by=None,
            upgradable=entry.newest is not None and entry.newest > entry.version.number,
            added=entry.trusted.added,
            added_by=entry.trusted.added_by,
        )


def _trust(
    work: Work,
    version: Version,
    moment: Moment,
    *,
    instead: TrustedEntry | None = None,
    **more: JsonValue,
) -> Edited:
    """Trust a version, maybe instead of another one; ``more`` is for the audit log."""
    _refuse_unfit(version, moment)
    if instead is not None:
        work.trusted.remove(instead.trusted.id)
    by = moment.actor.name
    row = work.trusted.add(version.component, version.number, at=moment.at, by=by)
    return Edited(
        action="trusted.add" if instead is None else "trusted.upgrade",
        object=str(row.id),
        before=None if instead is None else _told(work, instead.version),
        after={**_told(work, version), **more},
        touched=_TOUCHED,
    )


def _newest(work: Work, component: int) -> Version:
    newest = newest_active(work, component)
    if newest is None:
        raise Conflicting(f"all versions of component {component} are retired (upload a new one)")
    return newest


def _refuse_without_ssl(moment: Moment) -> None:
    if not takes_certificates(moment.in_force):
        raise Unacceptable.one(_SSL_NEEDED, "add an https section to the configuration")


def _refuse_unfit(version: Version, moment: Moment) -> None:
    """As in the lookup: only what is active and has not expired can be added."""
    if version.retired:
        raise Conflicting(f"version {version.number} is retired (offer it again first)")
    if version.summary.not_after < moment.at:
        raise Unacceptable.one(
            f"version {version.number} expired on {version.summary.not_after:%Y-%m-%d %H:%M} UTC",
            "upload a version that has not expired",
        )


def _refuse_last(prepared: Prepared) -> None:
    """Raises MustConfirm where nothing would be trusted any more."""
    if locked_anchors(prepared):
        return
    match prepared.effective.type.value:
        case AuthType.CERTIFICATE:
            what = "no client certificate would be trusted any more: all of them would get 403"
        case AuthType.HEADER:
            what = (
                "certificates in the header would no longer be verified: every certificate would "
                "be believed that a trusted proxy sends"
            )
        case AuthType.NONE:
            return
    raise MustConfirm(f"this is the last trusted certificate; {what} (ask again to confirm)")


def _told(work: Work, version: Version) -> dict[str, JsonValue]:
    name = work.library.component(version.component).name
    return {"component": version.component, "name": name, **told_version(version)}
