"""Keys that tokens are verified by, and the algorithms that each kind of key allows.

A token says by which algorithm it was signed. That is never believed: the kind of key says which
algorithms there may be (RFC 8725 section 3.1), so "none" fits no key, and a public key is never
taken for a secret.
"""

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

from ostiary.kernel.errors import OstiaryError
from ostiary.x509.errors import UnreadableError
from ostiary.x509.keys import KeyKind
from ostiary.x509.public_keys import BareKey, is_binary_form, read_public_key

HMAC: Final = ("HS256", "HS384", "HS512")
RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
EDWARDS: Final = ("EdDSA",)
CURVES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "secp256r1": ("P-256", "ES256"),
        "secp384r1": ("P-384", "ES384"),
        "secp521r1": ("P-521", "ES512"),
    }
)
"""By OpenSSL's name of an elliptic curve: its name in a JWK, and the one algorithm for it."""
ALGORITHMS: Final = (*HMAC, *RSA, *(one for _, one in CURVES.values()), *EDWARDS)
"""All that are known (RFC 7518 section 3.1, RFC 8037)."""
SHORTEST_SECRET: Final = 32
"""Bytes (RFC 7518 section 3.2)."""
SMALLEST_RSA: Final = 2_048
"""Bits (RFC 7518 section 3.3)."""
MOST_KEYS: Final = 100
"""Of one set."""
LARGEST_SET: Final = 256 * 1024
"""Bytes."""
_EC_ALGORITHM: Final = MappingProxyType(dict(CURVES.values()))
_BLOCK: Final = 64
"""Bytes of SHA-256's blocks; those of the others are longer."""
_PUBLISHED: Final = re.compile(rb'\s*(?:https?://|<RSAKeyValue|---- BEGIN|\[\s*\{[^}]*"kty")')
"""A URL, and keys in XML, in RFC 4716's form, or in a list that lacks its set."""
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_OPENSSH: Final = re.compile(rb"\s*(?:ssh-|ecdsa-sha2-|sk-)")


class KeyRefused(OstiaryError):
    """What was given can't verify tokens: a sentence, and a way out."""

    def __init__(self, sentence: str, way_out: str = "") -> None:
        self.sentence = sentence
        self.way_out = way_out
        super().__init__(f"{sentence} ({way_out})" if way_out else sentence)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One key. Two that are equal verify the same."""

    kid: str | None
    """Its id (RFC 7517 section 4.5)."""
    algorithms: frozenset[str]
    material: bytes = field(repr=False)
    """The secret, the PEM or the JWK it was made of."""
    native: Any = field(repr=False, compare=False)
    """The library's own object."""
    short: bool = False
    """It is a secret of less than SHORTEST_SECRET bytes."""


def secret_or_public_key(data: bytes) -> tuple[VerificationKey, ...]:
    """What ``secretOrPublicKey`` holds: a PEM public key, a certificate, a JWK (set) or a secret.

    Whatever looks like a key is never a secret: else everybody who has the public key could sign.
    Raises KeyRefused.
    """
    if not data:
        raise KeyRefused("it is empty", "give a secret of 32 random bytes, or a public key")
    if data.lstrip().startswith(b"{"):
        return read_key_set(data, secrets=True)
    if b"-----BEGIN" in data:
        return (_of_pem(data),)
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        raise KeyRefused("it begins with a byte order mark", "save it as UTF-8 without one")
    if _PUBLISHED.match(data):
        raise KeyRefused(
            "it is what everybody may know, no secret",
            "give a public key in PEM or as a JWK, or for a URL jwksUrl",
        )
    if _OPENSSH.match(data) or is_binary_form(data) or is_binary_form(_unwrapped(data)):
        raise KeyRefused("it is a key in a form that can't be used", "convert it to PEM")
    return (_of_secret(None, HMAC, data, data),)


def _unwrapped(data: bytes) -> bytes:
    """What base64 or hex holds, as keys are shown without their PEM lines; empty for anything else.

    Keycloak shows its public key like that.
    """
    text = b"".join(data.split())
    with contextlib.suppress(ValueError):
        return binascii.unhexlify(text)
    with contextlib.suppress(ValueError):
        return base64.urlsafe_b64decode(text.translate(_URL_SAFE).rstrip(b"=") + b"==")
    return b""


