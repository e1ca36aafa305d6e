"""Tokens to enrol with, what they were used for, and requests that wait for approval."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _tokens()
    _requests()
    _claims()
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER claims_no_{change.lower()} BEFORE {change} ON claims "
            "BEGIN SELECT RAISE(ABORT, 'the ledger is append only'); END"
        )


def _tokens() -> None:
    op.create_table(
        "enrol_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("approval", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrol_tokens"),
        sa.UniqueConstraint("digest", name="uq_enrol_tokens_digest"),
        sqlite_autoincrement=True,
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Integer(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.ForeignKeyConstraint(
            ["certificate"], ["certificates.id"], name="fk_requests_certificate"
        ),
        sqlite_autoincrement=True,
    )
    for column in ("content", "state"):
        op.create_index(f"ix_requests_{column}", "requests", [column])


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("token", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("certificate", sa.Integer(), nullable=True),
        sa.Column("request", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("token", "content", name="pk_claims"),
        sa.ForeignKeyConstraint(["token"], ["enrol_tokens.id"], name="fk_claims_token"),
        sa.ForeignKeyConstraint(["certificate"], ["certificates.id"], name="fk_claims_certificate"),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name="fk_claims_request"),
    )
