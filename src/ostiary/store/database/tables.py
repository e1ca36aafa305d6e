"""The tables as they are now; migrations bring any older database here, and a test compares.

Two sets: what operators set (KEPT), of which nothing may be lost, and the clients seen (SEEN), a
memory that can be begun anew. SQLite keeps them in two files, so that a million clients make
neither the checks nor the copies of the first one slow, and a damage of theirs is none of trust's.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)

from ostiary.store.database.columns import Instant, Seconds, Words

LABEL = 200
"""Characters of a name or an actor; within what an index of PostgreSQL takes (2704 bytes)."""
NOTE = 2_000
PATTERN = 8_192
DOCUMENT = 64 * 1024 * 1024
"""Characters of a PEM bundle or a JSON text."""
TOLD = 512
"""Characters of a client's subject or issuer; certificates may have more, and are cut."""

_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
KEPT = MetaData(naming_convention=_CONVENTION)
SEEN = MetaData(naming_convention=_CONVENTION)

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _label(name: str) -> Column[str]:
    return Column(name, Words(LABEL), nullable=False)


components = Table(
    "components",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    Column("name", Words(LABEL), nullable=False, unique=True),
    Column("description", Words(NOTE), nullable=False),
    Column("created", Instant, nullable=False),
    _label("created_by"),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    KEPT,
    Column("component", _NUMBER, ForeignKey("components.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pem", Words(DOCUMENT), nullable=False),
    Column("subject", Words(DOCUMENT), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False),
    Column("certificates", Integer, nullable=False),
    Column("uploaded", Instant, nullable=False),
    _label("uploaded_by"),
    Column("retired", Boolean, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

trusted = Table(
    "trusted",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    Column("component", _NUMBER, nullable=False),
    Column("version", Integer, nullable=False),
    Column("added", Instant, nullable=False),
    _label("added_by"),
    Column("seal", LargeBinary, nullable=False),
    ForeignKeyConstraint(["component", "version"], ["versions.component", "versions.number"]),
    UniqueConstraint("component", "version"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    KEPT,
    # "gateway", or "api/" and the API's name.
    Column("scope", Words(LABEL + 4), primary_key=True),
    Column("key", Words(LABEL), primary_key=True),
    Column("value", Words(DOCUMENT), nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

names = Table(
    "names",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    Column("scope", Words(LABEL + 4), nullable=False),
    Column("position", Integer, nullable=False),
    Column("pattern", Words(PATTERN), nullable=False),
    Column("note", Words(NOTE), nullable=False),
    Column("added", Instant, nullable=False),
    _label("added_by"),
    # Of scope and pattern: unique in place of the pattern, which may be too long for an index.
    Column("seal", LargeBinary, nullable=False, unique=True),
    # Not unique: positions are shifted by one statement, which SQLite checks row by row.
    Index("ix_names_scope_position", "scope", "position"),
    sqlite_autoincrement=True,
)

blocked = Table(
    "blocked",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    # What certificates are recognised by, 32 bytes.
    Column("mark", LargeBinary, nullable=False, unique=True),
    # In hex; empty where a certificate is named by its issuer and serial number.
    Column("fingerprint", Words(LABEL), nullable=False),
    Column("issuer", Words(PATTERN), nullable=False),
    Column("serial", Words(LABEL), nullable=False),
    Column("subject", Words(TOLD), nullable=False),
    Column("note", Words(NOTE), nullable=False),
    Column("until", Instant),
    Column("added", Instant, nullable=False),
    _label("added_by"),
    Column("seal", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    _label("name"),
    _label("role"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _label("prefix"),
    Column("created", Instant, nullable=False),
    _label("created_by"),
    Column("expires", Instant),
    Column("last_used", Instant),
    Column("revoked", Instant),
    Column("seal", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
# A revoked token's name may be given again.
Index(
    "uq_tokens_name_in_use",
    tokens.c.name,
    unique=True,
    sqlite_where=text("revoked IS NULL"),
    postgresql_where=text("revoked IS NULL"),
)

audit = Table(
    "audit",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    _label("actor"),
    _label("action"),
    Column("object", Words(NOTE), nullable=False),
    Column("before", Words(DOCUMENT)),
    Column("after", Words(DOCUMENT)),
    _label("request_id"),
    sqlite_autoincrement=True,
)

revision = Table(
    "revision",
    KEPT,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

issuers = Table(
    "issuers",
    SEEN,
    Column("id", _NUMBER, primary_key=True),
    Column("told", Words(TOLD), nullable=False, unique=True),
)

anchors = Table(
    "anchors",
    SEEN,
    Column("id", _NUMBER, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
)

api_names = Table(
    "api_names",
    SEEN,
    Column("id", _NUMBER, primary_key=True),
    Column("name", Words(LABEL), nullable=False, unique=True),
)

clients = Table(
    "clients",
    SEEN,
    Column("id", _NUMBER, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
    Column("subject", Words(TOLD), nullable=False),
    Column("issuer", _NUMBER, ForeignKey("issuers.id"), nullable=False, index=True),
    # Two's complement, big-endian: serials have 20 bytes and more.
    Column("serial", LargeBinary, nullable=False),
    Column("not_after", Seconds, nullable=False, index=True),
    Column("anchor", _NUMBER, ForeignKey("anchors.id")),
    Column("facts", LargeBinary, nullable=False),
    Column("first_seen", Seconds, nullable=False),
    Column("last_seen", Seconds, nullable=False, index=True),
    Column("requests", BigInteger, nullable=False),
    Column("verdict", SmallInteger, nullable=False),
)

client_apis = Table(
    "client_apis",
    SEEN,
    Column("client", _NUMBER, ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True),
    Column("api", _NUMBER, ForeignKey("api_names.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# How much is kept, so that the bound is known without counting a million rows.
tally = Table(
    "tally",
    SEEN,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("clients", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
