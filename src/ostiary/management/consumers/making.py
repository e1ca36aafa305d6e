"""A credential as it is asked for, and what becomes of it: names and secrets."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ostiary.consumers import names, secrets
from ostiary.consumers.certificates import CertificateRule, check_dates
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.consumers.finding import refusals
from ostiary.management.consumers.tying import read_rules
from ostiary.management.errors import Unacceptable
from ostiary.management.ports import Dice
from ostiary.store.database.consumer_records import NewCredential, StoredConsumer

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A credential that is asked for."""

    type: CredentialType
    name: str | None = None
    """None: one is made. For basic-auth it can't be chosen."""
    secret: str | None = field(default=None, repr=False)
    """None: one is made, where the type has any."""
    scopes: tuple[str, ...] = ()
    rules: Sequence[Mapping[str, str]] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A credential that is ready to be kept, but for its consumer."""

    new: NewCredential
    secret: str | None = field(repr=False)
    """To be shown once; None where the type has none."""


async def make(wanted: Wanted, dice: Dice) -> Made:
    """Raises Unacceptable."""
    with refusals():
        _refuse_strange(wanted)
        rules: tuple[CertificateRule, ...] = ()
        if wanted.type is CredentialType.CERTIFICATE:
            rules = read_rules(wanted.rules)
            check_dates(wanted.valid_from, wanted.valid_until)
        if wanted.name is not None:
            names.check_credential_name(wanted.type, wanted.name)
        for scope in wanted.scopes:
            names.check_scope(scope)
        secret, kept = await _secret(wanted, dice)
    new = NewCredential(
        consumer=_NOBODY,
        type=wanted.type,
        name=wanted.name or names.base62(dice(names.RANDOM_BYTES)),
        secret=kept,
        scopes=tuple(dict.fromkeys(wanted.scopes)),
        rules=rules,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
    )
    return Made(new=new, secret=secret)


def of_consumer(made: Made, consumer: StoredConsumer) -> NewCredential:
    """The credential as this consumer's."""
    new = replace(made.new, consumer=consumer.uuid)
    if new.type is CredentialType.BASIC_AUTH:
        return replace(new, name=client_name(consumer.kind, consumer.name, consumer.uuid))
    return new


def client_name(kind: ConsumerKind, name: str, uuid: UUID) -> str:
    """What a client calls itself in basic authentication: apps of several users may have the same
    name, so an app gives its id."""
    return name if kind is ConsumerKind.USER else str(uuid)


async def _secret(wanted: Wanted, dice: Dice) -> tuple[str | None, str]:
    """The secret as it is shown and as it is kept."""
    if wanted.type is CredentialType.CERTIFICATE:
        return None, ""
    if wanted.secret is not None:
        salt = dice(secrets.SALT_BYTES)
        return wanted.secret, await asyncio.to_thread(secrets.kept_supplied, wanted.secret, salt)
    secret = names.base62(dice(names.RANDOM_BYTES))
    return secret, secrets.kept_generated(secret)


def _refuse_strange(wanted: Wanted) -> None:
    """What this type of credential doesn't have. Raises Unacceptable."""
    kind = wanted.type
    is_certificate = kind is CredentialType.CERTIFICATE
    dated = wanted.valid_from is not None or wanted.valid_until is not None
    for strange, where, way_out in (
        (bool(wanted.rules) and not is_certificate, "/rules", "leave the rules out"),
        (dated and not is_certificate, "/validFrom", "leave the dates out, and deactivate it then"),
        (wanted.secret is not None and is_certificate, "/secret", "leave it out"),
        (
            wanted.name is not None and kind is CredentialType.BASIC_AUTH,
            "/name",
            "leave it out: it is the username, or the app's id",
        ),
    ):
        if strange:
            raise Unacceptable.one(f"a {kind.value} credential has no such thing", way_out, where)
    if kind is CredentialType.KEY_AUTH and wanted.secret is not None and ":" in wanted.secret:
        # Clients send id and secret with a colon between them.
        raise Unacceptable.one("a colon can't be in the secret of a key", "leave it out", "/secret")
