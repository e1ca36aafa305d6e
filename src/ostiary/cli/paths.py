"""Paths of the admin API that hold a name."""

from urllib.parse import quote


def api_path(name: str) -> str:
    """Where an API is; the name may hold anything."""
    return f"/apis/{quote(name, safe='')}"


def client_path(fingerprint: str) -> str:
    """Where a client's certificate is, with or without colons in the fingerprint."""
    return f"/clients/{quote(fingerprint.replace(':', '').lower(), safe='')}"
