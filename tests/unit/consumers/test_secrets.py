import pytest

from ostiary.consumers.names import base62
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.consumers.secrets import kept_generated, kept_supplied, verify

SALT = bytes(range(16))
# Made by bcryptjs 2.4.3, as Express Gateway 1.16.11 has it.
OF_WORDS = "$2a$10$FLnobOkJGcgYQ.rcZm2JyOgOTOuw2rFcvl/48Okmv3GHe4kZv3YZW"
OF_EIGHTY_X = "$2a$10$C.9DVUE3d8hYKovIacDElejkUOZeRl5KJe..pWWgOuHcupwxcc3Qq"


def test_a_secret_is_known_again_and_no_other_is() -> None:
    for stored in (kept_generated("s3cret"), kept_supplied("s3cret", SALT)):
        assert verify(stored, "s3cret")
        assert not verify(stored, "s3cre")
        assert not verify(stored, "")
        assert "s3cret" not in stored


def test_what_is_kept_says_how() -> None:
    assert kept_generated("x").startswith("sha256$")
    assert kept_supplied("x", SALT).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept_supplied("x", SALT) != kept_supplied("x", SALT[::-1])


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "sha256$",
        "$argon2id$",
        "$argon2id$v=19$m=1,t=1,p=1$x$y",
        "$2a$10$",
        "$2b$",
        "\0",
    ],
)
def test_nothing_is_the_secret_of_what_can_t_be_read(stored: str) -> None:
    for given in ("", stored, "x", "\0", "\ud800"):
        assert not verify(stored, given)


def test_a_secret_may_be_any_text_but_empty_or_very_long() -> None:
    for secret in ("ä\u20ac\U0001f600", "a\0b", "x" * 1_000):
        assert verify(kept_supplied(secret, SALT), secret)
    assert not verify(kept_supplied("a\0b", SALT), "a\0c")
    for secret in ("", "x" * 1_001):
        with pytest.raises(ConsumerRefused, match="1 to 1000"):
            kept_supplied(secret, SALT)
    assert not verify(kept_generated("x" * 1_001), "x" * 1_001)


def test_ids_have_the_form_of_express_gateway_s() -> None:
    assert base62(bytes(16)) == "0" * 22
    assert base62(b"\xff" * 16) == "7N42dgm5tFLK9N8MT7fHC7"
    assert {len(base62(bytes([n] * 16))) for n in range(256)} == {22}


def test_passwords_of_express_gateway_are_known_again() -> None:
    assert verify(OF_WORDS, "correct horse")
    assert not verify(OF_WORDS, "correct horsf")
    # Its library reads 72 bytes; whoever has a longer password must still get in.
    assert verify(OF_EIGHTY_X, "x" * 80)
    assert not verify(OF_EIGHTY_X, "x" * 71)
