"""Files of certificates, keys and revocation lists, PEM or DER: read, or told what they are.

PEM is RFC 7468 read leniently, as OpenSSL does: text around the blocks is ignored and so are
blocks of other kinds, as long as what was asked for is there.
"""

from collections.abc import Callable
from dataclasses import replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate, NotACrl, NotAKey, Unreadable
from ostiary.x509.forms import (
    CERTIFICATE_LABELS,
    KEY_LABELS,
    blocks_of,
    body_of,
    certificate_in,
    kind_of,
    refusal_of,
)
from ostiary.x509.keys import PrivateKey
from ostiary.x509.revocation import RevocationList, parse_revocation_list

_WITHOUT_PROMPT = "remove the passphrase: openssl pkey -in FILE -out NEWFILE"


def read_certificates(data: bytes) -> tuple[Certificate, ...]:
    """All certificates of a PEM bundle, in order, or the one of a DER file; never none.

    Raises NotACertificate, which says what the bytes are instead, or which block is broken.
    """
    blocks = blocks_of(data, NotACertificate)
    wanted = [block for block in blocks if block.label in CERTIFICATE_LABELS]
    if wanted:
        return tuple(certificate_in(block, n) for n, block in enumerate(wanted, 1))
    kind = kind_of(data, blocks)
    if kind in (Unreadable.CERTIFICATE, Unreadable.MALFORMED):
        return (parse(data),)
    raise refusal_of(NotACertificate, "a certificate", kind)


def read_private_key(data: bytes) -> PrivateKey:
    """The first private key in a PEM file, or the one of a DER file.

    Raises NotAKey; ``ENCRYPTED`` when it has a passphrase, for nobody is there to type it.
    """
    blocks = blocks_of(data, NotAKey)
    for block in blocks:
        if block.label in KEY_LABELS:
            if block.label.startswith("ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in block.body:
                raise NotAKey(Unreadable.ENCRYPTED, "the private key is encrypted", _WITHOUT_PROMPT)
            return _key(load_pem_private_key, block.text)
    kind = kind_of(data, blocks)
    if kind is Unreadable.PRIVATE_KEY:
        return _key(load_der_private_key, data)
    if kind is Unreadable.ENCRYPTED:
        raise NotAKey(kind, "the private key is encrypted", _WITHOUT_PROMPT)
    raise refusal_of(NotAKey, "a private key", kind)


def read_crls(data: bytes) -> tuple[RevocationList, ...]:
    """All revocation lists of a PEM bundle, or the one of a DER file; never none.

    Certificates in the same bundle go with each list, for one of them may have signed it. Raises
    NotACrl. Signatures are not checked: that needs the issuer.
    """
    blocks = blocks_of(data, NotACrl)
    wanted = [block for block in blocks if block.label == "X509 CRL"]
    if wanted:
        beside = [block for block in blocks if block.label in CERTIFICATE_LABELS]
        signers = tuple(body_of(block, n, NotACrl) for n, block in enumerate(beside, 1))
        return tuple(
            replace(parse_revocation_list(body_of(block, n, NotACrl)), signers=signers)
            for n, block in enumerate(wanted, 1)
        )
    kind = kind_of(data, blocks)
    if kind is Unreadable.CRL:
        return (parse_revocation_list(data),)
    raise refusal_of(NotACrl, "a revocation list", kind)


def key_matches(key: PrivateKey, certificate: Certificate) -> bool:
    """Whether the certificate certifies this very key."""
    try:
        return key.public_der() == certificate.public_key_der
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return False


def _key(load: Callable[[bytes, None], PrivateKeyTypes], data: bytes) -> PrivateKey:
    try:
        return PrivateKey(load(data, None))
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise NotAKey(
            Unreadable.MALFORMED, "the private key does not decode, or is of an unsupported kind"
        ) from fault
