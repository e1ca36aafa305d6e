"""The tables of consumers; they belong to what operators set (KEPT).

A credential is found by one look into one index (type and name); its scopes are in its own row,
which has a checksum, and its consumer's and that one's owner's rows follow by their numbers.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from ostiary.store.database.columns import Instant, Words
from ostiary.store.database.tables import DOCUMENT, KEPT, LABEL, NOTE

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _label(name: str) -> Column[str]:
    return Column(name, Words(LABEL), nullable=False)


consumers = Table(
    "consumers",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    Column("uuid", Uuid, nullable=False, unique=True),
    # "user" or "app"; an app has an owner.
    _label("kind"),
    _label("name"),
    Column("owner", _NUMBER, ForeignKey("consumers.id", ondelete="CASCADE")),
    Column("active", Boolean, nullable=False),
    _label("firstname"),
    _label("lastname"),
    _label("email"),
    Column("redirect_uri", Words(NOTE), nullable=False),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    # Of users the owner is NULL, which is different from every other NULL.
    UniqueConstraint("owner", "name"),
    Index("ix_consumers_name", "name"),
    sqlite_autoincrement=True,
)
_IS_USER = text("kind = 'user'")
Index(
    "uq_consumers_username",
    consumers.c.name,
    unique=True,
    sqlite_where=_IS_USER,
    postgresql_where=_IS_USER,
)

credentials = Table(
    "credentials",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    _label("type"),
    _label("name"),
    Column(
        "consumer", _NUMBER, ForeignKey("consumers.id", ondelete="CASCADE"), nullable=False,
        index=True,
    ),
    Column("secret", Words(NOTE), nullable=False),
    # Words with blanks between them.
    Column("scopes", Words(DOCUMENT), nullable=False),
    Column("active", Boolean, nullable=False),
    # JSON: the rules of a certificate credential; else empty.
    Column("rules", Words(DOCUMENT), nullable=False),
    Column("valid_from", Instant),
    Column("valid_until", Instant),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    UniqueConstraint("type", "name"),
    sqlite_autoincrement=True,
)  # fmt: skip

scopes = Table("scopes", KEPT, Column("name", Words(LABEL), primary_key=True))
