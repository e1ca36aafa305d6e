"""Keys under lock: the authority's own at rest, and PKCS#12 bundles for others to carry."""

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)

from ostiary.kernel.errors import WrongUse
from ostiary.x509.keys import PrivateKey

# OWASP's advice for scrypt: 2^15, 8, 3 or more; 32 MiB and about a quarter of a second.
_COST, _BLOCK, _LANES = 2**15, 8, 3
_MEMORY = 64 * 1024 * 1024
SALT_BYTES = 16


class KeyStaysShut(WrongUse):
    """A key can't be had: the passphrase is another one, or the file is damaged."""


def stretched(passphrase: str, salt: bytes) -> bytes:
    """What an authority's keys are encrypted with: 64 hex digits, by scrypt (RFC 7914).

    PKCS#8 and PKCS#12, as libraries write them, ask so little work of whoever guesses that a
    passphrase of people's would not hold.
    """
    found = hashlib.scrypt(
        passphrase.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY, dklen=32
    )
    return found.hex().encode()


def locked(key: PrivateKey, stretched_passphrase: bytes) -> bytes:
    """PKCS#8 PEM, encrypted (PBES2, AES-256)."""
    encryption = BestAvailableEncryption(stretched_passphrase)
    return key.native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def unlocked(data: bytes, stretched_passphrase: bytes) -> PrivateKey:
    """What ``locked`` wrote. Raises KeyStaysShut."""
    try:
        return PrivateKey(load_pem_private_key(data, stretched_passphrase))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyStaysShut(
            "the authority's key does not open: the passphrase is another one, or the key's file "
            "is damaged"
        ) from error


def packed(key: PrivateKey, certificates: Sequence[bytes], *, name: str, password: str) -> bytes:
    """PKCS#12 (RFC 7292): a key, its certificate and those above it (DER, nearest first)."""
    own, *above = [x509.load_der_x509_certificate(one) for one in certificates]
    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        key.native,  # type: ignore[arg-type]  # typed for fewer kinds than are written
        own,
        above,
        BestAvailableEncryption(password.encode()),
    )


def pem_of_list(der: bytes) -> bytes:
    """A revocation list as PEM."""
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def pem_of_certificate(der: bytes) -> bytes:
    """A certificate as PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def certificates_only(ders: Sequence[bytes]) -> bytes:
    """PKCS#7 with nothing but certificates, DER (RFC 5280 4.2.2.1; RFC 5272, certs-only)."""
    natives = [x509.load_der_x509_certificate(one) for one in ders]
    return pkcs7.serialize_certificates(natives, Encoding.DER)
