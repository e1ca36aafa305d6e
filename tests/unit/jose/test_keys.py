"""What may verify tokens."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ostiary.jose.keys import HMAC, RSA, KeyRefused, read_key_set, secret_or_public_key
from tests.support.pki import Kit
from tests.support.tokens import SECRET, b64, jwk, key_set, public_pem

KEY = ec.generate_private_key(ec.SECP256R1())


def test_the_kind_of_key_says_which_algorithms_there_are() -> None:
    small = ec.generate_private_key(ec.SECP384R1())
    assert secret_or_public_key(SECRET)[0].algorithms == set(HMAC)
    assert secret_or_public_key(public_pem(small))[0].algorithms == {"ES384"}
    assert secret_or_public_key(public_pem(ed448.Ed448PrivateKey.generate()))[0].algorithms == {
        "EdDSA"
    }
    large = rsa.generate_private_key(65537, 2048)
    assert secret_or_public_key(public_pem(large))[0].algorithms == set(RSA)


def test_a_certificate_is_taken_for_its_key(tmp_path: Path) -> None:
    made = Kit(tmp_path).client(None, "issuer")
    assert secret_or_public_key(made.pem)[0].material == public_pem(made.key)


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SSH = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
RSA_DER = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (private_pem(KEY), "private key"),
        (public_pem(ec.generate_private_key(ec.SECP256K1())), "secp256k1"),
        (public_pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "decode"),
        (b"key: -----BEGIN RSA", "no '-----BEGIN'"),
        (SSH, "a form"),
        (RSA_DER, "a form"),
        (DER, "a form"),
        (base64.b64encode(DER), "a form"),
        (base64.encodebytes(RSA_DER), "a form"),
        (base64.urlsafe_b64encode(RSA_DER).rstrip(b"="), "a form"),
        (RSA_DER.hex().encode(), "a form"),
        (public_pem(KEY).decode().encode("utf-16"), "byte order mark"),
        ('{"kty": "oct", "k": "AA"}'.encode("utf-8-sig"), "byte order mark"),
        (b"https://issuer.example/jwks.json", "everybody may know"),
        (b'[{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]', "everybody may know"),
        (b"<RSAKeyValue><Modulus>AQAB", "everybody may know"),
        (b"---- BEGIN SSH2 PUBLIC KEY ----", "everybody may know"),
        (b"{", "JSON"),
        (b'{"keys": {}}', "no list"),
        (b'{"keys": []}', "none of its keys"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_verify_is_refused_and_never_a_secret(data: bytes, said: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        secret_or_public_key(data)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "member",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "ES384"},
        {"alg": "none"},
        {"kid": 7},
        {"crv": "P-384"},
        {"x": "AA"},
        {"y": None},
        {"kty": ["EC"]},
        {"crv": ["P-256"]},
    ],
)
def test_a_published_key_that_cannot_be_used_is_left_out(member: dict[str, object]) -> None:
    good = jwk(KEY, "good")
    found = read_key_set(key_set({**jwk(KEY, "odd"), **member}, good))
    assert [one.kid for one in found] == ["good"]


@pytest.mark.parametrize("keys", [7, None, "x", [7, None, "x", []]])
def test_a_set_that_is_none_is_refused(keys: object) -> None:
    with pytest.raises(KeyRefused):
        read_key_set(json.dumps({"keys": keys}).encode())


def test_a_secret_in_a_set_counts_only_in_a_file_of_ours() -> None:
    secret = {"kty": "oct", "k": b64(SECRET), "kid": "s"}
    assert secret_or_public_key(key_set(secret))[0].algorithms == set(HMAC)
    with pytest.raises(KeyRefused):
        read_key_set(key_set(secret))


def test_a_short_secret_is_told_and_verifies_all_the_same() -> None:
    assert [one.short for one in secret_or_public_key(b"secret")] == [True]
    assert [one.short for one in secret_or_public_key(SECRET)] == [False]


@pytest.mark.parametrize("secret", [b"0123456789abcdef" * 2, b"00", b"\x300" + bytes(40)])
def test_a_secret_may_begin_like_a_binary_form(secret: bytes) -> None:
    assert secret_or_public_key(secret)[0].material == secret


def test_keys_are_compared_by_what_they_verify() -> None:
    assert read_key_set(key_set(jwk(KEY, "a"))) == read_key_set(key_set(jwk(KEY, "a")))
    assert read_key_set(key_set(jwk(KEY, "a"))) != read_key_set(key_set(jwk(KEY, "b")))
    assert "secret" not in repr(secret_or_public_key(b"a secret of more than thirty-two bytes"))
