"""How secrets are kept, and whether one that is given is the one that was kept.

Two ways. A secret that we made has 128 random bits: nobody finds it from its SHA-256, and a look
at it costs a microsecond. One that people chose may be guessed, so each guess must be dear:
argon2id (RFC 9106), with OWASP's lesser parameters, 19 MiB and two passes, about 20 ms. Hashes of
bcrypt, as Express Gateway keeps its passwords, are good as they are.
"""

import hashlib
import hmac
import re
from typing import Final

import bcrypt
from argon2.exceptions import VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from ostiary.consumers.refusal import ConsumerRefused

LONGEST_SECRET: Final = 1_000
"""Bytes, in UTF-8."""
SALT_BYTES: Final = 16
_SHA256: Final = "sha256$"
_ARGON2ID: Final = "$argon2id$"
_BCRYPT: Final = ("$2a$", "$2b$", "$2y$")
_BCRYPT_READS: Final = 72
"""Bytes: what follows them was never part of the hash (bcryptjs cuts, and so must we)."""
# Each look costs what the hash says: a step of bcrypt's cost doubles the time (15: about 2 s), and
# argon2id is as dear as its memory times its passes (these bounds: half a second, 128 MiB).
_BCRYPT_FORM: Final = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")
_ARGON2ID_FORM: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,2}),p=([1-9][0-9]?)"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)
_MOST_MEMORY_KIB: Final = 128 * 1024
_MOST_WORK: Final = 4 * _MOST_MEMORY_KIB
_SHA256_FORM: Final = re.compile(r"sha256\$[0-9a-f]{64}")
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2


def kept_generated(secret: str) -> str:
    """How a secret of at least 128 random bits is kept. Never for one that somebody chose."""
    return _SHA256 + hashlib.sha256(secret.encode()).hexdigest()


def kept_supplied(secret: str, salt: bytes) -> str:
    """How a password, or a secret that came from outside, is kept; ``salt``: 16 random bytes.

    Raises ConsumerRefused for an empty or very long one.
    """
    given = secret.encode("utf-8", "surrogatepass")
    if not 0 < len(given) <= LONGEST_SECRET:
        raise ConsumerRefused(
            "secret", f"it has {len(given)} bytes", f"give one of 1 to {LONGEST_SECRET}"
        )
    return hash_secret(given, salt, _PASSES, _MEMORY_KIB, 1, 32, Type.ID).decode("ascii")


def check_hash(kept: str) -> None:
    """A hash that was made elsewhere, to be kept as it is: bcrypt of cost 4 to 15, argon2id of at
    most 128 MiB, or ``sha256$`` and 64 hex digits, for secrets of 128 random bits only.

    Raises ConsumerRefused.
    """
    argon2id = _ARGON2ID_FORM.fullmatch(kept)
    if argon2id is not None:
        memory, passes = int(argon2id[1]), int(argon2id[2])
        if memory <= _MOST_MEMORY_KIB and memory * passes <= _MOST_WORK:
            return
        raise ConsumerRefused(
            "hash",
            f"{memory} KiB and {passes} passes are too dear to look at",
            f"hash it with at most {_MOST_MEMORY_KIB} KiB, and {_MOST_WORK} KiB times passes",
        )
    if not (_BCRYPT_FORM.fullmatch(kept) or _SHA256_FORM.fullmatch(kept)):
        raise ConsumerRefused(
            "hash",
            "it is no hash of bcrypt (cost 4 to 15), of argon2id, or sha256$ with 64 hex digits",
            "give such a hash, or the secret itself",
        )


def verify(stored: str, given: str) -> bool:
    """Whether ``given`` is the secret that ``stored`` was made of; takes as long either way.

    False for what can't be read, and where nothing is stored. Up to 20 ms and 19 MiB (bcrypt: 100
    ms) in C, without the interpreter's lock: call it in a thread.
    """
    secret = given.encode("utf-8", "surrogatepass")
    if len(secret) > LONGEST_SECRET:
        return False
    if stored.startswith(_SHA256):
        digest = hashlib.sha256(secret).hexdigest()
        return hmac.compare_digest(stored[len(_SHA256) :].encode(), digest.encode())
    if stored.startswith(_ARGON2ID):
        return _is_argon2id(stored, secret)
    return stored.startswith(_BCRYPT) and _is_bcrypt(stored, secret)


def _is_argon2id(stored: str, secret: bytes) -> bool:
    try:
        return verify_secret(stored.encode(), secret, Type.ID)
    except VerificationError:
        return False


def _is_bcrypt(stored: str, secret: bytes) -> bool:
    try:
        return bcrypt.checkpw(secret[:_BCRYPT_READS], stored.encode())
    except ValueError:
        return False
