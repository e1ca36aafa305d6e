"""How each balancer writes certificates, written from its documentation; the tests' other side."""

import base64
import hashlib
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from tests.support.pki import pem_of


def sequence(content: bytes) -> bytes:
    """A DER SEQUENCE around any bytes: all that this room asks of a certificate."""
    size = len(content)
    if size < 0x80:
        return bytes([0x30, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x30, 0x80 | len(length)]) + length + content


ders = st.binary(max_size=1200).map(sequence)
chains = st.lists(ders, min_size=1, max_size=4)


def pem(chain: Sequence[bytes]) -> bytes:
    return b"".join(map(pem_of, chain))


def nginx_escaped(chain: Sequence[bytes]) -> bytes:
    """``$ssl_client_escaped_cert``: all but the unreserved characters of RFC 3986."""
    return quote(pem(chain[:1]), safe="").encode()


def aws(chain: Sequence[bytes]) -> bytes:
    """ "URL-encoded PEM format … with +=/ as safe characters"."""
    return quote(pem(chain), safe="+=/").encode()


def form(chain: Sequence[bytes]) -> bytes:
    """As form encoders write: the blank in the marker as a plus, the plus as %2B."""
    return quote_plus(pem(chain)).encode()


def blanks(chain: Sequence[bytes]) -> bytes:
    """PEM with a space for each line end."""
    return pem(chain).replace(b"\n", b" ")


def nginx_folded(chain: Sequence[bytes]) -> bytes:
    """``$ssl_client_cert``: each line but the first begins with a tab."""
    return pem(chain).strip().replace(b"\n", b"\n\t")


def nothing_between(chain: Sequence[bytes]) -> bytes:
    """PEM with its line ends gone."""
    return pem(chain).replace(b"\n", b"")


def base64_der(chain: Sequence[bytes]) -> bytes:
    return base64.b64encode(chain[0])


def base64_pem(chain: Sequence[bytes]) -> bytes:
    return base64.b64encode(pem(chain))


def traefik(chain: Sequence[bytes]) -> bytes:
    """Bodies without markers and line ends, joined by commas."""
    return b",".join(map(base64.b64encode, chain))


def traefik_escaped(chain: Sequence[bytes]) -> bytes:
    """The same before version 2.9.4."""
    return b",".join(quote_plus(base64.b64encode(one)).encode() for one in chain)


def rfc9440(chain: Sequence[bytes]) -> bytes:
    return b":" + base64.b64encode(chain[0]) + b":"


def envoy(chain: Sequence[bytes], extra: bytes = b"", *, alone: bool = True) -> bytes:
    """One element as Envoy orders it: By, Hash, Cert, Chain, and what else is asked for."""
    parts = [
        b"By=spiffe://mesh/edge",
        b"Hash=" + hashlib.sha256(chain[0]).hexdigest().encode(),
        b'Cert="' + nginx_escaped(chain) + b'"' if alone else b"",
        b'Chain="' + quote(pem(chain), safe="").encode() + b'"' if len(chain) > 1 else b"",
        extra,
    ]
    return b";".join(filter(None, parts))
