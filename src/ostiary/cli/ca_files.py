"""Keys and certificates as files: ``NAME.key``, ``NAME.crt``, ``chain.pem``, ``NAME.p12``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostiary.ca.dice import SystemDice
from ostiary.ca.packing import packed, pem_of_certificate
from ostiary.cli.options import Unclear, content_of
from ostiary.kernel.errors import WrongUse
from ostiary.management.authority.orders import Certified
from ostiary.store.files import PRIVATE_FILE, make_folder, write_atomically
from ostiary.x509.errors import UnreadableError
from ostiary.x509.keys import KeyKind, PrivateKey
from ostiary.x509.pem import read_private_key

PUBLIC_FILE = 0o644
_LONGEST_STEM = 200


class NoFileName(WrongUse):
    """A name that no file can have."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of certificates go."""

    path: Path

    def make(self) -> None:
        """Raises FileTrouble."""
        make_folder(self.path)

    def certificate(self, name: str) -> Path:
        """What a client or server presents: its certificate, then the authority below the root."""
        return self.path / f"{file_stem(name)}.crt"

    def key(self, name: str) -> Path:
        """The private key."""
        return self.path / f"{file_stem(name)}.key"

    def bundle(self, name: str) -> Path:
        """PKCS#12."""
        return self.path / f"{file_stem(name)}.p12"

    @property
    def chain(self) -> Path:
        """The authorities up to the root: what the certificates are verified with."""
        return self.path / "chain.pem"


def file_stem(name: str) -> str:
    """The name, if a file may be called so. Raises NoFileName."""
    if "/" in name or name.startswith((".", "-")) or len(name.encode()) > _LONGEST_STEM:
        raise NoFileName(
            f"{name!r} can't be a file's name (no slashes, no dot or hyphen at its beginning)"
        )
    return name


def key_there(path: Path) -> PrivateKey | None:
    """The key that is in this file already; None where there is none. Raises Unclear."""
    if not path.exists():
        return None
    try:
        return read_private_key(content_of(path))
    except UnreadableError as error:
        raise Unclear(f"{str(path)!r} is there, but: {error}") from error


def new_key(kind: KeyKind) -> PrivateKey:
    """Of the system's randomness."""
    return SystemDice().key(kind)


def presented(certified: Certified) -> bytes:
    """PEM: the certificate and those above it, without the root, which the other side has."""
    return b"".join(map(pem_of_certificate, (certified.der, *certified.chain[:-1])))


def chain_pem(chain: Sequence[bytes]) -> bytes:
    """PEM: the authorities, the root last."""
    return b"".join(map(pem_of_certificate, chain))


def write_certified(folder: Folder, certified: Certified) -> None:
    """``NAME.crt`` and ``chain.pem``. Raises FileTrouble."""
    write_atomically(folder.chain, chain_pem(certified.chain), mode=PUBLIC_FILE)
    path = folder.certificate(certified.name)
    write_atomically(path, presented(certified), mode=PUBLIC_FILE)


def write_bundle(folder: Folder, certified: Certified, key: PrivateKey, password: str) -> None:
    """``NAME.p12`` with the whole chain. Raises FileTrouble."""
    content = packed(key, (certified.der, *certified.chain), name=certified.name, password=password)
    write_atomically(folder.bundle(certified.name), content, mode=PRIVATE_FILE)
