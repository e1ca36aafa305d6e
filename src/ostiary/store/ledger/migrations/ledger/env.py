"""Where Alembic begins; the connection and the transaction are the caller's."""

from alembic import context

context.configure(**context.config.attributes["configure"])
context.run_migrations()
