"""Credentials of consumers: made, found, changed, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ostiary.consumers.certificates import CertificateRule, check_dates
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.names import LONGEST_NAME, check_scope, uuid_of
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.consumers.claims import foreseen
from ostiary.management.consumers.finding import anybody, refusals
from ostiary.management.consumers.making import Wanted, client_name, make, of_consumer
from ostiary.management.consumers.tying import read_rules
from ostiary.management.consumers.views import CredentialView, credential_view
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Conflicting, NotThere, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.ports import Dice
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page
from ostiary.store.database.consumer_records import StoredCredential
from ostiary.store.database.errors import NoSuch
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPatch:
    """What is to be changed of a credential; None leaves it."""

    active: bool | None = None
    scopes: tuple[str, ...] | None = None
    """Exactly these."""
    add_scopes: tuple[str, ...] = ()
    remove_scopes: tuple[str, ...] = ()
    rules: Sequence[Mapping[str, str]] | None = None
    dates: Mapping[str, datetime | None] | None = None
    """``valid_from`` and ``valid_until`` of a certificate credential, either or both; None is no
    beginning, or no end."""


class Credentials:
    """Credentials, called by their numbers. What is inactive stays on record; Express Gateway
    knows no other revocation."""

    def __init__(self, changes: Changes, dice: Dice) -> None:
        self._changes = changes
        self._dice = dice

    def page(
        self,
        *,
        consumer: str | None = None,
        kind: CredentialType | None = None,
        name: str = "",
        search: str = "",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[CredentialView]:
        """The oldest first, of one consumer or of all; ``name`` is the whole name,
        ``search`` part of one. Raises
        NotThere, Unacceptable."""
        offset, wanted = offset_of(cursor), checked_limit(limit)
        with reading(self._changes.keeping) as work:
            whose = anybody(work, consumer).uuid if consumer else None
            found = work.credentials.page(
                consumer=whose, kind=kind, name=name, search=search, offset=offset, limit=wanted
            )
        return Page(
            items=tuple(map(credential_view, found.items)),
            next=after(offset, len(found.items), found.total),
            total=found.total,
        )

    def one(self, number: int) -> CredentialView:
        """Raises NotThere."""
        with reading(self._changes.keeping) as work:
            return credential_view(work.credentials.one(number))

    def named(self, kind: CredentialType, name: str) -> CredentialView:
        """By what clients name it; one for basic-auth also by its consumer's id. Raises
        NotThere."""
        with reading(self._changes.keeping) as work:
            uuid = uuid_of(name)
            if kind is CredentialType.BASIC_AUTH and uuid is not None:
                try:
                    whose = work.consumers.one(uuid)
                except NoSuch:
                    raise NotThere("credential", name) from None
                name = client_name(whose.kind, whose.name, whose.uuid)
            fit = 0 < len(name) <= LONGEST_NAME and name.isprintable()
            found = work.credentials.named(kind, name) if fit else None
        if found is None:
            raise NotThere("credential", name)
        return credential_view(found)

    async def create(self, order: Order, consumer: str, wanted: Wanted) -> CredentialView:
        """Make one for a user (by name or id) or an app. Its secret is in the answer, and nowhere
        else; after a dry run there is none. Raises Unacceptable, Conflicting, NotThere."""
        made = await make(wanted, self._dice)
        kept: list[StoredCredential] = []

        def edit(work: Work, moment: Moment) -> Edited:
            whose = anybody(work, consumer)
            new = of_consumer(made, whose)
            _refuse_missing(work, new.scopes)
            if new.type is CredentialType.BASIC_AUTH:
                _make_room(work, new.name)
            one = work.credentials.add(new, at=moment.at)
            kept.append(one)
            return _edited("create", one, after=_told(one), warnings=foreseen(work, one))

        done = await self._changes.make(order, Role.OPERATOR, edit)
        view = credential_view(kept[-1], made.secret if done.applied else None)
        return replace(view, warnings=done.warnings)

    async def change(self, order: Order, number: int, patch: CredentialPatch) -> ChangeView:
        """Activate or deactivate, allow other scopes, tie to other certificates. Acts at once.

        Raises NotThere, Unacceptable.
        """
        if patch == CredentialPatch():
            raise Unacceptable.one("nothing is to be changed", "give at least one property")
        with refusals():
            rules = read_rules(patch.rules) if patch.rules is not None else None
            for scope in (*(patch.scopes or ()), *patch.add_scopes):
                check_scope(scope)

        def edit(work: Work, moment: Moment) -> Edited:
            before = work.credentials.one(number)
            if patch.active is not None:
                work.credentials.switch(number, active=patch.active, at=moment.at)
            scopes = _scopes(before, patch)
            if scopes != before.scopes:
                _refuse_missing(work, set(scopes) - set(before.scopes))
                work.credentials.give(number, scopes, at=moment.at)
            if rules is not None or patch.dates is not None:
                _tie(work, before, rules, patch, moment)
            one = work.credentials.one(number)
            told = _told(before), _told(one)
            different = [key for key in told[1] if told[0][key] != told[1][key]]
            return _edited(
                _verb(different, patch),
                one,
                before={key: told[0][key] for key in different},
                after={key: told[1][key] for key in different},
                warnings=foreseen(work, one) if different else (),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def remove(self, order: Order, number: int) -> ChangeView:
        """Its name may be given again. Raises NotThere."""

        def edit(work: Work, _moment: Moment) -> Edited:
            gone = work.credentials.remove(number)
            return _edited("remove", gone, before=_told(gone))

        return await self._changes.make(order, Role.OPERATOR, edit)


def _tie(
    work: Work,
    before: StoredCredential,
    rules: tuple[CertificateRule, ...] | None,
    patch: CredentialPatch,
    moment: Moment,
) -> None:
    if before.type is not CredentialType.CERTIFICATE:
        raise Unacceptable.one(
            f"a {before.type.value} credential has neither rules nor dates", "leave them out"
        )
    kept = {"valid_from": before.valid_from, "valid_until": before.valid_until}
    dates = {**kept, **(patch.dates or {})}
    with refusals():
        check_dates(**dates)
    work.credentials.tie(before.number, rules or before.rules, **dates, at=moment.at)


def _scopes(before: StoredCredential, patch: CredentialPatch) -> tuple[str, ...]:
    wanted = before.scopes if patch.scopes is None else patch.scopes
    kept = [scope for scope in (*wanted, *patch.add_scopes) if scope not in patch.remove_scopes]
    return tuple(dict.fromkeys(kept))


def _refuse_missing(work: Work, scopes: Sequence[str] | set[str]) -> None:
    missing = work.scopes.missing(sorted(scopes))
    if missing:
        raise Unacceptable.one(f"there is no scope {missing[0]!r}", "create it first", "/scopes")


def _make_room(work: Work, name: str) -> None:
    """One for each consumer; an inactive one is replaced, as in Express Gateway."""
    there = work.credentials.named(CredentialType.BASIC_AUTH, name)
    if there is None:
        return
    if there.active:
        raise Conflicting(
            f"{name!r} has an active basic-auth credential already (deactivate it first)"
        )
    work.credentials.remove(there.number)


def _verb(different: list[str], patch: CredentialPatch) -> str:
    if different == ["active"]:
        return "activate" if patch.active else "deactivate"
    return "change"


def _edited(
    verb: str,
    one: StoredCredential,
    *,
    before: JsonValue = None,
    after: JsonValue = None,
    warnings: tuple[str, ...] = (),
) -> Edited:
    return Edited(
        action=f"credential.{verb}",
        object=str(one.number),
        before=before,
        after=after,
        consumers=Changed(credentials=frozenset({(one.type, one.name)})),
        warnings=warnings,
    )


def _told(one: StoredCredential) -> Mapping[str, JsonValue]:
    """For the audit log; never a secret."""
    return {
        "type": one.type.value,
        "name": one.name,
        "consumer": f"{one.consumer_kind.value} {one.consumer_name}",
        "active": one.active,
        "scopes": list(one.scopes),
        "rules": [rule.given() for rule in one.rules],
        "validFrom": one.valid_from.isoformat() if one.valid_from else None,
        "validUntil": one.valid_until.isoformat() if one.valid_until else None,
    }
