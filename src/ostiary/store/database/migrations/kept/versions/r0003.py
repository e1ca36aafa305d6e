"""Notifications, what was warned of, and how far webhooks are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "notifications",
        _numbered(),
        *_texts("uid"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_texts("topic", "summary", "data"),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("uid", name="uq_notifications_uid"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "warned",
        *_texts("subject"),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_warned"),
    )
    op.create_table(
        "webhooks",
        *_texts("name"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_webhooks"),
    )
    op.create_table(
        "deliveries",
        _numbered(),
        *_texts("webhook"),
        sa.Column("notification", sa.BigInteger(), nullable=False),
        *_texts("uid", "topic", "outcome"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        *_texts("detail"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("webhook", "notification", name="uq_deliveries_webhook_notification"),
        sqlite_autoincrement=True,
    )


def _numbered() -> sa.Column[int]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", number, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
