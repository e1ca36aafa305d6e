"""Gateway trusted certificates."""

from collections.abc import Iterable

from ostiary.config.effective import AuthType
from ostiary.management.actors import Order
from ostiary.management.changes import Changes, Edited, Moment
from ostiary.management.errors import Conflicting, MustConfirm, NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.locked import LockedAnchor, locked_anchors, takes_certificates
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.shelf import told_version
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
            if not takes_certificates(moment.in_force):
                raise Unacceptable.one(_SSL_NEEDED, "add an https section to the configuration")
            wanted = _newest(work, component) if version is None else version
            offered = work.library.version(component, wanted)
            _refuse_unfit(offered, moment)
            row = work.trusted.add(component, wanted, at=moment.at, by=moment.actor.name)
            return Edited(
                action="trusted.add",
                object=str(row.id),
                after=_told(work, component, offered),
                touched=_TOUCHED,
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def upgrade(self, order: Order, trusted: int) -> ChangeView:
        """Trust the newest active version of the component instead."""

        def edit(work: Work, moment: Moment) -> Edited:
            entry = work.trusted.entry(trusted)
            newest = _newest(work, entry.component.id)
            if newest <= entry.version.number:
                raise Conflicting(f"version {entry.version.number} is the newest one")
            offered = work.library.version(entry.component.id, newest)
            _refuse_unfit(offered, moment)
            work.trusted.remove(trusted)
            row = work.trusted.add(entry.component.id, newest, at=moment.at, by=moment.actor.name)
            return Edited(
                action="trusted.upgrade",
                object=str(row.id),
                before=_told(work, entry.component.id, entry.version),
                after=_told(work, entry.component.id, offered),
                touched=_TOUCHED,
            )

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
                before=_told(work, entry.component.id, entry.version),
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


def _newest(work: Work, component: int) -> int:
    for version in work.library.versions(component):
        if not version.retired:
            return version.number
    raise Conflicting(f"all versions of component {component} are retired (upload a new one)")


def _refuse_unfit(version: Version, moment: Moment) -> None:
    """As in the lookup: only what is active and has not expired can be added."""
    if version.retired:
        raise Conflicting(f"version {version.number} is retired (offer it again first)")
    if version.summary.not_after < moment.at:
        raise Unacceptable.one(
            f"version {version.number} expired on {version.summary.not_after:%Y-%m-%d %H:%M} UTC",
            "upload a new version",
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


def _told(work: Work, component: int, version: Version) -> dict[str, JsonValue]:
    name = work.library.component(component).name
    return {"component": component, "name": name, **told_version(version)}
