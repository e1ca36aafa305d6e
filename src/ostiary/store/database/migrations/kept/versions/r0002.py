"""Blocked certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "blocked",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("fingerprint", "issuer", "serial", "subject", "note")
        ),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blocked"),
        sa.UniqueConstraint("mark", name="uq_blocked_mark"),
        sqlite_autoincrement=True,
    )