def _of_secret(
    kid: str | None, algorithms: Sequence[str], material: bytes, secret: bytes
) -> VerificationKey:
    # HMAC fills short keys up with zeros itself (RFC 2104 section 2). The library warns of them at
    # each token; the check of the configuration does it once.
    filled = secret.ljust(_BLOCK, b"\0")
    short = len(secret) < SHORTEST_SECRET
    return VerificationKey(kid, frozenset(algorithms), material, filled, short)


def _of_pem(data: bytes) -> VerificationKey:
    try:
        key = read_public_key(data)
    except UnreadableError as error:
        raise KeyRefused(str(error)) from error
    algorithms = _algorithms_of(key)
    native = _native(algorithms[0], lambda algorithm: algorithm.prepare_key(key.pem))
    return VerificationKey(None, frozenset(algorithms), key.pem, native)


def _algorithms_of(key: BareKey) -> tuple[str, ...]:
    match key.about.kind:
        case KeyKind.RSA if key.about.bits >= SMALLEST_RSA:
            return RSA
        case KeyKind.RSA:
            raise KeyRefused(
                f"an RSA key of {key.about.bits} bits is too small", "use 2048 or more"
            )
        case KeyKind.EC if key.curve in CURVES:
            return (CURVES[key.curve][1],)
        case KeyKind.ED25519 | KeyKind.ED448:
            return EDWARDS
        case _:
            raise KeyRefused(
                f"no algorithm for tokens is known for this key ({key.curve or key.about})",
                "use RSA, P-256, P-384, P-521 or Ed25519",
            )


def read_key_set(data: bytes, *, secrets: bool = False) -> tuple[VerificationKey, ...]:
    """The keys of a JWK set (RFC 7517 section 5), or a single JWK, that verify signatures.

    Others are left out, as the RFC wants; secrets, too, unless ``secrets``: what is published is
    none. Raises KeyRefused where that leaves nothing.
    """
    if len(data) > LARGEST_SET:
        raise KeyRefused(f"it has more than {LARGEST_SET} bytes")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise KeyRefused("it isn't JSON") from error
    if not isinstance(found, dict):
        raise KeyRefused("it is no set of keys (RFC 7517)")
    members = found.get("keys", [found] if "kty" in found else None)
    if not isinstance(members, list):
        raise KeyRefused('it is no set of keys (RFC 7517): there is no list "keys"')
    keys = tuple(key for one in members[:MOST_KEYS] if (key := _of_jwk(one, secrets)) is not None)
    if not keys:
        raise KeyRefused("none of its keys can verify signatures")
    return keys


def _of_jwk(jwk: object, secrets: bool) -> VerificationKey | None:
    if not isinstance(jwk, dict) or not _verifies(jwk):
        return None
    kid = jwk.get("kid")
    known = HMAC if secrets and jwk.get("kty") == "oct" else _public_algorithms(jwk)
    algorithms = [one for one in known if jwk.get("alg", one) == one]
    # Where a private key was published by mistake, only its public part is looked at.
    public = {name: jwk[name] for name in ("kty", "crv", "n", "e", "x", "y", "k") if name in jwk}
    try:
        native = _native(algorithms[0], lambda algorithm: algorithm.from_jwk(public))
    except (KeyRefused, IndexError):
        return None
    material = json.dumps([kid, sorted(algorithms), public], sort_keys=True).encode()
    if isinstance(native, bytes):
        return _of_secret(kid, algorithms, material, native)
    small = known is RSA and native.key_size < SMALLEST_RSA
    return None if small else VerificationKey(kid, frozenset(algorithms), material, native)


def _verifies(jwk: Mapping[str, object]) -> bool:
    """RFC 7517 sections 4.2, 4.3 and 4.5."""
    operations = jwk.get("key_ops", ["verify"])
    meant = isinstance(operations, list) and "verify" in operations
    return meant and jwk.get("use", "sig") == "sig" and isinstance(jwk.get("kid"), str | None)


def _public_algorithms(jwk: Mapping[str, object]) -> tuple[str, ...]:
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "RSA":
        return RSA
    if kind == "EC" and isinstance(curve, str) and curve in _EC_ALGORITHM:
        return (_EC_ALGORITHM[curve],)
    return EDWARDS if kind == "OKP" and curve in ("Ed25519", "Ed448") else ()


def _native(algorithm: str, make: Callable[[Any], Any]) -> Any:
    try:
        return make(get_default_algorithms()[algorithm])
    except (PyJWTError, ValueError, TypeError, KeyError) as error:
        raise KeyRefused("the key can't be used") from error
