"""The parameters of RSA-PSS signatures (RFC 4055 section 3.1), where pyca doesn't tell them."""

from ostiary.x509.der import elements, inside

_OID = bytes.fromhex("06092a864886f70d01010a")
_MGF1 = bytes.fromhex("06092a864886f70d010108")
_DIGESTS = {
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}
_NULL = b"\x05\x00"
_INTEGER = 0x02
_HASH, _MASK, _SALT = 0xA0, 0xA1, 0xA2
_DEFAULT_SALT = 20


def pss_of(algorithm: bytes) -> tuple[str, int] | None:
    """Digest and octets of salt that an AlgorithmIdentifier (DER, whole) with id-RSASSA-PSS names.

    None for what isn't taken: a weaker digest than SHA-256 (the default is SHA-1), a mask by
    another than MGF1 with the same digest, another trailer. Raises IndexError for broken DER.
    """
    parts = _inside(algorithm)
    if len(parts) != 2 or parts[0] != _OID:
        return None
    given = {part[0]: _inside(part)[0] for part in _inside(parts[1])}
    digest = _digest_of(given.pop(_HASH, b""))
    mask, salt = given.pop(_MASK, b""), given.pop(_SALT, b"")
    if digest is None or given or not mask:
        return None
    kind, *by = _inside(mask)
    if kind != _MGF1 or not by or _digest_of(by[0]) != digest:
        return None
    if not salt:
        return digest, _DEFAULT_SALT
    size = int.from_bytes(_content(salt), "big", signed=True)
    return (digest, size) if salt[0] == _INTEGER and size >= 0 else None


def _digest_of(algorithm: bytes) -> str | None:
    """RFC 4055 section 2.1: with NULL as its parameter, or without any."""
    oid, *more = _inside(algorithm) if algorithm else [b""]
    return _DIGESTS.get(oid) if more in ([], [_NULL]) else None


def _inside(element: bytes) -> list[bytes]:
    return [element[begin:end] for begin, end in elements(element, *inside(element, 0))]


def _content(element: bytes) -> bytes:
    begin, end = inside(element, 0)
    return element[begin:end]
