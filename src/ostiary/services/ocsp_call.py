"""How an OCSP question goes over HTTP (RFC 6960 appendix A.1, RFC 5019 section 5)."""

import base64
from dataclasses import dataclass

LONGEST_GET = 255
"""Characters of a whole URL: shorter questions are asked by GET, which caches can answer."""

TYPE = "application/ocsp-request"
ANSWER_TYPE = "application/ocsp-response"
_ENCODED = str.maketrans({"+": "%2B", "/": "%2F", "=": "%3D"})


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent."""

    url: str
    body: bytes
    """Empty: it is a GET, and the question is in the URL."""


def call_of(url: str, question: bytes) -> Call:
    """``url`` is the responder's, ``question`` an OCSPRequest in DER."""
    text = base64.b64encode(question).decode().translate(_ENCODED)
    whole = f"{url.removesuffix('/')}/{text}"
    if "?" in url or len(whole) > LONGEST_GET:
        return Call(url, question)
    return Call(whole, b"")
