"""Tokens and keys made by hand, without the library that the gateway verifies them with."""

import base64
import hashlib
import hmac
import json
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.pki import Made

SECRET: Final = b"an-example-secret-of-more-than-32-bytes"
_HASHES: Final[dict[str, Any]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
_EDWARDS = ed25519.Ed25519PrivateKey


def b64(data: bytes) -> str:
    """RFC 7515 section 2: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def token(claims: object, key: Any = SECRET, alg: str = "HS256", **header: object) -> str:
    """Signed by ``key`` (bytes or a private key); ``header`` overrides what stands there."""
    text = f"{part({'alg': alg, 'typ': 'JWT', **header})}.{part(claims)}"
    return f"{text}.{b64(signature(text.encode(), key, alg))}"


def signature(data: bytes, key: Any, alg: str) -> bytes:
    if isinstance(key, bytes):
        return hmac.new(key, data, getattr(hashlib, f"sha{alg[2:]}")).digest()
    if isinstance(key, _EDWARDS):
        return key.sign(data)
    digest = _HASHES[alg[2:]]()
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return key.sign(data, pss if alg[0] == "P" else padding.PKCS1v15(), digest)
    size = (key.curve.key_size + 7) // 8
    numbers = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return b"".join(number.to_bytes(size) for number in numbers)


def public_pem(key: Any) -> bytes:
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def jwk(key: Any, kid: str | None = None, **more: object) -> dict[str, object]:
    """The public half (RFC 7518 section 6, RFC 8037 section 2)."""
    named = {"kid": kid} if kid is not None else {}
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        shape = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    elif isinstance(key, _EDWARDS):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        shape = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    else:
        numbers, size = public.public_numbers(), (key.curve.key_size + 7) // 8
        x, y = b64(numbers.x.to_bytes(size)), b64(numbers.y.to_bytes(size))
        shape = {"kty": "EC", "crv": f"P-{key.curve.key_size}", "x": x, "y": y}
    return {**shape, **named, **more}


def key_set(*keys: dict[str, object]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def bound_to(made: Made) -> dict[str, object]:
    """The claim that ties a token to a certificate (RFC 8705 section 3.1)."""
    return {"cnf": {"x5t#S256": b64(hashlib.sha256(made.der).digest())}}


def bearer(text: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {text}"


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))
