"""Plain words take the types of YAML 1.2's core schema."""

import pytest

from ostiary.config.text.scalar import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", "010"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("12:30:00", "12:30:00"),
        ("2001-12-14", "2001-12-14"),
        ("9" * 40, "9" * 40),
        ("1_000", "1_000"),
    ],
)
def test_a_plain_word_has_its_type(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
