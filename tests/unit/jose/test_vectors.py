"""The examples of the standards: RFC 7515 appendix A, RFC 8037 appendix A."""

import json
from typing import Final

import pytest

from ostiary.jose.claims import Claims
from ostiary.jose.keys import read_key_set
from ostiary.jose.tokens import Flaw, verify

_CLAIMS: Final = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
_HMAC: Final = {
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
_RSA: Final = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"
    "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
}
_P256: Final = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_P521: Final = {
    "kty": "EC",
    "crv": "P-521",
    "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
}
_ED25519: Final = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
_HS256: Final = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{_CLAIMS}"
_SIGNED: Final = {
    "HS256": (_HMAC, f"{_HS256}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "RS256": (
        _RSA,
        f"eyJhbGciOiJSUzI1NiJ9.{_CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZ"
        "j5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn"
        "byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsq"
        "tFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
        "pGlUPQGe77Rw",
    ),
    "ES256": (
        _P256,
        f"eyJhbGciOiJFUzI1NiJ9.{_CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa"
        "8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
}
# These have a payload that is no object: what remains of them once the signature was good.
_NO_CLAIMS: Final = {
    "ES512": (
        _P521,
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWRO"
        "c-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcn"
        "wNrmxYbSW9ERBXukOXolLzeO_Jn",
    ),
    "EdDSA": (
        _ED25519,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGc"
        "vMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
}


@pytest.mark.parametrize("algorithm", _SIGNED)
def test_the_example_of_the_rfc_is_believed(algorithm: str) -> None:
    key, token = _SIGNED[algorithm]
    keys = read_key_set(json.dumps(key).encode(), secrets=True)
    claims = verify(token.encode(), keys)
    assert claims == Claims(issuer="joe", expires=1300819380.0)
    assert verify(token.encode(), keys, (algorithm,)) == claims
    other = "ES384" if algorithm == "ES256" else "ES256"
    assert verify(token.encode(), keys, (other,)) is Flaw.NO_KEY


@pytest.mark.parametrize("algorithm", _NO_CLAIMS)
def test_an_example_without_claims_fails_for_these_and_not_for_its_signature(
    algorithm: str,
) -> None:
    key, token = _NO_CLAIMS[algorithm]
    keys = read_key_set(json.dumps(key).encode())
    assert verify(token.encode(), keys) is Flaw.MALFORMED
    head, payload, signature = token.split(".")
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert verify(f"{head}.{payload}.{swapped}".encode(), keys) is Flaw.SIGNATURE


def test_a_set_has_its_own_key_found_among_others() -> None:
    keys = read_key_set(json.dumps({"keys": [_ED25519, _P521, _RSA, _P256]}).encode())
    for algorithm in ("RS256", "ES256"):
        assert isinstance(verify(_SIGNED[algorithm][1].encode(), keys), Claims)


def test_a_published_secret_is_none() -> None:
    keys = read_key_set(json.dumps({"keys": [_HMAC, _P256]}).encode())
    assert verify(_SIGNED["HS256"][1].encode(), keys) is Flaw.NO_KEY
