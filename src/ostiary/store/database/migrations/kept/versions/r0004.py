"""Consumers, their credentials, and scopes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "consumers",
        _numbered(),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        *_texts("kind", "name"),
        sa.Column("owner", _NUMBER, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_texts("firstname", "lastname", "email", "redirect_uri"),
        *_instants("created", "updated"),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consumers"),
        sa.UniqueConstraint("uuid", name="uq_consumers_uuid"),
        sa.UniqueConstraint("owner", "name", name="uq_consumers_owner_name"),
        sa.ForeignKeyConstraint(
            ["owner"], ["consumers.id"], name="fk_consumers_owner", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consumers_name", "consumers", ["name"])
    op.create_index(
        "uq_consumers_username",
        "consumers",
        ["name"],
        unique=True,
        sqlite_where=sa.text("kind = 'user'"),
        postgresql_where=sa.text("kind = 'user'"),
    )
    op.create_table(
        "credentials",
        _numbered(),
        *_texts("type", "name"),
        sa.Column("consumer", _NUMBER, nullable=False),
        *_texts("secret", "scopes"),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_texts("rules"),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        *_instants("created", "updated"),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("type", "name", name="uq_credentials_type_name"),
        sa.ForeignKeyConstraint(
            ["consumer"], ["consumers.id"], name="fk_credentials_consumer", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credentials_consumer", "credentials", ["consumer"])
    op.create_table("scopes", *_texts("name"), sa.PrimaryKeyConstraint("name", name="pk_scopes"))


_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _numbered() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _instants(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
