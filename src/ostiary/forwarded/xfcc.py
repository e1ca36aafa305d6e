"""Envoy's x-forwarded-client-cert: which element counts, and the certificates in it.

By Envoy's documentation ("HTTP header manipulation", x-forwarded-client-cert) elements are divided
by commas, and each proxy adds its own to the end: the last one is what the nearest proxy says of
its client. Values with special characters should be quoted; Envoy does so with Cert, Chain and
Subject, but not with URI, DNS and By (its issue 32945). So a client whose certificate has the URI
``x,Hash=…;Cert="…"`` writes an element of its own. Therefore:

* several elements are accepted only when none has a URI or DNS;
* Hash, which Envoy writes before all that comes from the client, must fit the certificate.
"""

import hashlib
import re
from collections.abc import Iterator

from ostiary.forwarded.encodings import pem_of, unescaped
from ostiary.forwarded.outcome import malformed

_PAIR = re.compile(
    rb"[ \t]*+(?P<key>[A-Za-z]{1,16})="
    rb"(?:\"(?P<quoted>(?:[^\"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+)\""
    rb"|(?P<plain>[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]*+))"  # ASCII but for " , and ;
    rb"[ \t]*+(?P<end>[,;]|\Z)",
)
_ONCE = frozenset({"hash", "cert", "chain", "subject"})
_UNQUOTED_BY_ENVOY = frozenset({"uri", "dns"})
_KEYS = _ONCE | _UNQUOTED_BY_ENVOY | {"by", "san"}  # SAN is what URI was called until Envoy 1.5

_Element = dict[str, bytes]


def certificates(value: bytes) -> tuple[bytes, ...]:
    """DER of the certificates in the last element, the client's first; raises Faulty."""
    elements = list(_elements(value))
    last = elements[-1]
    if len(elements) > 1 and any(_UNQUOTED_BY_ENVOY & one.keys() for one in elements):
        raise malformed(
            "several elements with URI or DNS: Envoy doesn't quote these, so where an element ends "
            "can be forged; set forward_client_cert_details: SANITIZE_SET"
        )
    found = _certificates(last)
    digest = hashlib.sha256(found[0]).hexdigest().encode("ascii")
    if last.get("hash", digest).lower() != digest:
        raise malformed("Hash is not the SHA-256 of the certificate")
    if "hash" not in last and _UNQUOTED_BY_ENVOY & last.keys():
        raise malformed("there is URI or DNS, but no Hash to tell whose certificate it is")
    return found


def _certificates(element: _Element) -> tuple[bytes, ...]:
    alone = pem_of(unescaped(element["cert"])) if "cert" in element else ()
    # "The entire client certificate chain (including the leaf certificate)".
    chain = pem_of(unescaped(element["chain"])) if "chain" in element else alone
    if not chain:
        raise malformed(
            "the last element has neither Cert nor Chain; "
            "set set_current_client_cert_details: {cert: true}"
        )
    if len(alone) > 1:
        raise malformed("Cert holds more than one certificate")
    if alone and chain[0] != alone[0]:
        raise malformed("Chain doesn't begin with the certificate in Cert")
    return chain


def _elements(value: bytes) -> Iterator[_Element]:
    """Each element's values by lower-case key; of By, URI and DNS, which may repeat, the last."""
    position, end = 0, b","
    element: _Element = {}
    while end:
        match = _PAIR.match(value, position)
        if match is None:
            raise malformed("the header is not made of key=value pairs")
        key = match["key"].decode("ascii").lower()
        _check(key, element)
        element[key] = match["plain"] if match["quoted"] is None else match["quoted"]
        position, end = match.end(), match["end"]
        if end != b";":
            yield element
            element = {}


def _check(key: str, element: _Element) -> None:
    if key not in _KEYS:
        raise malformed("there is a key that Envoy doesn't write")
    if key in _ONCE and key in element:
        raise malformed(f"{key.capitalize()} is given twice in one element")
