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
    _library()
    _settings_and_names()
    _tokens()
    _audit()
    revision_table = op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        _column("number", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )
    op.bulk_insert(revision_table, [{"id": 1, "number": 0}])


def _library() -> None:
    op.create_table(
        "components",
        _column("id", NUMBER),
        _column("name", sa.Text()),
        _column("description", sa.Text()),
        _column("created", sa.BigInteger()),
        _column("created_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_components"),
        sa.UniqueConstraint("name", name="uq_components_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "versions",
        _column("component", NUMBER),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        _column("pem", sa.Text()),
        _column("subject", sa.Text()),
        _column("fingerprint", sa.LargeBinary()),
        _column("not_before", sa.BigInteger()),
        _column("not_after", sa.BigInteger()),
        _column("certificates", sa.Integer()),
        _column("uploaded", sa.BigInteger()),
        _column("uploaded_by", sa.Text()),
        _column("retired", sa.Boolean()),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("component", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(["component"], ["components.id"], name="fk_versions_component"),
    )
    op.create_table(
        "trusted",
        _column("id", NUMBER),
        _column("component", NUMBER),
        _column("version", sa.Integer()),
        _column("added", sa.BigInteger()),
        _column("added_by", sa.Text()),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_trusted"),
        sa.ForeignKeyConstraint(
            ["component", "version"],
            ["versions.component", "versions.number"],
            name="fk_trusted_component_version",
        ),
        sa.UniqueConstraint("component", "version", name="uq_trusted_component_version"),
        sqlite_autoincrement=True,
    )


def _settings_and_names() -> None:
    op.create_table(
        "settings",
        _column("scope", sa.Text()),
        _column("key", sa.Text()),
        _column("value", sa.Text()),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_settings"),
    )
    op.create_table(
        "names",
        _column("id", NUMBER),
        _column("scope", sa.Text()),
        _column("position", sa.Integer()),
        _column("pattern", sa.Text()),
        _column("note", sa.Text()),
        _column("added", sa.BigInteger()),
        _column("added_by", sa.Text()),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_names"),
        sa.UniqueConstraint("seal", name="uq_names_seal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_names_scope_position", "names", ["scope", "position"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        _column("id", NUMBER),
        _column("name", sa.Text()),
        _column("role", sa.Text()),
        _column("digest", sa.LargeBinary()),
        _column("prefix", sa.Text()),
        _column("created", sa.BigInteger()),
        _column("created_by", sa.Text()),
        _column("expires", sa.BigInteger(), nullable=True),
        _column("last_used", sa.BigInteger(), nullable=True),
        _column("revoked", sa.BigInteger(), nullable=True),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_tokens_name_in_use",
        "tokens",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked IS NULL"),
        postgresql_where=sa.text("revoked IS NULL"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        _column("id", NUMBER),
        _column("at", sa.BigInteger()),
        _column("actor", sa.Text()),
        _column("action", sa.Text()),
        _column("object", sa.Text()),
        _column("before", sa.Text(), nullable=True),
        _column("after", sa.Text(), nullable=True),
        _column("request_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
