"""PKCS#12 bundles: opened beside the gateway, and never for long."""

import hashlib
import hmac
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    pkcs12,
)

from ostiary.management.apart import is_bundle
from ostiary.management.errors import Unacceptable
from ostiary.management.shelf import read_uploaded
from tests.support.desk import DeskRig

WORD = "word"
_DATA, _ENCRYPTED = "2a864886f70d010701", "2a864886f70d010706"
_SHROUDED = "2a864886f70d010c0a0102"
_PBES2, _PBKDF2, _HMAC_SHA256 = "2a864886f70d01050d", "2a864886f70d01050c", "2a864886f70d0209"
_AES256_CBC, _SHA256 = "60864801650304012a", "608648016503040201"


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    count = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 128 else bytes([0x80 | count]) + size.to_bytes(count, "big")
    return bytes([tag]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, *parts)


def _oid(encoded: str) -> bytes:
    return _tlv(6, bytes.fromhex(encoded))


def _number(value: int) -> bytes:
    return _tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _encrypted(content: bytes, told: int) -> tuple[bytes, bytes]:
    """Algorithm and text by PBES2 (RFC 8018) after one round, though ``told`` are told."""
    salt, start = b"saltsalt", bytes(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, 1).derive(WORD.encode())
    more = 16 - len(content) % 16
    machine = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    derivation = _sequence(
        _oid(_PBKDF2),
        _sequence(_tlv(4, salt), _number(told), _sequence(_oid(_HMAC_SHA256), _tlv(5))),
    )
    cipher = _sequence(_oid(_AES256_CBC), _tlv(4, start))
    text = machine.update(content + bytes([more]) * more) + machine.finalize()
    return _sequence(_oid(_PBES2), _sequence(derivation, cipher)), text


def _endless() -> bytes:
    """A bundle in whose encrypted part, opened at once, is a key that asks for 2^31 - 1 rounds."""
    how, key = _encrypted(b"\x30\x00", 2**31 - 1)
    bag = _sequence(_oid(_SHROUDED), _tlv(0xA0, _sequence(how, _tlv(4, key))))
    how, text = _encrypted(_sequence(bag), 1)
    hidden = _sequence(_number(0), _sequence(_oid(_DATA), how, _tlv(0x80, text)))
    safe = _sequence(_sequence(_oid(_ENCRYPTED), _tlv(0xA0, hidden)))
    # RFC 7292 appendix B: the key of the MAC, of one round.
    word = (WORD + "\0").encode("utf-16be")
    filled = b"\3" * 64 + b"salt" * 16 + (word * 64)[: -(-len(word) // 64) * 64]
    mac = hmac.new(hashlib.sha256(filled).digest(), safe, "sha256").digest()
    digest = _sequence(_sequence(_oid(_SHA256), _tlv(5)), _tlv(4, mac))
    sealed = _sequence(digest, _tlv(4, b"salt"), _number(1))
    return _sequence(_number(3), _sequence(_oid(_DATA), _tlv(0xA0, _tlv(4, safe))), sealed)


def test_work_that_is_hidden_under_encryption_ends_soon() -> None:
    began = time.process_time()
    with pytest.raises(Unacceptable, match="could not be opened within 5 seconds"):
        read_uploaded(_endless(), WORD)
    assert time.process_time() - began < 1, "it was done here"


@pytest.mark.parametrize("word", [None, "sésame"])
def test_a_bundle_is_read_as_ever(desk: DeskRig, word: str | None) -> None:
    root = desk.kit.root("partners")
    secret = BestAvailableEncryption(word.encode()) if word else NoEncryption()
    data = pkcs12.serialize_key_and_certificates(None, None, None, [root.native], secret)
    assert is_bundle(data)
    assert [one.der for one in read_uploaded(data, word)] == [root.der]
    if word:
        with pytest.raises(Unacceptable, match="does not open with this password"):
            read_uploaded(data, "wrong")
    assert not is_bundle(root.der)
    assert not is_bundle(root.pem)
