"""Alembic's scripts: how any older database becomes today's. Found by path, never imported.

``kept`` is what operators set, ``seen`` the memory of clients; each has a history of its own.
"""
