"""Rows of the certificate library as views, and uploads as versions."""

from datetime import datetime

from ostiary.management.apart import is_bundle, read_bundle
from ostiary.management.edits import Moment
from ostiary.management.errors import Fault, Unacceptable
from ostiary.management.showing import expiry, summary
from ostiary.management.views import ComponentView, LookupView, VersionView
from ostiary.store.database.records import Component, JsonValue, ShelfEntry, Version
from ostiary.store.database.work import Work
from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import UnreadableError
from ostiary.x509.uploads import read_upload

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000


def read_uploaded(data: bytes, password: str | None) -> tuple[Certificate, ...]:
    """The certificates of an upload. May take seconds: call it in a thread. Raises Unacceptable."""
    try:
        return read_bundle(data, password) if is_bundle(data) else read_upload(data, password)
    except UnreadableError as error:
        raise Unacceptable.one(error.sentence, error.way_out, "/upload") from error


def refuse_bad_words(name: str | None, description: str | None) -> None:
    """Raises Unacceptable for a name or description that can't be shown; None is none given."""
    faults = []
    if name is not None and not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        faults.append(
            Fault(
                where="/name",
                message=f"{name[:80]!r} can't be a name",
                way_out=f"give 1 to {LONGEST_NAME} printable characters",
            )
        )
    lines = (description or "").splitlines()
    if len(description or "") > LONGEST_DESCRIPTION or not all(
        line.replace("\t", " ").isprintable() for line in lines
    ):
        faults.append(
            Fault(
                where="/description",
                message="the description can't be kept",
                way_out=f"give up to {LONGEST_DESCRIPTION} printable characters",
            )
        )
    if faults:
        raise Unacceptable(faults)


def put_version(
    work: Work, component: int, certificates: tuple[Certificate, ...], moment: Moment
) -> Version:
    """The next version of a component."""
    return work.library.upload(
        component,
        pem=_pem(certificates),
        summary=summary(certificates),
        at=moment.at,
        by=moment.actor.name,
    )


def shelve(
    work: Work,
    name: str,
    description: str,
    certificates: tuple[Certificate, ...],
    moment: Moment,
) -> tuple[Version, bool]:
    """The version that holds these, and whether it had to be made.

    The component of this name is taken, and its newest active version if it holds the same; what
    isn't there yet is made.
    """
    component = work.library.named(name)
    if component is None:
        by = moment.actor.name
        component = work.library.add(name=name, description=description, at=moment.at, by=by)
    newest = newest_active(work, component.id)
    if newest is not None and work.library.pem(component.id, newest.number) == _pem(certificates):
        return newest, False
    return put_version(work, component.id, certificates, moment), True


def newest_active(work: Work, component: int) -> Version | None:
    """The newest version that isn't retired. Raises NotThere."""
    return next((one for one in work.library.versions(component) if not one.retired), None)


def _pem(certificates: tuple[Certificate, ...]) -> str:
    return b"".join(one.pem for one in certificates).decode()


def told_version(version: Version) -> dict[str, JsonValue]:
    """For the audit log."""
    return {
        "version": version.number,
        "subject": version.summary.subject[:512],
        "sha256": version.summary.fingerprint.hex(),
        "certificates": version.summary.certificates,
    }


def trusted_versions(work: Work, component: int) -> frozenset[int]:
    """Numbers of the versions of a component that the gateway trusts."""
    return frozenset(one.version for one in work.trusted.of_component(component))


def shelved(work: Work, entry: ShelfEntry, now: datetime) -> ComponentView:
    """A row of the library's table."""
    trusted = trusted_versions(work, entry.component.id)
    newest = version_view(entry.newest, trusted, now) if entry.newest else None
    return component_view(entry.component, newest, entry.versions, ())


def component_view(
    component: Component,
    newest: VersionView | None,
    count: int,
    versions: tuple[VersionView, ...],
) -> ComponentView:
    """A component with what is told of its versions."""
    return ComponentView(
        id=component.id,
        name=component.name,
        description=component.description,
        created=component.created,
        created_by=component.created_by,
        newest=newest,
        count=count,
        versions=versions,
    )


def version_view(version: Version, trusted: frozenset[int], now: datetime) -> VersionView:
    """One upload."""
    shown = version.summary
    return VersionView(
        number=version.number,
        subject=shown.subject,
        fingerprint=shown.fingerprint.hex(),
        certificates=shown.certificates,
        issued_on=shown.not_before,
        expires_on=shown.not_after,
        expiry=expiry(shown.not_before, shown.not_after, now),
        uploaded=version.uploaded,
        uploaded_by=version.uploaded_by,
        retired=version.retired,
        trusted=version.number in trusted,
    )


def offered(component: Component, version: Version, now: datetime) -> LookupView:
    """A row of the lookup."""
    shown = version.summary
    return LookupView(
        component=component.id,
        version=version.number,
        name=component.name,
        description=component.description,
        subject=shown.subject,
        issued_on=shown.not_before,
        expires_on=shown.not_after,
        expiry=expiry(shown.not_before, shown.not_after, now),
    )
