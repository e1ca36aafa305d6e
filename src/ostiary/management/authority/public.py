"""What of the authority's folder is for everybody, and when it is due to be made anew.

Each file is replaced as a whole, so it may be read without the lock.
"""

from datetime import datetime, timedelta
from pathlib import Path

_ID_DIGITS = 16


def public_name(fingerprint: bytes) -> str:
    """What an authority is called in addresses: 16 hex digits of its certificate's SHA-256."""
    return fingerprint.hex()[:_ID_DIGITS]


class PublicFiles:
    """Where the files of each authority are."""

    def __init__(self, folder: Path) -> None:
        """``folder``: the authority's."""
        self.folder = folder

    @property
    def ledger(self) -> Path:
        """What was issued and revoked; SQLite."""
        return self.folder / "ledger.db"

    @property
    def profile(self) -> Path:
        """Of which only ``publish`` is of interest here."""
        return self.folder / "profile.yml"

    def whole(self, fingerprint: bytes) -> Path:
        """Its newest whole revocation list, DER."""
        return self.folder / "lists" / f"{fingerprint.hex()}.crl"

    def delta(self, fingerprint: bytes) -> Path:
        """Its newest delta list, DER."""
        return self.folder / "lists" / f"{fingerprint.hex()}.delta.crl"

    def base(self, fingerprint: bytes) -> Path:
        """The whole list that deltas begin with, DER."""
        return self.folder / "lists" / f"{fingerprint.hex()}.base.crl"

    def responder(self, fingerprint: bytes) -> Path:
        """Key and certificate that answer OCSP for it, PEM; readable by the owner alone."""
        return self.folder / "responders" / f"{fingerprint.hex()}.pem"

    def key(self, fingerprint: bytes) -> Path:
        """Its own key, encrypted; of interest is only whether it is here."""
        return self.folder / "keys" / f"{fingerprint.hex()}.key"


def is_due(begin: datetime, end: datetime, now: datetime) -> bool:
    """Whether half of the time is gone: the other half is for mending whatever keeps it from being
    made anew."""
    return now - begin >= max((end - begin) / 2, timedelta())
