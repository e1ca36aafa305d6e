"""What is told about a certificate in a header: by the agent once, then by the engine's own maps.

HAProxy can't read a certificate in a header. The agent's answer tells the request that asked, and
the gateway adds the same texts to two maps of the worker, under the hash of the header. They are
true of these bytes whatever is trusted: only verdicts are ever withdrawn.

``FACTS`` is the fingerprint, subject, issuer and serial number with tabs between, or nothing where
no certificate could be read; no part holds a tab, since ``agent.facts`` escapes control characters.
``TOLD_CERTIFICATE`` is the base64 of the DER: looking for tabs in that would cost more than the
whole verdict.
"""

from collections.abc import Callable
from enum import Enum

from ostiary.compiler import names

FACTS_FILE = "facts.map"
CERTIFICATES_FILE = "certificates.map"

_DIGEST = 64
"""Characters of a SHA-256 in hex."""
_REST = f"bytes({_DIGEST + 1})"
_TAB = '"\\t"'


class Fact(Enum):
    """Something about the certificate in the request's header, as a sample expression."""

    FINGERPRINT = f"var({names.FACTS}),bytes(0,{_DIGEST})"
    """SHA-256, upper-case hex."""
    SUBJECT = f"var({names.FACTS}),{_REST},field(1,{_TAB})"
    ISSUER = f"var({names.FACTS}),{_REST},field(2,{_TAB})"
    SERIAL = f"var({names.FACTS}),field(-1,{_TAB})"
    """Looked for from the end, past nothing else."""
    CERTIFICATE = f"var({names.TOLD_CERTIFICATE})"
    """Base64 of the DER."""


CERTIFICATE_TOLD = f"{{ var({names.TOLD_CERTIFICATE}) -m len gt 0 }}"
"""ACL literal: ``Fact.CERTIFICATE`` is not empty."""

ABOUT_TOLD = f"{{ var({names.TOLD_CERTIFICATE}) -m found }}"
"""ACL literal: what there is to tell was told, if only that no certificate could be read. It is the
last that is looked up: where it is there, ``FACTS`` is."""


def recalling(path_of: Callable[[str], str]) -> tuple[str, ...]:
    """Look up what the maps hold about the request's header."""
    facts = f"var({names.HEADER_HASH}),map_str({path_of(FACTS_FILE)})"
    certificate = f"var({names.HEADER_HASH}),map_str({path_of(CERTIFICATES_FILE)})"
    return (
        f"http-request set-var({names.FACTS}) {facts}",
        f"http-request set-var({names.TOLD_CERTIFICATE}) {certificate} "
        f"if {{ var({names.FACTS}) -m found }}",
    )
