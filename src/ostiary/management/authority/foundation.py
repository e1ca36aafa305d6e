"""How the authority begins, and its issuing part is followed by another: by operators, through the
gateway, as ``ostiary ca init`` and ``ostiary ca rotate`` do it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from ostiary.ca.packing import pem_of_certificate
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor, Order
from ostiary.management.authority.desk import Desk, Done, NotInLedger
from ostiary.management.authority.errors import BadProfile, NoAuthority
from ostiary.management.authority.foundation_views import FoundedView, RotatedView
from ostiary.management.authority.founding import ISSUING_DAYS, rotate
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import (
    Allowed,
    Lists,
    Profile,
    Publishing,
    read_profile,
    text_of,
)
from ostiary.management.authority.publishing import published
from ostiary.management.authority.views import issued_view
from ostiary.management.errors import Conflicting, Forbidden, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.library import Library
from ostiary.management.locked import takes_certificates
from ostiary.management.shelf import refuse_bad_words
from ostiary.management.trusted import TrustedList
from ostiary.store.database.records import Role
from ostiary.store.files import FileTrouble
from ostiary.x509.keys import KeyKind

_LIST_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:crl|pem)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """An authority that an operator wants made."""

    name: str
    kind: KeyKind = KeyKind.EC
    days: int = 7300
    """Of the root."""
    allowed: Allowed = field(default_factory=Allowed)
    list_files: tuple[str, ...] = ()
    """Names of files in the authority's folder."""
    list_days: int = 7
    publish: str = ""
    """Where the gateway's ``pki`` listener is reached; empty: nothing is told of it."""
    trust: bool = True


class Foundation:
    """The beginning of an authority, and of its next issuing one. Both need the role admin."""

    def __init__(self, desk: Desk, library: Library, trusted: TrustedList) -> None:
        self._desk = desk
        self._library = library
        self._trusted = trusted

    async def begin(self, actor: Actor, wanted: Beginning) -> FoundedView:
        """Make a root and an issuing authority, and have the gateway trust them.

        What the gateway would refuse is found out first: an authority that it could not be told of
        is not made. Raises Forbidden, Unacceptable, Conflicting (there is one already, or the
        library has something of its name), Unavailable (the passphrase's file, the disk).
        """
        if not actor.may(Role.ADMIN):
            raise Forbidden(Role.ADMIN)
        refuse_bad_words(wanted.name, None)
        profile = _profile(wanted)
        await asyncio.to_thread(self._refuse_taken, wanted)
        # Whoever asked may go away meanwhile: what has begun comes to its end.
        return await asyncio.shield(asyncio.ensure_future(self._begin(actor, wanted, profile)))

    async def rotate(
        self,
        actor: Actor,
        *,
        name: str = "",
        kind: KeyKind = KeyKind.EC,
        days: int = ISSUING_DAYS,
    ) -> RotatedView:
        """Have a new issuing authority take over; what the one before issued stays good, and is
        listed when it is revoked. ``name`` empty: the root's, and a number.

        Raises Forbidden, Unacceptable (the name is taken), NotThere, Unavailable (the root's key).
        """

        def work(house: House) -> Done[RotatedView]:
            before = _issuing_name(house)
            rotate(house, name or None, kind, days)
            view = _rotated(house, before)
            return view, view.issued.serial, {"name": view.issued.name, "before": before}

        view = await self._desk.act(actor, "ca.rotate", work, Role.ADMIN)
        await self._desk.have_read(view.lists)
        return view

    def _refuse_taken(self, wanted: Beginning) -> None:
        """Raises Conflicting, Unacceptable."""
        changes = self._desk.changes
        try:
            there = self._desk.look(lambda house: house.root().entry.name)
        except NotInLedger:
            pass
        else:
            raise Conflicting(f"there is a certificate authority already: {there!r}")
        with reading(changes.keeping) as work:
            taken = work.library.named(wanted.name) is not None
        if taken:
            # It would become a newer version of something else.
            raise Conflicting(
                f"the library has a component {wanted.name!r} already (choose another name)"
            )
        if wanted.trust and not takes_certificates(changes.gatekeeper.prepared):
            raise Unacceptable.one(
                "its root can't be trusted: the gateway takes no certificates without SSL",
                "add an https section to the configuration, or don't have it trusted",
                "/trust",
            )

    async def _begin(self, actor: Actor, wanted: Beginning, profile: Profile) -> FoundedView:
        pki = self._desk.changes.gatekeeper.prepared.document.pki is not None

        def work(house: House) -> Done[FoundedView]:
            view = _founded(house, tuple(_next_steps(house, pki=pki)))
            return view, view.root.serial, {"name": view.root.name, "issuing": view.issuing.name}

        founding = Founding(name=wanted.name, kind=wanted.kind, days=wanted.days)
        made = await self._desk.found(actor, founding, profile, work)
        await self._desk.have_read(made.lists)
        return await self._shelved(Order(actor=actor), made, trust=wanted.trust)

    async def _shelved(self, order: Order, made: FoundedView, *, trust: bool) -> FoundedView:
        """The root into the library, and trusted; that it isn't undoes nothing, but is told."""
        view, name, pem = made, made.root.name, made.certificate.encode()
        description = "Root of the certificate authority made here"
        try:
            put = await self._library.add(order, name=name, description=description, upload=pem)
            view = replace(view, component=int(put.object))
            if trust:
                done = await self._trusted.add(order, int(put.object))
                warnings = (*view.warnings, *done.warnings)
                return replace(view, trusted=True, warnings=warnings)
        except OstiaryError as error:
            told = f"the authority is made, but the gateway does not take it: {error}"
            view = replace(view, warnings=(*view.warnings, told))
        later = f"have it trusted when it should count: ostiary trust add {made.folder}/root.crt"
        return replace(view, next_steps=(*view.next_steps, later))


