"""Randomness as something handed in: keys and serial numbers."""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import random_serial_number

from ostiary.kernel.errors import OstiaryError
from ostiary.x509.keys import KeyKind, PrivateKey


class KeyKindRefusedError(OstiaryError):
    """A kind of key this authority does not make."""


class Dice(Protocol):
    """Where new keys and serial numbers come from."""

    def key(self, kind: KeyKind) -> PrivateKey:
        """A new private key of ``kind``."""
        ...

    def serial(self) -> int:
        """A new serial number: positive, at most 20 octets, never guessable."""
        ...


class SystemDice:
    """The operating system's randomness, for real use: wiring hands it in."""

    __slots__ = ()

    def key(self, kind: KeyKind) -> PrivateKey:
        """EC P-256, RSA 3072 or Ed25519; raises KeyKindRefusedError for other kinds."""
        match kind:
            case KeyKind.EC:
                return PrivateKey(ec.generate_private_key(ec.SECP256R1()))
            case KeyKind.RSA:
                return PrivateKey(rsa.generate_private_key(public_exponent=65537, key_size=3072))
            case KeyKind.ED25519:
                return PrivateKey(ed25519.Ed25519PrivateKey.generate())
            case _:
                raise KeyKindRefusedError(
                    f"this authority makes no {kind.value} keys (use ec, rsa or ed25519)"
                )

    def serial(self) -> int:
        """128 random bits; the CA/Browser Forum's baseline asks for at least 64."""
        # The library gives 159 bits of the system's randomness. Zero is no serial number (RFC 5280
        # 4.1.2.2).
        return random_serial_number() >> 31 or self.serial()
