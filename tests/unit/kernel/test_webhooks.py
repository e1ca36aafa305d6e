"""Secrets and signatures of Standard Webhooks."""

import base64
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.kernel.webhooks import BadSecret, read_secret, signature

KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_the_published_example_is_signed_as_published() -> None:
    # github.com/standard-webhooks, libraries/python/tests/test_webhooks.py, test_sign_function
    signed = signature([KEY], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_openssl_signs_the_same() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}", "-binary"],
        input=b"id.7.body",
        capture_output=True,
        check=True,
    )
    assert signature([KEY], "id", 7, b"body") == f"v1,{base64.b64encode(done.stdout).decode()}"


def test_while_a_secret_is_exchanged_both_sign() -> None:
    both = signature([KEY, KEY[::-1]], "id", 7, b"body").split(" ")
    assert both == [signature([KEY], "id", 7, b"body"), signature([KEY[::-1]], "id", 7, b"body")]
    assert len(set(both)) == 2


@given(st.binary(min_size=24, max_size=64))
def test_what_the_specification_allows_is_read(key: bytes) -> None:
    assert read_secret(f"whsec_{base64.b64encode(key).decode()}") == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        base64.b64encode(b"k" * 32).decode(),
        f"whsec_{base64.b64encode(b'k' * 23).decode()}",
        f"whsec_{base64.b64encode(b'k' * 65).decode()}",
        f"whsec_{base64.b64encode(b'k' * 32).decode()}\n",
        "whsec_nothing in base64 at all, however long",
        "whsec_\u00e4" * 40,
    ],
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadSecret) as caught:
        read_secret(text)
    assert not text.removeprefix("whsec_").strip() or text.strip() not in str(caught.value)


@given(st.text())
def test_no_text_makes_it_fall_over(text: str) -> None:
    for given_ in (text, f"whsec_{text}"):
        try:
            read_secret(given_)
        except BadSecret:
            continue
