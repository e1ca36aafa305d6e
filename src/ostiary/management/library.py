"""The certificate library: components, and versions of them."""

import asyncio

from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import InUse
from ostiary.management.keeping import reading
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.shelf import (
    component_view,
    offered,
    put_version,
    read_uploaded,
    refuse_bad_words,
    shelved,
    told_version,
    trusted_versions,
    version_view,
)
from ostiary.management.showing import by_subject, certificate_view
from ostiary.management.sights import ChangeView
from ostiary.management.views import CertificateView, ComponentView, LookupView, Page
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work
from ostiary.x509.pem import read_certificates


class Library:
    """The certificate library: components, and versions of them."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def components(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[ComponentView]:
        """By name; search in name, description and subjects."""
        offset, now = offset_of(cursor), self._changes.clock()
        with reading(self._changes.keeping) as work:
            found = work.library.page(search=search, offset=offset, limit=checked_limit(limit))
            items = tuple(shelved(work, entry, now) for entry in found.items)
        return Page(items=items, next=after(offset, len(items), found.total), total=found.total)

    def component(self, component: int) -> ComponentView:
        """With all versions. Raises NotThere."""
        now = self._changes.clock()
        with reading(self._changes.keeping) as work:
            one = work.library.component(component)
            trusted = trusted_versions(work, component)
            versions = tuple(
                version_view(version, trusted, now) for version in work.library.versions(component)
            )
        newest = next((version for version in versions if not version.retired), None)
        return component_view(one, newest, len(versions), versions)

    def certificates(self, component: int, version: int) -> tuple[CertificateView, ...]:
        """All certificates of one version, every field. Raises NotThere."""
        with reading(self._changes.keeping) as work:
            pem = work.library.pem(component, version)
        certificates = read_certificates(pem.encode())
        state = self._changes.state
        known = by_subject((*(state.certificates if state else ()), *certificates))
        now = self._changes.clock()
        return tuple(certificate_view(one, now, known) for one in certificates)

    def lookup(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[LookupView]:
        """What *Add Certificate* offers: active, unexpired, not trusted yet."""
        wanted, offset, now = checked_limit(limit), offset_of(cursor), self._changes.clock()
        items: list[LookupView] = []
        with reading(self._changes.keeping) as work:
            found = work.library.page(search=search, offered_at=now, offset=offset, limit=wanted)
            while found.items and len(items) < wanted:
                for entry in found.items:
                    offset += 1
                    if entry.newest and not work.trusted.of_component(entry.component.id):
                        items.append(offered(entry.component, entry.newest, now))
                left = wanted - len(items)
                found = work.library.page(
                    search=search, offered_at=now, offset=offset, limit=max(left, 1)
                )
        return Page(items=tuple(items), next=after(offset, 0, found.total))

    async def add(
        self,
        order: Order,
        *,
        name: str,
        description: str = "",
        upload: bytes,
        password: str | None = None,
    ) -> ChangeView:
        """Make a component of an upload: PEM, DER, PKCS#7, PKCS#12 without key. ``object`` of
        the answer is its number. Raises Unacceptable, Conflicting (the name is taken)."""
        refuse_bad_words(name, description)
        certificates = await asyncio.to_thread(read_uploaded, upload, password)

        def edit(work: Work, moment: Moment) -> Edited:
            by = moment.actor.name
            made = work.library.add(name=name, description=description, at=moment.at, by=by)
            version = put_version(work, made.id, certificates, moment)
            after_it = {"name": name, "description": description, **told_version(version)}
            return Edited(action="library.add", object=str(made.id), after=after_it)

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def add_version(
        self, order: Order, component: int, *, upload: bytes, password: str | None = None
    ) -> ChangeView:
        """Upload a new version; old ones stay, and what is trusted stays at its version."""
        certificates = await asyncio.to_thread(read_uploaded, upload, password)

        def edit(work: Work, moment: Moment) -> Edited:
            version = put_version(work, component, certificates, moment)
            return Edited(
                action="library.add-version", object=str(component), after=told_version(version)
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def describe(
        self,
        order: Order,
        component: int,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> ChangeView:
        """Rename or describe anew."""
        refuse_bad_words(name, description)

        def edit(work: Work, _moment: Moment) -> Edited:
            one = work.library.component(component)
            before = {"name": one.name, "description": one.description}
            then = {
                "name": one.name if name is None else name,
                "description": one.description if description is None else description,
            }
            work.library.describe(component, name=then["name"], description=then["description"])
            return Edited(
                action="library.describe", object=str(component), before=before, after=then
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def retire(
        self, order: Order, component: int, version: int, *, retired: bool = True
    ) -> ChangeView:
        """Offer a version no more (or again); where it is trusted it stays so."""

        def edit(work: Work, _moment: Moment) -> Edited:
            before = work.library.version(component, version).retired
            work.library.retire(component, version, retired=retired)
            return Edited(
                action="library.retire",
                object=str(component),
                before={"version": version, "retired": before},
                after={"version": version, "retired": retired},
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def delete(self, order: Order, component: int) -> ChangeView:
        """Delete a component with its versions. Raises InUse."""

        def edit(work: Work, _moment: Moment) -> Edited:
            before: JsonValue = {
                "name": work.library.component(component).name,
                "versions": [
                    told_version(version) for version in work.library.versions(component)[:20]
                ],
            }
            work.library.remove(component)
            return Edited(action="library.delete", object=str(component), before=before)

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def delete_version(self, order: Order, component: int, version: int) -> ChangeView:
        """Delete one version. Raises InUse."""

        def edit(work: Work, _moment: Moment) -> Edited:
            one = work.library.version(component, version)
            if version in trusted_versions(work, component):
                raise InUse(f"version {version} is trusted (remove it there first)")
            work.library.remove_version(component, version)
            return Edited(
                action="library.delete-version", object=str(component), before=told_version(one)
            )

        return await self._changes.make(order, Role.OPERATOR, edit)
