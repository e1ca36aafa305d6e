"""Certificates in files. What reads them is imported when there is a file to read: not for help."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostiary.x509.certificate import Certificate


def read_upload(content: bytes, password: str | None = None) -> "tuple[Certificate, ...]":
    """As ``ostiary.x509.uploads.read_upload``. Raises UnreadableError."""
    from ostiary.x509.uploads import read_upload as reading  # noqa: PLC0415

    return reading(content, password)
