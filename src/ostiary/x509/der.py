"""Finding elements in DER that somebody has decoded already (X.690 section 8.1)."""

from collections.abc import Iterator

LONG = 0x80
"""From this on the octet of the length tells how many octets the length has."""
_EXPLICIT_VERSION = 0xA0


def inside(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` begins and ends."""
    size = data[at + 1]
    if size < LONG:
        return at + 2, at + 2 + size
    begin = at + 2 + (size - LONG)
    return begin, begin + int.from_bytes(data[at + 2 : begin], "big")


def first_inside(data: bytes) -> bytes:
    """The first element inside the first one, whole: what is signed of a certificate or list."""
    begin = inside(data, 0)[0]
    return data[begin : inside(data, begin)[1]]


def parts_of(certificate: bytes) -> tuple[bytes, bytes, bytes]:
    """Issuer, subject and SubjectPublicKeyInfo of a certificate, whole (RFC 5280 section 4.1)."""
    at = inside(certificate, inside(certificate, 0)[0])[0]
    if certificate[at] == _EXPLICIT_VERSION:
        at = inside(certificate, at)[1]
    for _ in range(2):  # the serial number, and how it was signed
        at = inside(certificate, at)[1]
    issuer_end = inside(certificate, at)[1]
    subject = inside(certificate, issuer_end)[1]
    subject_end = inside(certificate, subject)[1]
    key_end = inside(certificate, subject_end)[1]
    return (
        certificate[at:issuer_end],
        certificate[subject:subject_end],
        certificate[subject_end:key_end],
    )


def key_bits_of(public_key: bytes) -> bytes:
    """What digests of keys are made of: the content of the BIT STRING of a SubjectPublicKeyInfo."""
    algorithm_end = inside(public_key, inside(public_key, 0)[0])[1]
    begin, end = inside(public_key, algorithm_end)
    return public_key[begin + 1 : end]


def signature_is_whole(data: bytes) -> bool:
    """Whether no bit of a signature is said to be unused, as OpenSSL asks (``ASN1_item_verify``).

    ``data``: a certificate, list or request: what is signed, the algorithm, and the signature.
    Without this the same signature could be written in other ways.
    """
    at = inside(data, 0)[0]
    for _ in range(2):
        at = inside(data, at)[1]
    begin, end = inside(data, at)
    return begin < end and data[begin] == 0


def elements(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each element between ``begin`` and ``end`` begins and ends."""
    while begin < end:
        after = inside(data, begin)[1]
        yield begin, after
        begin = after
