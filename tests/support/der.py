"""Just enough DER to break certificates on purpose: split, join, patch, sign again."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

SHA1_WITH_RSA = bytes.fromhex("06092a864886f70d010105")
MD5_WITH_RSA = bytes.fromhex("06092a864886f70d010104")
SHA256_WITH_RSA = bytes.fromhex("06092a864886f70d01010b")


def tlv(tag: int, content: bytes) -> bytes:
    """One element in definite-length DER."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def elements(content: bytes) -> list[bytes]:
    """The elements that stand side by side in ``content``, each whole."""
    found = []
    while content:
        size, header = content[1], 2
        if size & 0x80:
            header = 2 + (size & 0x7F)
            size = int.from_bytes(content[2:header], "big")
        found.append(content[: header + size])
        content = content[header + size :]
    return found


def inside(element: bytes) -> bytes:
    """The content of one element."""
    header = 2 if element[1] < 0x80 else 2 + (element[1] & 0x7F)
    return element[header:]


def signed(tbs: bytes, key: object, algorithm: bytes, digest: hashes.HashAlgorithm) -> bytes:
    """A certificate of ``tbs`` with a good signature: ``algorithm`` is the AlgorithmIdentifier."""
    match key:
        case ec.EllipticCurvePrivateKey():
            signature = key.sign(tbs, ec.ECDSA(digest))
        case rsa.RSAPrivateKey():
            signature = key.sign(tbs, padding.PKCS1v15(), digest)
        case ed25519.Ed25519PrivateKey() | ed448.Ed448PrivateKey():
            signature = key.sign(tbs)
        case _:
            raise TypeError(f"this kit can't sign with {type(key).__name__}")
    return tlv(0x30, tbs + algorithm + tlv(0x03, b"\x00" + signature))


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """``data`` with ``old`` replaced; of the same length, so that no length byte goes wrong."""
    if len(old) != len(new) or old not in data:
        raise ValueError(f"{old!r} is not there, or {new!r} is not as long")
    return data.replace(old, new)
