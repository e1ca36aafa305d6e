"""Characters that must not stand in a name, and names that are harmless."""

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ostiary.x509.names import alternative_text, alternative_values, hostile_character


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\x00b", "U+0000"),
        ("a\tb", "U+0009"),
        ("\x7f", "U+007F"),
        ("a\x9fb", "U+009F"),
        ("a\u2028b", "U+2028"),
        ("a\u2029b", "U+2029"),
        ("a\udc80b", "U+DC80"),
        ("plain", None),
        ("Zürich 東京 🎉", None),
        ("soft\u00adhyphen and\u00a0no-break", None),
        ("", None),
    ],
)
def test_the_first_hostile_character_is_named(text: str, found: str | None) -> None:
    assert hostile_character(text) == found


@given(st.text(), st.text(), st.integers(0, 0x1F))
def test_a_control_character_is_found_wherever_it_stands(
    before: str, after: str, code: int
) -> None:
    assert hostile_character(before + chr(code) + after) is not None


@pytest.mark.parametrize(
    "value",
    [
        b"\x0c\x03a\x00b",
        b"\x16\x03a\x00b",
        b"\x0c\x81\x03a\x00b",
        b"\x1e\x04\x00a\x00\x00",
        b"\x1c\x08\x00\x00\x00a\x00\x00\x00\x00",
    ],
)
def test_a_string_in_an_other_name_is_looked_into(value: bytes) -> None:
    name = x509.OtherName(x509.ObjectIdentifier("1.2.3"), value)
    (text,) = alternative_values([name])
    assert hostile_character(text) == "U+0000"


@pytest.mark.parametrize("value", [b"\x30\x03a\x00b", b"\x04\x01\x00"])
def test_what_is_no_string_in_an_other_name_is_not_taken_for_one(value: bytes) -> None:
    name = x509.OtherName(x509.ObjectIdentifier("1.2.3"), value)
    assert list(alternative_values([name])) == []


def test_a_directory_name_is_looked_into() -> None:
    inner = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\x00b")])
    assert list(alternative_values([x509.DirectoryName(inner)])) == ["a\x00b"]
    assert alternative_text(x509.DirectoryName(inner)).startswith("dirName:CN=")
