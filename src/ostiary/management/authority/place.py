"""The authority's folder: who is at work in it, and its keys, profile and lists.

===============  ======================================================================
ledger.db        what was issued and revoked
keys/            the keys, encrypted, by the SHA-256 of their certificates
passphrase       made by us, where the operator gave none; it opens the keys
salt             for stretching the operator's; ours is random, and needs none
profile.yml      what may be issued
root.crt         the root's certificate
lists/           the newest revocation list of each authority, its delta, and their base
responders/      keys and certificates that answer OCSP, made anew often; not encrypted, since who
                 answers must not need the passphrase
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
from ostiary.management.authority.public import PublicFiles
from ostiary.store.files import FileTrouble, Trouble, make_folder, read_bounded, write_atomically
from ostiary.x509.keys import PrivateKey

_LARGEST_KEY = 64 * 1024
LARGEST_LIST = 64 * 1024 * 1024
_PUBLIC_FILE = 0o644
_LONGEST_PASSPHRASE = 4096
_SHORTEST_PASSPHRASE = 12


class Place:
    """The files, but for the ledger. Only the holder of the lock may use it."""

    def __init__(self, folder: Path, passphrase_file: Path | None) -> None:
        """``passphrase_file``: the operator's; None: ours."""
        self.folder = folder
        self.public = PublicFiles(folder)
        self._passphrase_file = passphrase_file
        self._opens: bytes | None = None

    @property
    def ledger(self) -> Path:
        """Where the ledger is."""
        return self.public.ledger

    @property
    def begun(self) -> bool:
        """Whether there is anything of an authority here."""
        return self.ledger.exists() and self.profile_path.exists()

    @property
    def profile_path(self) -> Path:
        """Where the profile is."""
        return self.public.profile

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

    @property
    def passphrase_path(self) -> Path:
        """What opens the keys: the operator's file, or ours."""
        return self._passphrase_file or self.folder / "passphrase"

    @property
    def root_path(self) -> Path:
        """Where the root's certificate is, for whoever is to trust it."""
        return self.folder / "root.crt"

    def keep_root(self, pem: bytes) -> None:
        """Raises FileTrouble."""
        write_atomically(self.root_path, pem, mode=_PUBLIC_FILE)

    def profile(self) -> tuple[Profile, Rules]:
        """As it is now. Raises BadProfile, FileTrouble."""
        where = str(self.profile_path)
        profile = read_profile(read_bounded(self.profile_path, limit=LARGEST_PROFILE), where)
        return profile, Rules(profile.allowed, where)

    def keep_key(self, fingerprint: bytes, key: PrivateKey) -> None:
        """On disk when this returns, encrypted."""
        write_atomically(self.public.key(fingerprint), locked(key, self._secret()))

    def has_key(self, fingerprint: bytes) -> bool:
        """Whether the key of this authority is here."""
        return self.public.key(fingerprint).exists()

    def key(self, fingerprint: bytes) -> PrivateKey:
        """Raises KeyStaysShut, FileTrouble."""
        data = read_bounded(self.public.key(fingerprint), limit=_LARGEST_KEY)
        return unlocked(data, self._secret())

    def keep_list(self, fingerprint: bytes, der: bytes) -> None:
        """The newest list of this authority."""
        write_atomically(self.public.whole(fingerprint), der)

    def kept_list(self, fingerprint: bytes) -> bytes:
        """Raises FileTrouble where there is none."""
        return read_bounded(self.public.whole(fingerprint), limit=LARGEST_LIST)

    def keep_delta(self, fingerprint: bytes, der: bytes, *, base: bytes | None) -> None:
        """The newest delta, and the whole list it begins with, if that is a new one."""
        if base is not None:
            write_atomically(self.public.base(fingerprint), base)
        write_atomically(self.public.delta(fingerprint), der)

    def kept_base(self, fingerprint: bytes) -> bytes | None:
        """None: there is none. Raises FileTrouble."""
        try:
            return read_bounded(self.public.base(fingerprint), limit=LARGEST_LIST)
        except FileTrouble as error:
            if error.trouble is Trouble.MISSING:
                return None
            raise

    def forget_delta(self, fingerprint: bytes) -> None:
        """Nobody is told of deltas any more: an old one must not stay."""
        for path in (self.public.delta(fingerprint), self.public.base(fingerprint)):
            path.unlink(missing_ok=True)

    def keep_responder(self, fingerprint: bytes, pem: bytes) -> None:
        """Key and certificate that answer for this authority, together."""
        make_folder(self.folder / "responders")
        write_atomically(self.public.responder(fingerprint), pem)

    def _secret(self) -> bytes:
        """What the keys are encrypted with."""
        if self._opens is None:
            passphrase, salt = self._passphrase(), self._salt()
            self._opens = passphrase.encode() if salt is None else stretched(passphrase, salt)
        return self._opens

    def _passphrase(self) -> str:
        path = self.passphrase_path
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
