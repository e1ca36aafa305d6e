"""Whatever a device sends is read, or refused with a sentence."""

import base64
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.est.reading import (
    Unreadable,
    fingerprint_of,
    refuse_other_media,
    request_of,
    secret_of,
)

T = TypeVar("T")


@given(st.binary(min_size=1), st.sampled_from([b"", b"\n", b"\r\n", b" "]), st.integers(1, 80))
def test_base64_is_read_with_any_line_ends(content: bytes, end: bytes, width: int) -> None:
    text = base64.b64encode(content)
    lines = end.join(text[at : at + width] for at in range(0, len(text), width))
    assert request_of(lines + end) == content


def _bytes_or_sentence(read: Callable[[T], object], given: T) -> object:
    """Any other exception fails the test."""
    try:
        return read(given)
    except Unreadable as refused:
        return bool(str(refused))


@given(st.binary())
def test_whatever_is_sent_is_bytes_or_a_refusal(body: bytes) -> None:
    assert _bytes_or_sentence(request_of, body)


@given(st.text())
def test_whatever_the_headers_say_is_read_or_refused(header: str) -> None:
    assert _bytes_or_sentence(secret_of, header) is not False
    assert _bytes_or_sentence(fingerprint_of, header) is not False


@pytest.mark.parametrize(
    "body",
    [b"", b"  \n", b"-----BEGIN CERTIFICATE REQUEST-----\n", b"a", b"====", b"ab=c", b"\xff"],
)
def test_what_is_no_base64_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        request_of(body)


def test_the_password_is_the_token_and_may_have_colons() -> None:
    def header(pair: bytes) -> str:
        return "Basic " + base64.b64encode(pair).decode()

    assert secret_of("") is None
    assert secret_of(header(b"anybody:enrol_x:y")) == "enrol_x:y"
    assert secret_of(header(b":enrol_x").replace("Basic", "bAsIc")) == "enrol_x"
    for wrong in ("Bearer x", header(b"none"), "Basic !", "Basic " + "A" * 5000, header(b"\xff:x")):
        with pytest.raises(Unreadable):
            secret_of(wrong)


def test_only_a_request_is_taken() -> None:
    refuse_other_media("Application/PKCS10; charset=x")
    for other in ("", "text/plain", "application/pkcs7-mime"):
        with pytest.raises(Unreadable):
            refuse_other_media(other)
