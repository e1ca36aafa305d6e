"""Credentials: found by what clients name, by one look into one index; shown without secrets."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.store.database.columns import seal
from ostiary.store.database.consumer_records import (
    NamedRules,
    NewCredential,
    StoredCredential,
)
from ostiary.store.database.consumer_tables import consumers, credentials
from ostiary.store.database.consumers import OWNER, owned, sealed
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.records import Page
from ostiary.store.database.seals import broken

_MOST_ALIKE: Final = 100


class Credentials:
    """Credentials of users and apps. Inactive ones stay on record; each is unique by type and
    name, over all consumers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewCredential, *, at: datetime) -> StoredCredential:
        """Raises NameTaken, NoSuch (the consumer), NotStorable."""
        if self.named(new.type, new.name) is not None:
            raise NameTaken(f"{new.type.value} credential", new.name)
        query = select(consumers.c.id).where(consumers.c.uuid == new.consumer)
        consumer = self._connection.execute(query).scalar_one_or_none()
        if consumer is None:
            raise NoSuch("consumer", str(new.consumer))
        row = new_credential_row(new, consumer, at)
        number = self._connection.execute(
            insert(credentials).values(row).returning(credentials.c.id)
        ).scalar_one()
        return self.one(number)

    def find(self, kind: CredentialType, name: str) -> Known | None:
        """What a decision needs, the secret's hash included. Raises SnapshotDamaged."""
        asked = {"kind": kind.value, "called": name}
        row = self._connection.execute(_NAMED, asked).one_or_none()
        return None if row is None else _known_of(row)

    def certificate(self, name: str) -> CertificateCredential | None:
        """The one of type certificate with this name. Raises SnapshotDamaged."""
        asked = {"kind": CredentialType.CERTIFICATE.value, "called": name}
        row = self._connection.execute(_NAMED, asked).one_or_none()
        if row is None:
            return None
        known, rules = _known_of(row), _rules_of(row.rules)
        return CertificateCredential(
            known=known, rules=rules, valid_from=row.valid_from, valid_until=row.valid_until
        )

    def rules(self, *, after: int, limit: int) -> tuple[NamedRules, ...]:
        """Those of the next certificate credentials behind number ``after``, the oldest first.

        For an index: the checksums are looked at when one is used.
        """
        asked = {"kind": CredentialType.CERTIFICATE.value, "after": after, "most": limit}
        rows = self._connection.execute(_RULES, asked)
        return tuple(NamedRules(row.id, row.name, _rules_of(row.rules)) for row in rows)

    def with_tests(self, tests: Mapping[str, str]) -> tuple[StoredCredential, ...]:
        """Certificate credentials in whose rules all of these tests occur, the oldest first. Looks
        at every one of that type."""
        query = _all().where(credentials.c.type == CredentialType.CERTIFICATE.value)
        for name, text in tests.items():
            written = json.dumps({name: text})[1:-1]
            query = query.where(credentials.c.rules.contains(written, autoescape=True))
        query = query.order_by(credentials.c.id).limit(_MOST_ALIKE)
        return tuple(map(_credential_of, self._connection.execute(query)))

    def one(self, number: int) -> StoredCredential:
        """Raises NoSuch, SnapshotDamaged."""
        found = self._connection.execute(_all().where(credentials.c.id == number)).one_or_none()
        if found is None:
            raise NoSuch("credential", str(number))
        return _credential_of(found)

    def named(self, kind: CredentialType, name: str) -> StoredCredential | None:
        """The one that clients name so. Raises SnapshotDamaged."""
        query = _all().where(credentials.c.type == kind.value, credentials.c.name == name)
        found = self._connection.execute(query).one_or_none()
        return None if found is None else _credential_of(found)

    def page(
        self,
        *,
        consumer: UUID | None = None,
        kind: CredentialType | None = None,
        name: str = "",
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[StoredCredential]:
        """The oldest first; ``name`` is the whole name, ``search`` part of one in any case."""
        query = _all()
        if consumer is not None:
            query = query.where(consumers.c.uuid == consumer)
        if kind is not None:
            query = query.where(credentials.c.type == kind.value)
        if name:
            query = query.where(credentials.c.name == name)
        if search:
            query = query.where(credentials.c.name.icontains(search, autoescape=True))
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(
            query.order_by(credentials.c.id).offset(offset).limit(limit)
        )
        return Page(items=tuple(map(_credential_of, rows)), total=total.scalar_one())

    def switch(self, number: int, *, active: bool, at: datetime) -> StoredCredential:
        """Activate or deactivate. Raises NoSuch."""
        self._put(credentials.c.id == number, {"active": active}, at)
        return self.one(number)

    def give(self, number: int, scopes: Iterable[str], *, at: datetime) -> StoredCredential:
        """Make these its scopes, each once. Raises NoSuch."""
        self._put(credentials.c.id == number, {"scopes": " ".join(dict.fromkeys(scopes))}, at)
        return self.one(number)

    def tie(
        self,
        number: int,
        rules: Iterable[CertificateRule],
        *,
        valid_from: datetime | None,
        valid_until: datetime | None,
        at: datetime,
    ) -> StoredCredential:
        """Make these its certificates, and its dates. Raises NoSuch."""
        dates = {"valid_from": valid_from, "valid_until": valid_until}
        self._put(credentials.c.id == number, {"rules": _text(rules), **dates}, at)
        return self.one(number)

    def take(self, scope: str, *, at: datetime) -> tuple[StoredCredential, ...]:
        """Take a scope from all that have it; which they were. Looks at every row."""
        having = (" " + credentials.c.scopes + " ").contains(f" {scope} ", autoescape=True)
        found = tuple(map(_credential_of, self._connection.execute(_all().where(having))))
        for one in found:
            self.give(one.number, (other for other in one.scopes if other != scope), at=at)
        return found

    def remove(self, number: int) -> StoredCredential:
        """What it was. Raises NoSuch."""
        gone = self.one(number)
        self._connection.execute(delete(credentials).where(credentials.c.id == number))
        return gone

    def _put(self, this: ColumnElement[bool], changes: Mapping[str, object], at: datetime) -> None:
        row = self._connection.execute(select(credentials).where(this)).one_or_none()
        if row is not None:
            values = {**row._mapping, **changes}
            changed = {**changes, "updated": at, "seal": _seal(values)}
            self._connection.execute(update(credentials).where(this).values(changed))


def new_credential_row(new: NewCredential, consumer: int, at: datetime) -> dict[str, Any]:
    """What is kept of it; ``consumer`` is its consumer's number."""
    values: dict[str, Any] = {
        "type": new.type.value,
        "name": new.name,
        "consumer": consumer,
        "secret": new.secret,
        "scopes": " ".join(new.scopes),
        "active": new.active,
        "rules": _text(new.rules),
        "valid_from": new.valid_from,
        "valid_until": new.valid_until,
        "created": at,
        "updated": at,
    }
    values["seal"] = _seal(values)
    return values


def _known_query() -> Select[Any]:
    """Credentials with consumer and owner, whose rows are sealed by themselves."""
    beside = [
        *(column.label(f"c_{column.name}") for column in consumers.c),
        *(column.label(f"o_{column.name}") for column in OWNER.c),
    ]
    query = select(*credentials.c, *beside).select_from(credentials)
    query = owned(query.join(consumers, consumers.c.id == credentials.c.consumer))
    return query.where(credentials.c.type == bindparam("kind"))


# Made once: it takes longer than the look itself.
_RULES: Final = (
    select(credentials.c.id, credentials.c.name, credentials.c.rules)
    .where(credentials.c.type == bindparam("kind"), credentials.c.id > bindparam("after"))
    .order_by(credentials.c.id)
    .limit(bindparam("most"))
)
_NAMED: Final = _known_query().where(credentials.c.name == bindparam("called"))


def _known_of(row: Row[Any]) -> Known:
    whole = row._mapping
    consumer, owner = _part(whole, "c_"), _part(whole, "o_")
    if _seal(whole) != row.seal or not sealed(consumer):
        raise broken(f"{row.type} credential {row.name!r}")
    active = consumer["active"]
    if consumer["owner"] is not None:
        if not sealed(owner):
            raise broken(f"the owner of {row.type} credential {row.name!r}")
        active = active and owner["active"]
    return Known(
        consumer=Consumer(
            id=consumer["uuid"],
            kind=ConsumerKind(consumer["kind"]),
            name=consumer["name"],
            active=active,
        ),
        credential=Credential(
            type=CredentialType(row.type),
            id=row.name,
            secret=row.secret,
            scopes=frozenset(row.scopes.split()),
            active=row.active,
        ),
    )


def _part(row: Mapping[Any, Any], prefix: str) -> dict[str, Any]:
    names = (str(name) for name in row)
    return {name[len(prefix) :]: row[name] for name in names if name.startswith(prefix)}


def _all() -> Select[Any]:
    beside = [consumers.c[name].label(f"c_{name}") for name in ("uuid", "kind", "name")]
    return select(*credentials.c, *beside).join(consumers, consumers.c.id == credentials.c.consumer)


def _seal(row: Mapping[Any, Any]) -> bytes:
    valid_from, valid_until = row["valid_from"], row["valid_until"]
    return seal(
        row["type"],
        row["name"],
        row["consumer"],
        row["secret"],
        row["scopes"],
        row["rules"],
        int(bool(row["active"])),
        "" if valid_from is None else valid_from.isoformat(),
        "" if valid_until is None else valid_until.isoformat(),
    )


def _text(rules: Iterable[CertificateRule]) -> str:
    found = [one.given() for one in rules]
    return json.dumps(found) if found else ""


def _rules_of(text: str) -> tuple[CertificateRule, ...]:
    return tuple(CertificateRule(**one) for one in json.loads(text)) if text else ()


def _credential_of(row: Row[Any]) -> StoredCredential:
    if _seal(row._mapping) != row.seal:
        raise broken(f"{row.type} credential {row.name!r}")
    return StoredCredential(
        number=row.id,
        consumer=row.c_uuid,
        consumer_kind=ConsumerKind(row.c_kind),
        consumer_name=row.c_name,
        type=CredentialType(row.type),
        name=row.name,
        scopes=tuple(row.scopes.split()),
        active=row.active,
        rules=_rules_of(row.rules),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        created=row.created,
        updated=row.updated,
    )
