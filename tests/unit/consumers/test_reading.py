"""Names and secrets as clients write them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.consumers.model import CredentialType
from ostiary.consumers.reading import NameAndSecret, read_credential

KEY, BASIC = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(TEXT.filter(lambda one: ":" not in one), TEXT)
def test_what_was_written_is_read(name: str, secret: str) -> None:
    sent = f"{name}:{secret}".encode()
    assert read_credential(KEY, sent) == NameAndSecret(name, secret)
    assert read_credential(BASIC, b64encode(sent)) == NameAndSecret(name, secret)
    assert read_credential(BASIC, b64encode(sent).rstrip(b"=")) == NameAndSecret(name, secret)


@pytest.mark.parametrize(
    "sent", [b"", b"YTpi!", b"YTpi YTpi", b64encode(b"ab"), b64encode(b"a:b\xff"), b"\xff", b"Y"]
)
def test_what_is_no_name_and_password_is_nothing(sent: bytes) -> None:
    assert read_credential(BASIC, sent) is None
