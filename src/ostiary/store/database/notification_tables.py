"""The tables of notifications and webhooks; they belong to what operators set (KEPT)."""

from sqlalchemy import BigInteger, Column, Integer, Table, UniqueConstraint

from ostiary.store.database.columns import Instant, Words
from ostiary.store.database.tables import DOCUMENT, KEPT, LABEL, NOTE

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _label(name: str) -> Column[str]:
    return Column(name, Words(LABEL), nullable=False)


notifications = Table(
    "notifications",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    # Goes out with it, and stays the same however often it is sent.
    Column("uid", Words(LABEL), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    _label("topic"),
    Column("summary", Words(NOTE), nullable=False),
    Column("data", Words(DOCUMENT), nullable=False),
    sqlite_autoincrement=True,
)

# What was told already, so that it isn't told again.
warned = Table(
    "warned",
    KEPT,
    Column("subject", Words(NOTE), primary_key=True),
    # Seconds: the shortest time before the end that was told; or up to when clients were.
    Column("value", BigInteger, nullable=False),
    # From when it may be forgotten.
    Column("until", Instant, nullable=False),
)

webhooks = Table(
    "webhooks",
    KEPT,
    Column("name", Words(LABEL), primary_key=True),
    # The last notification that needs no more sending.
    Column("position", BigInteger, nullable=False),
    # Attempts since the last success, and when the next one is due.
    Column("failures", Integer, nullable=False),
    Column("due", Instant),
)

deliveries = Table(
    "deliveries",
    KEPT,
    Column("id", _NUMBER, primary_key=True),
    _label("webhook"),
    Column("notification", BigInteger, nullable=False),
    Column("uid", Words(LABEL), nullable=False),
    _label("topic"),
    _label("outcome"),
    Column("at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Of the last answer; 0 where there was none.
    Column("status", Integer, nullable=False),
    Column("detail", Words(NOTE), nullable=False),
    Column("milliseconds", Integer, nullable=False),
    UniqueConstraint("webhook", "notification"),
    sqlite_autoincrement=True,
)
