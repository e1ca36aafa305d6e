"""Who has signed a token, by keys of every kind."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.jose.claims import LONGEST_TOKEN, Bound, Claims
from ostiary.jose.keys import ALGORITHMS, read_key_set, secret_or_public_key
from ostiary.jose.tokens import Flaw, Head, knows, read_head, verify
from tests.support.tokens import SECRET, b64, jwk, key_set, part, public_pem, signature, token

RSA: Final = rsa.generate_private_key(65537, 2048)
KEYS: Final[dict[str, Any]] = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), SECRET),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
NAMES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def keys_of(alg: str) -> Any:
    key = KEYS[alg]
    return secret_or_public_key(key if isinstance(key, bytes) else public_pem(key))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_of_each_algorithm_is_believed_with_its_own_key_alone(alg: str) -> None:
    sent = token({"sub": "x"}, KEYS[alg], alg).encode()
    assert verify(sent, keys_of(alg)) == Claims(subject="x", identity="x")
    for other in ("HS256", "RS256", "ES256", "ES384", "EdDSA"):
        if KEYS[other] is not KEYS[alg]:
            assert isinstance(verify(sent, keys_of(other)), Flaw)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_never_taken_for_a_secret(alg: str) -> None:
    pem = public_pem(KEYS[alg])
    for secret in (pem, pem.strip(), pem.replace(b"\n", b"")):
        for forged in ("HS256", "HS384", "HS512"):
            sent = token({"sub": "x"}, secret, forged).encode()
            assert verify(sent, keys_of(alg)) is Flaw.NO_KEY
            published = read_key_set(key_set(jwk(KEYS[alg])))
            assert verify(sent, published) is Flaw.NO_KEY


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS1", "ES521", "dir"])
@pytest.mark.parametrize("key", ["HS256", "RS256", "ES512"])
def test_no_algorithm_is_never_one(alg: str, key: str) -> None:
    text = f"{part({'alg': alg})}.{part({'sub': 'x'})}"
    for signed in ("", b64(b"x"), b64(signature(text.encode(), KEYS[key], key))):
        assert isinstance(verify(f"{text}.{signed}".encode(), keys_of(key), ()), Flaw)
        assert isinstance(verify(f"{text}.{signed}".encode(), keys_of(key), (alg,)), Flaw)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": ["HS256"]},
        {"alg": None},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"kid": 7},
    ],
)
def test_a_header_that_is_not_understood_is_refused(header: dict[str, Any]) -> None:
    text = f"{part({'alg': 'HS256', **header})}.{part({'sub': 'x'})}"
    sent = f"{text}.{b64(signature(text.encode(), SECRET, 'HS256'))}"
    assert verify(sent.encode(), keys_of("HS256")) is Flaw.MALFORMED


def test_keys_that_a_token_brings_along_are_not_looked_at() -> None:
    mine = ec.generate_private_key(ec.SECP256R1())
    sent = token({"sub": "x"}, mine, "ES256", jwk=jwk(mine), jku="https://evil.example/", x5c=["A"])
    assert verify(sent.encode(), keys_of("ES256")) is Flaw.SIGNATURE


def test_a_key_id_chooses_among_keys() -> None:
    one, two = KEYS["ES256"], ec.generate_private_key(ec.SECP256R1())
    keys = read_key_set(key_set(jwk(one, "1"), jwk(two, "2")))
    assert isinstance(verify(token({}, two, "ES256", kid="2").encode(), keys), Claims)
    assert isinstance(verify(token({}, two, "ES256").encode(), keys), Claims)
    assert verify(token({}, two, "ES256", kid="1").encode(), keys) is Flaw.SIGNATURE
    assert verify(token({}, two, "ES256", kid="3").encode(), keys) is Flaw.NO_KEY
    assert knows(Head("ES256", "2"), keys)
    assert not knows(Head("ES256", "3"), keys)
    assert knows(Head("HS256", "3"), keys_of("HS256")), "a single key needs no id"


def test_an_algorithm_that_the_key_is_not_for_is_refused() -> None:
    keys = read_key_set(key_set(jwk(RSA, alg="RS256")))
    assert isinstance(verify(token({}, RSA, "RS256").encode(), keys), Claims)
    assert verify(token({}, RSA, "PS256").encode(), keys) is Flaw.NO_KEY


def test_a_long_token_is_not_read() -> None:
    sent = token({"pad": "x" * LONGEST_TOKEN})
    assert read_head(sent.encode()) is None
    assert verify(sent.encode(), keys_of("HS256")) is Flaw.MALFORMED


GOOD: Final = {
    alg: token({"sub": "ada", "exp": 2_000_000_000, "scope": "read"}, KEYS[alg], alg)
    for alg in ("HS256", "PS256", "ES512", "EdDSA")
}


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_no_changed_token_is_believed(alg: str, data: st.DataObject) -> None:
    """Whatever is done to a token's text: it is refused."""
    good = GOOD[alg]
    at = data.draw(st.integers(0, len(good)))
    size = data.draw(st.integers(0, 3))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"
    put = data.draw(st.text(alphabet, max_size=3))
    changed = good[:at] + put + good[at + size :]
    if changed != good:
        assert isinstance(verify(changed.encode(), keys_of(alg)), Flaw), changed


