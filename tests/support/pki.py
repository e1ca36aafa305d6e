"""A kit that makes certificates, good and odd, as PEM files in a folder.

    kit = Kit(tmp_path)                         # files go to tmp_path; time is kit.now
    root = kit.root("root")                     # self-signed authority, EC P-256
    mid = kit.intermediate(root, "mid")         # authority below it
    good = kit.client(mid, "good")              # for TLS clients
    site = kit.server(root, "site", dns=["a.example"], ips=["127.0.0.1"])

Each returns a ``Made``: ``.certificate_file`` (alone), ``.chain_file`` (with its intermediates:
what a client or server presents), ``.key_file``; ``.der``, ``.pem``, ``.chain`` (DER of the
intermediates) and ``.certificate`` (parsed by ostiary). ``kit.bundle(...)`` writes several into one
file, for ``ca``.

Every maker takes the same oddities by keyword (see ``Odd``):

    kit.client(root, "old", not_after=kit.now - DAY)          expired
    kit.client(root, "soon", not_before=kit.now + DAY)        not yet valid
    kit.client(root, "srv", purposes=[SERVER_AUTH])           wrong extended key usage
    kit.client(root, "v1", version_1=True)                    X.509 v1, as `openssl x509 -req` makes
    kit.client(root, "weak", key="rsa1024")                   weak key
    kit.client(rsa_root, "sha1", digest="sha1")               weak digest (an RSA issuer)
    kit.client(root, "x", common_name="adminXevil", patch=[(b"adminXevil", b"admin\0evil")])
    kit.intermediate(root, "mid", path_length=0)              path length
    kit.intermediate(root, "mid", extensions=[(x509.NameConstraints(...), True)])
    kit.client(root, "fat", padding=100_000)                  huge
    kit.client(root, "copy", key=other.key)                   a given key, for cross-signing
    kit.client(root, "forged", signer=other)                  signed by another key than issuer's

A patch is applied to the part that is signed, and that is signed again: the signature is good.
``Kit.chain_of(n)`` makes n intermediates in a row.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Unpack

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from ostiary.x509.certificate import Certificate, parse
from tests.support.odd import (
    ANY_PURPOSE,
    AUTHORITY,
    CLIENT,
    CLIENT_AUTH,
    CODE_SIGNING,
    KEY_MAKERS,
    SERVER_AUTH,
    Odd,
    distorted,
    extensions_of,
)

__all__ = [
    "ANY_PURPOSE",
    "CLIENT_AUTH",
    "CODE_SIGNING",
    "DAY",
    "SERVER_AUTH",
    "Kit",
    "Made",
    "Odd",
    "pem_of",
]

DAY = timedelta(days=1)
_KEYS_SIGNING_DIGESTS = (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, dsa.DSAPrivateKey)


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate with its key and files."""

    name: str
    der: bytes = field(repr=False)
    key: Any = field(repr=False)
    issuer: "Made | None" = field(repr=False)
    folder: Path = field(repr=False)

    @property
    def certificate(self) -> Certificate:
        """As ostiary reads it; raises NotACertificate for some odd ones."""
        return parse(self.der)

    @property
    def native(self) -> x509.Certificate:
        """As pyca reads it."""
        return x509.load_der_x509_certificate(self.der)

    @property
    def pem(self) -> bytes:
        """The certificate alone, whatever is in it."""
        return pem_of(self.der)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """DER of the intermediates above, nearest first, without the root."""
        found, above = [], self.issuer
        while above is not None and above.issuer is not None:
            found.append(above.der)
            above = above.issuer
        return tuple(found)

    @property
    def certificate_file(self) -> Path:
        """The certificate alone, PEM."""
        return self.folder / f"{self.name}.crt"

    @property
    def chain_file(self) -> Path:
        """The certificate and its intermediates, PEM."""
        return self.folder / f"{self.name}.pem"

    @property
    def key_file(self) -> Path:
        """The key, PKCS#8 PEM."""
        return self.folder / f"{self.name}.key"


def pem_of(der: bytes) -> bytes:
    """One PEM block of any bytes at all."""
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


class Kit:
    """The maker; ``folder`` gets the files, ``now`` (aware) is the middle of all validities."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self.now = now or datetime.now(UTC).replace(microsecond=0)

    def root(self, name: str, **odd: Unpack[Odd]) -> Made:
        """A self-signed authority."""
        return self._make(name, None, {**AUTHORITY, **odd})

    def intermediate(self, issuer: Made, name: str, **odd: Unpack[Odd]) -> Made:
        """An authority below another."""
        return self._make(name, issuer, {**AUTHORITY, **odd})

    def client(self, issuer: Made | None, name: str, **odd: Unpack[Odd]) -> Made:
        """A client certificate; issuer None makes it self-signed."""
        return self._make(name, issuer, {**CLIENT, **odd})

    def server(self, issuer: Made | None, name: str, **odd: Unpack[Odd]) -> Made:
        """A server certificate: give ``dns`` and ``ips``."""
        return self._make(name, issuer, {**CLIENT, "purposes": [SERVER_AUTH], **odd})

    def chain_of(self, issuer: Made, length: int, prefix: str = "mid") -> Made:
        """``length`` intermediates in a row; the lowest is returned."""
        for number in range(length):
            issuer = self.intermediate(issuer, f"{prefix}{number}")
        return issuer

    def bundle(self, name: str, *made: Made) -> Path:
        """Several certificates in one file, as ``ca`` takes them."""
        path = self.folder / name
        path.write_bytes(b"".join(one.pem for one in made))
        return path

    def _make(self, name: str, issuer: Made | None, odd: dict[str, Any]) -> Made:
        wanted: Any = odd.get("key", "ec")
        key: Any = KEY_MAKERS[wanted]() if isinstance(wanted, str) else wanted
        signer = odd.get("signer", issuer)
        signing_key: Any = signer.key if signer else key
        builder = self._builder(name, issuer, key, odd)
        for extension, critical in extensions_of(key, issuer and issuer.key, odd):
            builder = builder.add_extension(extension, critical)
        with_digest = isinstance(signing_key, _KEYS_SIGNING_DIGESTS)
        native = builder.sign(signing_key, hashes.SHA256() if with_digest else None)
        der = distorted(native.public_bytes(Encoding.DER), signing_key, odd)
        made = Made(name, der, key, issuer, self.folder)
        if not odd.get("files", True):
            return made
        made.certificate_file.write_bytes(made.pem)
        made.chain_file.write_bytes(made.pem + b"".join(map(pem_of, made.chain)))
        made.key_file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return made

    def _builder(
        self, name: str, issuer: Made | None, key: Any, odd: dict[str, Any]
    ) -> x509.CertificateBuilder:
        common_name = odd.get("common_name", name)
        subject = odd.get("subject") or x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
        )
        begin = odd.get("not_before", min(self.now, odd.get("not_after", self.now)) - DAY)
        end = odd.get("not_after", max(self.now, odd.get("not_before", self.now)) + 30 * DAY)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.native.subject if issuer else subject)
            .public_key(odd.get("public_key") or key.public_key())
            .serial_number(odd.get("serial", x509.random_serial_number()))
            .not_valid_before(begin)
            .not_valid_after(end)
        )
