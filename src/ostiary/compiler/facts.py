"""What the agent tells about a certificate in a header: two texts, each with the header's hash.

Streams of a connection share its variables, and several rules could find what several answers
left there. In one text each part is about the header whose hash it begins with.

``FACTS`` is the hash, fingerprint, serial number, subject and issuer, with tabs between, or the
hash alone where no certificate could be read; no part holds a tab, since ``agent.facts`` escapes
control characters. ``TOLD_CERTIFICATE`` is the hash and the base64 of the DER: looking for tabs
in that would cost more than the whole verdict.
"""

from enum import Enum

from ostiary.compiler import names
from ostiary.haproxy.quote import word

_DIGEST = 64
"""Characters of a SHA-256 in hex."""
_REST = f"bytes({2 * (_DIGEST + 1)})"
_TAB = '"\\t"'


class Fact(Enum):
    """Something about the certificate in the request's header, as a sample expression."""

    FINGERPRINT = f"var({names.FACTS}),bytes({_DIGEST + 1},{_DIGEST})"
    """SHA-256, upper-case hex."""
    SERIAL = f"var({names.FACTS}),{_REST},field(1,{_TAB})"
    SUBJECT = f"var({names.FACTS}),{_REST},field(2,{_TAB})"
    ISSUER = f"var({names.FACTS}),{_REST},field(3,{_TAB})"
    CERTIFICATE = f"var({names.TOLD_CERTIFICATE}),bytes({_DIGEST})"
    """Base64 of the DER."""


CERTIFICATE_TOLD = f"{{ var({names.TOLD_CERTIFICATE}) -m len gt {_DIGEST} }}"
"""ACL literal: ``Fact.CERTIFICATE`` is not empty."""


def recalling(header: str) -> list[str]:
    """Take what the connection's latest answer told, if it is of this header (its hash)."""
    kept = ((names.FACTS, names.FACTS_KEPT), (names.TOLD_CERTIFICATE, names.CERTIFICATE_KEPT))
    return [
        f"http-request set-var({variable}) var({source}) "
        f"if {{ {word(f'var({source}),bytes(0,{_DIGEST}),strcmp({header})')} eq 0 }}"
        for variable, source in kept
    ]


def keeping(answered: str) -> list[str]:
    """Keep what was told just now for the connection's next request."""
    return [
        f"http-request set-var({names.FACTS_KEPT}) var({names.FACTS}) if {answered}",
        f"http-request set-var({names.CERTIFICATE_KEPT}) var({names.TOLD_CERTIFICATE}) "
        f"if {answered}",
    ]
