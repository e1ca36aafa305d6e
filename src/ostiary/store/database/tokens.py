"""Tokens of the admin API: names, roles and hashes of secrets, never a secret."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ostiary.store.database.columns import seal
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.records import Role, Token
from ostiary.store.database.seals import broken
from ostiary.store.database.tables import tokens


class Tokens:
    """Kept also when revoked or expired, so that the audit's names mean something later."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        name: str,
        role: Role,
        digest: bytes,
        prefix: str,
        at: datetime,
        by: str,
        expires: datetime | None,
    ) -> Token:
        """``digest``: SHA-256 of a secret with at least 128 random bits (a fast hash is enough
        for such). Raises NameTaken while a token that isn't revoked has the name."""
        in_use = select(tokens.c.id).where(tokens.c.name == name, tokens.c.revoked.is_(None))
        if self._connection.execute(in_use).first() is not None:
            raise NameTaken("token", name)
        values = {
            "name": name,
            "role": role.value,
            "digest": digest,
            "prefix": prefix,
            "created": at,
            "created_by": by,
            "expires": expires,
            "seal": _seal(name, role.value, digest, expires),
        }
        row = self._connection.execute(insert(tokens).values(values).returning(*tokens.c)).one()
        return _token_of(row)

    def all(self) -> tuple[Token, ...]:
        """The newest first, with revoked and expired ones. Raises SnapshotDamaged."""
        rows = self._connection.execute(select(tokens).order_by(tokens.c.id.desc()))
        return tuple(_token_of(row) for row in rows)

    def token(self, number: int) -> Token:
        """Raises NoSuch, SnapshotDamaged."""
        found = self._connection.execute(select(tokens).where(tokens.c.id == number)).one_or_none()
        if found is None:
            raise NoSuch("token", str(number))
        return _token_of(found)

    def by_digest(self, digest: bytes) -> Token | None:
        """The token of a secret, also when revoked or expired: the caller must look.

        Raises SnapshotDamaged if the disk changed its role or its end.
        """
        query = select(tokens).where(tokens.c.digest == digest)
        found = self._connection.execute(query).one_or_none()
        return None if found is None else _token_of(found)

    def used(self, number: int, *, at: datetime) -> None:
        """Remember when it was last used; once a minute is enough. A missing one is no fault."""
        self._connection.execute(update(tokens).where(tokens.c.id == number).values(last_used=at))

    def revoke(self, number: int, *, at: datetime) -> Token:
        """A second revocation changes nothing. Raises NoSuch."""
        self._connection.execute(
            update(tokens)
            .where(tokens.c.id == number, tokens.c.revoked.is_(None))
            .values(revoked=at)
        )
        return self.token(number)


def _seal(name: str, role: str, digest: bytes, expires: datetime | None) -> bytes:
    return seal(name, role, digest.hex(), "never" if expires is None else expires.isoformat())


def _token_of(row: Row[Any]) -> Token:
    if _seal(row.name, row.role, bytes(row.digest), row.expires) != row.seal:
        raise broken(f"token {row.name!r}")
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        prefix=row.prefix,
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        last_used=row.last_used,
        revoked=row.revoked,
    )
