"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(name: str, kind: sa.types.TypeEngine[Any], **more: bool) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=more.get("nullable", False))


def upgrade() -> None:
    """Make them."""
    for table, column, kind in (
        ("issuers", "told", sa.Text()),
        ("anchors", "fingerprint", sa.LargeBinary()),
        ("api_names", "name", sa.Text()),
    ):
        op.create_table(
            table,
            _column("id", NUMBER),
            _column(column, kind),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint(column, name=f"uq_{table}_{column}"),
        )
    _clients()
    tally = op.create_table(
        "tally",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        _column("clients", sa.BigInteger()),
        _column("bytes", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_tally"),
    )
    op.bulk_insert(tally, [{"id": 1, "clients": 0, "bytes": 0}])


def _clients() -> None:
    op.create_table(
        "clients",
        _column("id", NUMBER),
        _column("fingerprint", sa.LargeBinary()),
        _column("subject", sa.Text()),
        _column("issuer", NUMBER),
        _column("serial", sa.LargeBinary()),
        _column("not_after", sa.BigInteger()),
        _column("anchor", NUMBER, nullable=True),
        _column("facts", sa.LargeBinary()),
        _column("first_seen", sa.BigInteger()),
        _column("last_seen", sa.BigInteger()),
        _column("requests", sa.BigInteger()),
        _column("verdict", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("fingerprint", name="uq_clients_fingerprint"),
        sa.ForeignKeyConstraint(["issuer"], ["issuers.id"], name="fk_clients_issuer"),
        sa.ForeignKeyConstraint(["anchor"], ["anchors.id"], name="fk_clients_anchor"),
    )
    for column in ("issuer", "not_after", "last_seen"):
        op.create_index(f"ix_clients_{column}", "clients", [column])
    op.create_table(
        "client_apis",
        _column("client", NUMBER),
        _column("api", NUMBER),
        sa.PrimaryKeyConstraint("client", "api", name="pk_client_apis"),
        sa.ForeignKeyConstraint(
            ["client"], ["clients.id"], name="fk_client_apis_client", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["api"], ["api_names.id"], name="fk_client_apis_api"),
        sqlite_with_rowid=False,
    )
