"""Alembic's scripts: how any older ledger becomes today's. Found by path, never imported."""
