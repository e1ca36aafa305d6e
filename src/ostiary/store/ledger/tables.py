"""The ledger's tables as they are now; a test compares them with what the migrations make."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from ostiary.store.database.columns import Instant, Words
from ostiary.store.database.tables import DOCUMENT, LABEL

LEDGER = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

certificates = Table(
    "certificates",
    LEDGER,
    Column("id", Integer, primary_key=True),
    # Big-endian without leading zeros. One number for one certificate, whichever authority of this
    # house issued it; RFC 5280 4.1.2.2 asks for less.
    Column("serial", LargeBinary, nullable=False, unique=True),
    Column("issuer", Integer, ForeignKey("certificates.id")),
    Column("kind", Words(LABEL), nullable=False),
    Column("name", Words(LABEL), nullable=False, index=True),
    Column("subject", Words(DOCUMENT), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False, index=True),
    Column("der", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False, index=True),
    Column("issued", Instant, nullable=False),
    Column("issued_by", Words(LABEL), nullable=False),
    Column("renews", Integer, ForeignKey("certificates.id")),
    Column("seal", LargeBinary, nullable=False),
    CheckConstraint("length(serial) BETWEEN 1 AND 20", name="serial"),
    sqlite_autoincrement=True,
)

revocations = Table(
    "revocations",
    LEDGER,
    Column(
        "certificate",
        Integer,
        ForeignKey("certificates.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Instant, nullable=False),
    Column("reason", Words(LABEL), nullable=False),
    Column("revoked_by", Words(LABEL), nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

lists = Table(
    "lists",
    LEDGER,
    Column("issuer", Integer, ForeignKey("certificates.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("this_update", Instant, nullable=False),
    Column("next_update", Instant, nullable=False),
)

enrol_tokens = Table(
    "enrol_tokens",
    LEDGER,
    Column("id", Integer, primary_key=True),
    Column("name", Words(LABEL), nullable=False),
    Column("purpose", Words(LABEL), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("approval", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created", Instant, nullable=False),
    Column("created_by", Words(LABEL), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("ended", Instant),
    Column("seal", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

requests = Table(
    "requests",
    LEDGER,
    Column("id", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False, index=True),
    Column("name", Words(LABEL), nullable=False),
    Column("purpose", Words(LABEL), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("asked_by", Words(LABEL), nullable=False),
    Column("received", Instant, nullable=False),
    Column("state", Words(LABEL), nullable=False, index=True),
    Column("decided", Instant),
    Column("decided_by", Words(LABEL), nullable=False),
    Column("note", Words(DOCUMENT), nullable=False),
    Column("certificate", Integer, ForeignKey("certificates.id")),
    Column("seal", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

claims = Table(
    "claims",
    LEDGER,
    Column("token", Integer, ForeignKey("enrol_tokens.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("certificate", Integer, ForeignKey("certificates.id")),
    Column("request", Integer, ForeignKey("requests.id")),
)
