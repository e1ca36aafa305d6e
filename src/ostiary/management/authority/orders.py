"""What is asked of the authority, and what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ostiary.ca.dice import Dice
from ostiary.ca.signing import Purpose
from ostiary.kernel.errors import OstiaryError
from ostiary.store.ledger.records import Written
from ostiary.x509.keys import KeyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What the authority needs of the world."""

    clock: Callable[[], datetime]
    dice: Dice
    secret: Callable[[int], bytes]
    """So many random bytes."""
    actor: str
    """Who asks, for the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """How a new authority is wanted."""

    name: str
    kind: KeyKind = KeyKind.EC
    days: int = 7300
    """Of the root; twenty years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One certificate that is asked for: of a public key, or by a request."""

    name: str
    purpose: Purpose = Purpose.CLIENT
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Of the subject, by short name (O, OU, …), without the common name."""
    alternatives: tuple[str, ...] = ()
    """``dns:…``, ``ip:…``, ``uri:…``, ``email:…``."""
    days: int | None = None
    key: bytes | None = None
    """SubjectPublicKeyInfo, DER."""
    request: bytes | None = None
    """PKCS#10, PEM or DER: gives the key, and the names where none are given here."""
    another: bool = False
    """Also if the name has a certificate that is still good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A certificate with the names and the purpose of one that was issued before."""

    name: str
    days: int | None = None
    key: bytes | None = None
    request: bytes | None = None
    """Of which only the key is taken. Without both, the old key is certified again."""
    revoke_old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A certificate that is in the ledger."""

    name: str
    der: bytes
    serial: int
    not_after: datetime
    chain: tuple[bytes, ...]
    """The authorities above it, DER, nearest first, the root last."""
    there_already: bool = False
    """It was issued before, for the same key and names: asking twice is no mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A revocation list, of the authority with this name."""

    name: str
    number: int
    next_update: datetime
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What was made anew because it was due, and what could not be."""

    lists: tuple[ListOf, ...]
    responders: tuple[Written, ...]
    files: tuple[Path, ...]
    """Where the lists of all authorities were written."""
    faults: tuple[OstiaryError, ...]
