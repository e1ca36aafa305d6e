"""Questions to OCSP responders (RFC 6960 section 4.1), and the responders a certificate names."""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID as AccessOID

from ostiary.x509.certificate import Certificate, bearing_oddities
from ostiary.x509.der import key_bits_of
from ostiary.x509.errors import NotAskable

MOST_RESPONDERS = 4
"""Of one certificate; whoever made it could name any number."""
LONGEST_ADDRESS = 2_048
"""Characters of a responder's address."""

_DIGESTS = frozenset({"sha1", "sha224", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True)
class CertId:
    """How a responder names a certificate (certID): digests of its issuer's name and key, and its
    serial number."""

    digest: str
    """Name of the digest, ``sha1``."""
    issuer_name: bytes
    issuer_key: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A certificate that is asked about, and the authority above it."""

    certificate: Certificate
    issuer: Certificate

    @property
    def key(self) -> bytes:
        """32 bytes that are the same for whatever one answer is about: issuer's name and key, and
        serial number."""
        digest = hashlib.sha256(self.certificate.issuer_der + self.issuer.public_key_der)
        digest.update(str(self.certificate.serial).encode())
        return digest.digest()

    def is_named_by(self, named: CertId) -> bool:
        """Whether an answer is about this certificate, by whichever digest it says so.

        RFC 6960 4.1.1: the name as the certificate has it, the key without tag, length and unused
        bits. The authority may have its own name encoded in another way.
        """
        if named.serial != self.certificate.serial or named.digest not in _DIGESTS:
            return False
        names = (self.certificate.issuer_der, self.issuer.subject_der)
        return named.issuer_key == _digest(
            named.digest, key_bits_of(self.issuer.public_key_der)
        ) and any(named.issuer_name == _digest(named.digest, name) for name in names)


def question(subject: Subject, nonce: bytes = b"") -> bytes:
    """An OCSPRequest, DER, not signed; ``nonce`` (none: empty) is 1 to 128 octets (RFC 9654).

    The digest is SHA-1, which RFC 5019 2.1.1 asks for and every responder knows: it names a
    certificate among those of one authority, and the answer is signed. Raises NotAskable.
    """
    if subject.certificate.serial < 0:
        raise NotAskable("its serial number is negative: no responder can be asked about it")
    with bearing_oddities():
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            _digest("sha1", subject.certificate.issuer_der),
            _digest("sha1", key_bits_of(subject.issuer.public_key_der)),
            subject.certificate.serial,
            hashes.SHA1(),  # noqa: S303
        )
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)


def responders_of(certificate: Certificate) -> tuple[str, ...]:
    """The responders that the certificate names (RFC 5280 4.2.2.1), in its order, as written.

    Only what begins as an HTTP address; whether it may be asked is for others to say.
    """
    found: list[str] = []
    with bearing_oddities():
        for extension in certificate.native.extensions:
            if isinstance(extension.value, x509.AuthorityInformationAccess):
                found += [
                    one.access_location.value
                    for one in extension.value
                    if one.access_method == AccessOID.OCSP
                    and isinstance(one.access_location, x509.UniformResourceIdentifier)
                ]
    fitting = (
        one
        for one in found
        if len(one) <= LONGEST_ADDRESS and one.lower().startswith(("http://", "https://"))
    )
    return tuple(dict.fromkeys(fitting))[:MOST_RESPONDERS]


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content, usedforsecurity=False).digest()
