"""What the agent tells about a certificate in a header: one text, with tabs between its parts.

One text, because streams of a connection share its variables: what several rules write could come
from several answers. No part holds a tab: ``agent.facts`` escapes control characters.
"""

from enum import Enum

from ostiary.compiler import names
from ostiary.haproxy.quote import word

TAB = '"\\t"'
"""A tab, as argument of a converter."""


class Fact(Enum):
    """The parts, by their place."""

    HEADER = 1
    """Hash of the header, as ``names.HEADER_HASH``."""
    FINGERPRINT = 2
    """SHA-256, upper-case hex."""
    SERIAL = 3
    SUBJECT = 4
    ISSUER = 5
    CERTIFICATE = 6
    """Base64 of the DER. The longest part stands last: parts are found by counting tabs."""

    @property
    def expression(self) -> str:
        """This part of the request's facts, as a sample expression."""
        return part(names.FACTS, self.value)


def part(variable: str, number: int) -> str:
    """A part of a text with tabs, as a sample expression."""
    return f"var({variable}),field({number},{TAB})"


def part_equals(variable: str, number: int, other: str) -> str:
    """ACL literal: that part is the same as the text in the variable ``other``."""
    compared = f"{part(variable, number)},strcmp({other})"
    return f"{{ {word(compared)} eq 0 }}"