@given(st.binary(max_size=200))
def test_nonsense_is_no_token(data: bytes) -> None:
    assert isinstance(verify(data, keys_of("HS256")), Flaw)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["exp", "nbf", "iss", "aud", "sub", "scope", "cnf", "id", "client_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["x5t#S256", "jkt"]), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    )
)
def test_claims_of_any_type_are_read_or_refused(claims: dict[str, Any]) -> None:
    found = verify(token(claims).encode(), keys_of("HS256"))
    assert isinstance(found, Claims) or found is Flaw.MALFORMED
    if isinstance(found, Claims) and claims.get("cnf") is not None:
        assert found.bound is not None, "what is bound must never become anybody's"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub":"a","sub":"b"}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":1e999}',
        b'{"exp":"1"}',
        b'{"exp":true}',
        b'{"cnf":"x"}',
        b'{"cnf":{"x5t#S256":"short"}}',
        b'{"aud":[1]}',
        b"[]",
        b"null",
        b'{"sub":' + b"[" * 5_000,
        b"\xff",
    ],
)
def test_claims_that_can_be_read_in_two_ways_or_not_at_all_are_refused(payload: bytes) -> None:
    text = f"{part({'alg': 'HS256'})}.{b64(payload)}"
    sent = f"{text}.{b64(signature(text.encode(), SECRET, 'HS256'))}"
    assert verify(sent.encode(), keys_of("HS256")) is Flaw.MALFORMED


def test_claims_are_told_as_they_are_meant() -> None:
    digest = b64(bytes(range(32)))
    claims = verify(
        token(
            {
                "id": "one",
                "sub": "two",
                "aud": ["a", "b"],
                "scope": "read  write",
                "exp": 10.5,
                "cnf": {"x5t#S256": digest, "jkt": "other"},
            }
        ).encode(),
        keys_of("HS256"),
    )
    assert claims == Claims(
        subject="two",
        identity="one",
        audience=frozenset({"a", "b"}),
        scopes=frozenset({"read", "write"}),
        expires=10.5,
        bound=Bound(bytes(range(32)).hex().upper()),
    )
    listed = verify(token({"client_id": "c", "scp": ["x", "y z"]}).encode(), keys_of("HS256"))
    assert listed == Claims(identity="c", scopes=frozenset({"x", "y", "z"}))
    elsewhere = verify(token({"cnf": {"jkt": "k"}}).encode(), keys_of("HS256"))
    assert elsewhere == Claims(bound=Bound(None))


def test_a_token_that_openssl_has_signed_is_believed(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl")
    key, public = tmp_path / "key", tmp_path / "public"

    def run(*arguments: object, data: bytes = b"") -> bytes:
        command = [openssl, *map(str, arguments)]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    run("pkey", "-in", key, "-pubout", "-out", public)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps({"sub": "openssl"}).encode()).rstrip(b"=")
    signed = run("dgst", "-sha256", "-sign", key, data=head + b"." + body)
    sent = b".".join((head, body, base64.urlsafe_b64encode(signed).rstrip(b"=")))
    found = verify(sent, secret_or_public_key(public.read_bytes()))
    assert found == Claims(subject="openssl", identity="openssl")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub": "\\ud800"}',
        b'{"iss": "a", "id": "\\udfff"}',
        b'{"scope": ["\\ud800"]}',
        '{"sub": "x"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"sub": "x"}',
    ],
)
def test_claims_that_are_no_text_are_malformed(payload: bytes) -> None:
    signed = f"{part({'alg': 'HS256'})}.{b64(payload)}"
    sent = f"{signed}.{b64(signature(signed.encode(), SECRET, 'HS256'))}".encode()
    assert verify(sent, keys_of("HS256")) is Flaw.MALFORMED


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "ES512", "EdDSA"])
def test_a_token_has_one_text(alg: str) -> None:
    sent = token({"sub": "x"}, KEYS[alg], alg)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [sent[:-1] + letter for letter in letters if letter != sent[-1]]
    assert isinstance(verify(sent.encode(), keys_of(alg)), Claims)
    for other in (*others, f"{sent}A", f"{sent}="):
        assert isinstance(verify(other.encode(), keys_of(alg)), Flaw)