def _profile(wanted: Beginning) -> Profile:
    """Raises Unacceptable."""
    for file in wanted.list_files:
        if not _LIST_FILE.fullmatch(file):
            raise Unacceptable.one(
                f"{file[:80]!r} can't be a list's file",
                "write a name as clients.crl, which will be in the authority's folder; for other "
                "places edit crl.files in profile.yml",
                "/listFiles",
            )
    try:
        publish = Publishing(url=wanted.publish or None)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise Unacceptable.one(told.removeprefix("Value error, "), "", "/publish") from error
    lists = Lists(days=wanted.list_days, files=wanted.list_files)
    profile = Profile(allowed=wanted.allowed, crl=lists, publish=publish)
    try:
        return read_profile(text_of(profile).encode(), "the profile")
    except BadProfile as error:
        raise Unacceptable.one(str(error), "", "/allowed") from error


def _founded(house: House, next_steps: tuple[str, ...]) -> FoundedView:
    now, root, place = house.hands.clock(), house.root(), house.place
    lists, warnings = published(house, "the authority is made")
    certificate = pem_of_certificate(root.entry.der)
    try:
        place.keep_root(certificate)
    except FileTrouble as error:
        warnings = (*warnings, f"the authority is made, but {error}")
    return FoundedView(
        root=issued_view(root, now),
        issuing=issued_view(house.issuing(), now),
        certificate=certificate.decode(),
        folder=str(place.folder.absolute()),
        profile=str(place.profile_path.absolute()),
        passphrase=str(place.passphrase_path.absolute()),
        lists=lists,
        publish=house.profile.publish.url,
        component=None,
        trusted=False,
        warnings=warnings,
        next_steps=next_steps,
    )


def _next_steps(house: House, *, pki: bool) -> Iterator[str]:
    """What is left to be done by hand; ``pki``: the configuration has such a listener."""
    folder, profile = house.place.folder.absolute(), house.profile
    opens = house.place.passphrase_path.absolute()
    yield f"back up {folder}, and keep {opens} apart from it: it opens the keys"
    for file in profile.crl.files:
        yield f"name {folder / file} in https.options.crl: it tells who is revoked"
    if profile.publish.url and not pki:
        yield f"add pki to the configuration: lists and OCSP are promised at {profile.publish.url}"


def _issuing_name(house: House) -> str:
    try:
        return house.issuing().entry.name
    except NoAuthority:
        return ""  # ended or revoked: all the more reason for another one


def _rotated(house: House, before: str) -> RotatedView:
    new = house.issuing()
    lists, warnings = published(house, f"{new.entry.name!r} issues from now on")
    chain = b"".join(map(pem_of_certificate, house.chain_of(new.id)))
    steps = ["renew certificates as they come due: what was issued before stays good to its end"]
    if before:
        steps.append(
            f"see who still comes with certificates of {before!r} (ostiary clients list --issuer, "
            "Clients seen in the console); when nobody does, revoke it"
        )
    return RotatedView(
        issued=issued_view(new, house.hands.clock()),
        before=before,
        chain=chain.decode(),
        lists=lists,
        warnings=warnings,
        next_steps=tuple(steps),
    )
