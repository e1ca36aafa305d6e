"""What a certificate of the kit may be asked to be, and how it gets its extensions and faults."""

import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.der import (
    MD5_WITH_RSA,
    SHA1_WITH_RSA,
    SHA256_WITH_RSA,
    elements,
    inside,
    replaced,
    signed,
    tlv,
)

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
ANY_PURPOSE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING

KEY_MAKERS: dict[str, Callable[[], Any]] = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "p224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "mldsa65": mldsa.MLDSA65PrivateKey.generate,
    "dsa1024": lambda: dsa.generate_private_key(1024),
}
_DIGESTS = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "md5": hashes.MD5()}
_ALGORITHM = {"sha256": SHA256_WITH_RSA, "sha1": SHA1_WITH_RSA, "md5": MD5_WITH_RSA}


class Odd(TypedDict, total=False):
    """What may be asked for by keyword; what is not given is as it should be."""

    common_name: str
    """Default: the name of the files. An empty one makes an empty subject."""
    subject: x509.Name
    key: Any
    """``ec`` (default), ``p224`` … ``rsa1024``, ``ed25519``, ``dsa1024``; or a key."""
    public_key: Any
    """Certify this one instead; the key file will not fit."""
    serial: int
    not_before: datetime
    not_after: datetime
    authority: bool | None
    """BasicConstraints; None leaves the extension out."""
    path_length: int | None
    usage: Sequence[str] | None
    """Key usages by their pyca names; None leaves the extension out."""
    purposes: Sequence[x509.ObjectIdentifier]
    dns: Sequence[str]
    ips: Sequence[str]
    emails: Sequence[str]
    uris: Sequence[str]
    other_names: Sequence[x509.GeneralName]
    extensions: Sequence[tuple[x509.ExtensionType, bool]]
    version_1: bool
    digest: str
    patch: Sequence[tuple[bytes, bytes]]
    padding: int
    """Bytes of an extra, unknown, not critical extension."""
    signer: Any
    """A Made whose key signs instead of the issuer's."""
    key_identifiers: bool
    """False leaves subject and authority key identifiers out."""
    files: bool
    """False writes none: for thousands of which only the bytes are wanted."""


AUTHORITY: dict[str, Any] = {"authority": True, "usage": ["key_cert_sign", "crl_sign"]}
CLIENT: dict[str, Any] = {
    "authority": False,
    "usage": ["digital_signature"],
    "purposes": [CLIENT_AUTH],
}
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
_PADDING_OID = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")


def extensions_of(
    key: Any, issuer_key: Any, odd: dict[str, Any]
) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if odd["authority"] is not None:
        found.append((x509.BasicConstraints(odd["authority"], odd.get("path_length")), True))
    if odd["usage"] is not None:
        usages = {usage: usage in odd["usage"] for usage in _USAGES}
        found.append((x509.KeyUsage(**usages), True))
    if odd.get("key_identifiers", True):
        public = odd.get("public_key") or key.public_key()
        found.append((x509.SubjectKeyIdentifier.from_public_key(public), False))
        if issuer_key is not None:
            above = issuer_key.public_key()
            found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(above), False))
    if odd.get("purposes"):
        found.append((x509.ExtendedKeyUsage(odd["purposes"]), False))
    names = _alternatives(odd)
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    if odd.get("padding"):
        found.append((x509.UnrecognizedExtension(_PADDING_OID, bytes(odd["padding"])), False))
    found.extend(odd.get("extensions", ()))
    return found


def _alternatives(odd: dict[str, Any]) -> list[x509.GeneralName]:
    return [
        *map(x509.DNSName, odd.get("dns", ())),
        *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in odd.get("ips", ())),
        *map(x509.RFC822Name, odd.get("emails", ())),
        *map(x509.UniformResourceIdentifier, odd.get("uris", ())),
        *odd.get("other_names", ()),
    ]


def distorted(der: bytes, key: Any, odd: dict[str, Any]) -> bytes:
    """The certificate with patches, another digest or version 1, and a good signature."""
    digest = odd.get("digest", "sha256")
    if not odd.get("patch") and not odd.get("version_1") and digest == "sha256":
        return der
    tbs, algorithm, _ = elements(inside(der))
    for old, new in odd.get("patch", ()):
        tbs = replaced(tbs, old, new)
    if odd.get("version_1"):
        # Version is [0] and absent in v1; extensions are [3] and unknown there.
        parts = [part for part in elements(inside(tbs)) if part[0] not in (0xA0, 0xA3)]
        tbs = tlv(0x30, b"".join(parts))
    if digest != "sha256":
        algorithm = replaced(algorithm, SHA256_WITH_RSA, _ALGORITHM[digest])
        tbs = replaced(tbs, SHA256_WITH_RSA, _ALGORITHM[digest])
    return signed(tbs, key, algorithm, _DIGESTS[digest])
