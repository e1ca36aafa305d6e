"""OCSP answers written byte by byte: what openssl doesn't make, signed as it should be.

answer_of(root, single(client, root))                       good, until in an hour
answer_of(root, single(client, root, "revoked"), single(other, root))
answer_of(root, single(client, root), signer=delegate, certificates=[delegate])
answer_of(root, single(client, root, begin=..., end=None, digest="sha256"))
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.der import elements, inside, signed, tlv
from tests.support.pki import Made

_DIGESTS = {
    "sha1": "2b0e03021a",
    "sha256": "608648016503040201",
    "sha384": "608648016503040202",
    "sha512": "608648016503040203",
    "md5": "2a864886f70d0205",
}
_ECDSA = {
    "sha256": bytes.fromhex("300a06082a8648ce3d040302"),
    "sha1": bytes.fromhex("300906072a8648ce3d0401"),
}
_NONCE = bytes.fromhex("06092b0601050507300102")
UNKNOWN_OID = bytes.fromhex("06032a0304")
_BASIC = bytes.fromhex("06092b0601050507300101")
_STATES = {
    "good": b"\x80\x00",
    "unknown": b"\x82\x00",
    "revoked": tlv(0xA1, tlv(0x18, b"20260101000000Z") + b"\xa0\x03\x0a\x01\x01"),
}


def single(
    about: Made,
    issuer: Made,
    state: str = "good",
    *,
    begin: datetime | None = None,
    end: datetime | str | None = "",
    digest: str = "sha1",
    serial: int | None = None,
    extensions: bytes = b"",
) -> bytes:
    """One SingleResponse; begun an hour ago, and for an hour to come, unless told otherwise."""
    now = datetime.now(UTC).replace(microsecond=0)
    hashed = hashlib.new("sha1" if digest == "md5" else digest)
    name, key = hashed.copy(), hashed.copy()
    name.update(issuer.native.subject.public_bytes())
    key.update(_key_bits(issuer))
    number = about.native.serial_number if serial is None else serial
    identity = (
        tlv(0x30, tlv(0x06, bytes.fromhex(_DIGESTS[digest])) + b"\x05\x00")
        + tlv(0x04, name.digest())
        + tlv(0x04, key.digest())
        + tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
    )
    until = now + timedelta(hours=1) if end == "" else end
    times = _time(begin or now - timedelta(hours=1))
    if isinstance(until, datetime):
        times += tlv(0xA0, _time(until))
    more = tlv(0xA1, tlv(0x30, extensions)) if extensions else b""
    return tlv(0x30, tlv(0x30, identity) + _STATES[state] + times + more)


def extension(oid: bytes, value: bytes, *, critical: bool = False) -> bytes:
    """One Extension."""
    return tlv(0x30, oid + (b"\x01\x01\xff" if critical else b"") + tlv(0x04, value))


def nonce(value: bytes) -> bytes:
    """The extension with a nonce."""
    return extension(_NONCE, tlv(0x04, value))


def answer_of(
    authority: Made,
    *singles: bytes,
    signer: Made | None = None,
    named: Made | None = None,
    by_key: bool = False,
    produced: datetime | None = None,
    certificates: Sequence[Made] = (),
    extensions: bytes = b"",
    digest: str = "sha256",
) -> bytes:
    """An OCSPResponse; ``named`` is whom it says to be by, where that isn't who signs."""
    who = named or signer or authority
    if by_key:
        identity = tlv(0xA2, tlv(0x04, hashlib.sha1(_key_bits(who)).digest()))
    else:
        identity = tlv(0xA1, who.native.subject.public_bytes())
    now = datetime.now(UTC).replace(microsecond=0)
    data = identity + _time(produced or now) + tlv(0x30, b"".join(singles))
    if extensions:
        data += tlv(0xA1, tlv(0x30, extensions))
    algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[digest]
    basic = signed(tlv(0x30, data), (signer or authority).key, _ECDSA[digest], algorithm)
    if certificates:
        chain = tlv(0xA0, tlv(0x30, b"".join(one.der for one in certificates)))
        basic = tlv(0x30, inside(basic) + chain)
    return tlv(0x30, b"\x0a\x01\x00" + tlv(0xA0, tlv(0x30, _BASIC + tlv(0x04, basic))))


def _time(when: datetime) -> bytes:
    return tlv(0x18, when.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _key_bits(made: Made) -> bytes:
    spki = made.native.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return inside(elements(inside(spki))[1])[1:]
