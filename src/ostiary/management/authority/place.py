"""The authority's folder: who is at work in it, and its keys, profile and lists.

===============  ======================================================================
ledger.db        what was issued and revoked
keys/            the keys, encrypted, by the SHA-256 of their certificates
passphrase       made by us, where the operator gave none; it opens the keys
salt             for stretching the operator's; ours is random, and needs none
profile.yml      what may be issued
lists/           the newest revocation list of each authority
===============  ======================================================================
"""

from pathlib import Path

from ostiary.ca.packing import KeyStaysShut, locked, stretched, unlocked
from ostiary.management.authority.profile import (
    LARGEST_PROFILE,
    Profile,
    Rules,
    read_profile,
    text_of,
)
from ostiary.store.files import FileTrouble, Trouble, make_folder, read_bounded, write_atomically
from ostiary.x509.keys import PrivateKey

_LARGEST_KEY = 64 * 1024
_LARGEST_LIST = 64 * 1024 * 1024
_LONGEST_PASSPHRASE = 4096
_SHORTEST_PASSPHRASE = 12


class Place:
    """The files, but for the ledger. Only the holder of the lock may use it."""

    def __init__(self, folder: Path, passphrase_file: Path | None) -> None:
        """``passphrase_file``: the operator's; None: ours."""
        self.folder = folder
        self._passphrase_file = passphrase_file
        self._opens: bytes | None = None

    @property
    def ledger(self) -> Path:
        """Where the ledger is."""
        return self.folder / "ledger.db"

    @property
    def begun(self) -> bool:
        """Whether there is anything of an authority here."""
        return self.ledger.exists() and self.profile_path.exists()

    @property
    def profile_path(self) -> Path:
        """Where the profile is."""
        return self.folder / "profile.yml"

    def found(self, profile: Profile, salt: bytes, secret: str) -> None:
        """Begin the folder: its profile, salt and, where the operator gave none, passphrase.

        Raises KeyStaysShut for a passphrase that is too short, FileTrouble.
        """
        make_folder(self.folder)
        for name in ("keys", "lists"):
            make_folder(self.folder / name)
        if self._passphrase_file is None:
            (self.folder / "salt").unlink(missing_ok=True)
            write_atomically(self.folder / "passphrase", f"{secret}\n".encode())
        else:
            write_atomically(self.folder / "salt", salt.hex().encode() + b"\n")
        # What can't be opened later must not begin.
        self._secret()
        write_atomically(self.profile_path, text_of(profile).encode())

    def profile(self) -> tuple[Profile, Rules]:
        """As it is now. Raises BadProfile, FileTrouble."""
        where = str(self.profile_path)
        profile = read_profile(read_bounded(self.profile_path, limit=LARGEST_PROFILE), where)
        return profile, Rules(profile.allowed, where)

    def keep_key(self, fingerprint: bytes, key: PrivateKey) -> None:
        """On disk when this returns, encrypted."""
        write_atomically(self._key(fingerprint), locked(key, self._secret()))

    def has_key(self, fingerprint: bytes) -> bool:
        """Whether the key of this authority is here."""
        return self._key(fingerprint).exists()

    def key(self, fingerprint: bytes) -> PrivateKey:
        """Raises KeyStaysShut, FileTrouble."""
        return unlocked(read_bounded(self._key(fingerprint), limit=_LARGEST_KEY), self._secret())

    def keep_list(self, fingerprint: bytes, der: bytes) -> None:
        """The newest list of this authority."""
        write_atomically(self._list(fingerprint), der)

    def kept_list(self, fingerprint: bytes) -> bytes:
        """Raises FileTrouble where there is none."""
        return read_bounded(self._list(fingerprint), limit=_LARGEST_LIST)

    def _key(self, fingerprint: bytes) -> Path:
        return self.folder / "keys" / f"{fingerprint.hex()}.key"

    def _list(self, fingerprint: bytes) -> Path:
        return self.folder / "lists" / f"{fingerprint.hex()}.crl"

    def _secret(self) -> bytes:
        """What the keys are encrypted with."""
        if self._opens is None:
            passphrase, salt = self._passphrase(), self._salt()
            self._opens = passphrase.encode() if salt is None else stretched(passphrase, salt)
        return self._opens

    def _passphrase(self) -> str:
        path = self._passphrase_file or self.folder / "passphrase"
        try:
            data = read_bounded(path, limit=_LONGEST_PASSPHRASE)
        except FileTrouble as error:
            if error.trouble is Trouble.MISSING and self._passphrase_file is None:
                raise KeyStaysShut(
                    "the authority's keys need a passphrase (name its file: --passphrase-file)"
                ) from error
            raise
        try:
            found = data.decode().split("\n", 1)[0].rstrip("\r")
        except UnicodeDecodeError as error:
            raise KeyStaysShut(f"{str(path)!r} holds no passphrase: it isn't text") from error
        if len(found) < _SHORTEST_PASSPHRASE:
            raise KeyStaysShut(
                f"the passphrase in {str(path)!r} has {len(found)} characters "
                f"(write at least {_SHORTEST_PASSPHRASE} on its first line)"
            )
        return found

    def _salt(self) -> bytes | None:
        """None: the passphrase is one of ours. A wrong guess opens nothing."""
        try:
            data = read_bounded(self.folder / "salt", limit=_LONGEST_PASSPHRASE)
        except FileTrouble as error:
            if error.trouble is Trouble.MISSING:
                return None
            raise
        try:
            return bytes.fromhex(data.decode().strip())
        except ValueError as error:
            raise KeyStaysShut(f"{str(self.folder / 'salt')!r} isn't what was written") from error
