"""Issuing: from a root down to clients, each with the extensions it needs (RFC 5280 4.2)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ostiary.ca.addresses import Addresses
from ostiary.ca.dice import Dice
from ostiary.kernel.errors import OstiaryError
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.keys import KeyKind, PrivateKey
from ostiary.x509.names import hostile_character

BACKDATING = timedelta(minutes=5)
"""Certificates begin a little in the past, for clients and servers whose clocks are slow."""

LONGEST_COMMON_NAME = 64
"""RFC 5280 appendix A, ub-common-name."""


class IssueRefusedError(OstiaryError):
    """The authority will not make such a certificate; the message says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, its key, and what must be sent with it."""

    certificate: Certificate
    key: PrivateKey
    chain: tuple[Certificate, ...] = ()
    """The intermediates above it, nearest first, without the root."""

    def certificate_pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.pem

    def fullchain_pem(self) -> bytes:
        """The certificate and its intermediates: what a server or client presents."""
        return b"".join(certificate.pem for certificate in (self.certificate, *self.chain))

    def key_pem(self) -> bytes:
        """The key, PKCS#8, unencrypted: a secret."""
        return self.key.pem()


def new_root(
    name: str, now: datetime, dice: Dice, *, kind: KeyKind = KeyKind.EC, days: int = 3650
) -> Issued:
    """A self-signed authority."""
    return _issue(None, _Wish(name, kind, days, _authority(None), None), now, dice)


def new_intermediate(
    authority: Issued,
    name: str,
    now: datetime,
    dice: Dice,
    *,
    kind: KeyKind = KeyKind.EC,
    days: int = 1825,
    addresses: Addresses | None = None,
) -> Issued:
    """An authority below another one, for issuing end entities only (path length 0).

    ``addresses``: where the one above publishes.
    """
    wish = _Wish(name, kind, days, _authority(0), None, addresses=addresses)
    return _issue(authority, wish, now, dice)


def issue_server(
    authority: Issued,
    names: Sequence[str],
    now: datetime,
    dice: Dice,
    *,
    kind: KeyKind = KeyKind.EC,
    days: int = 397,
) -> Issued:
    """A server certificate for DNS names (wildcards too) and IP addresses.

    Raises IssueRefusedError for no names, or one that is neither. 397 days is the most that
    browsers accept.
    """
    if not names:
        raise IssueRefusedError("a server certificate needs at least one name")
    alternatives = x509.SubjectAlternativeName([server_name(name) for name in names])
    profile = _end_entity(kind, ExtendedKeyUsageOID.SERVER_AUTH)
    common = next((name for name in names if len(name) <= LONGEST_COMMON_NAME), "server")
    return _issue(authority, _Wish(common, kind, days, profile, alternatives), now, dice)


def issue_client(
    authority: Issued,
    common_name: str,
    now: datetime,
    dice: Dice,
    *,
    organization: str | None = None,
    organizational_unit: str | None = None,
    kind: KeyKind = KeyKind.EC,
    days: int = 365,
) -> Issued:
    """A client certificate; raises IssueRefusedError for a name that can't stand in one."""
    profile = _end_entity(kind, ExtendedKeyUsageOID.CLIENT_AUTH)
    wish = _Wish(common_name, kind, days, profile, None, organization, organizational_unit)
    return _issue(authority, wish, now, dice)


@dataclass(frozen=True, slots=True)
class _Profile:
    constraints: x509.BasicConstraints
    usage: x509.KeyUsage
    purpose: x509.ObjectIdentifier | None


@dataclass(frozen=True, slots=True)
class _Wish:
    common_name: str
    kind: KeyKind
    days: int
    profile: _Profile
    alternatives: x509.SubjectAlternativeName | None
    organization: str | None = None
    organizational_unit: str | None = None
    addresses: Addresses | None = None


def _issue(authority: Issued | None, wish: _Wish, now: datetime, dice: Dice) -> Issued:
    key = dice.key(wish.kind)
    subject = _subject(wish)
    above = authority.certificate if authority else None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.native.subject if above else subject)
        .public_key(key.native.public_key())  # type: ignore[arg-type]  # dice make signing keys
        .serial_number(dice.serial())
        .not_valid_before(now - BACKDATING)
        .not_valid_after(end_of(now + timedelta(days=wish.days), above))
    )
    for extension, critical in _extensions(wish, key, authority):
        builder = builder.add_extension(extension, critical=critical)
    signer = (authority.key if authority else key).native
    native = builder.sign(signer, digest_for(signer))  # type: ignore[arg-type]  # as above
    certificate = parse(native.public_bytes(Encoding.DER))
    return Issued(certificate, key, _chain(authority))


def end_of(wanted: datetime, above: Certificate | None) -> datetime:
    """Nothing outlives its issuer: it could not be verified then."""
    return min(wanted, above.not_after) if above else wanted


def _chain(authority: Issued | None) -> tuple[Certificate, ...]:
    if authority is None or authority.certificate.is_self_issued:
        return ()
    return (authority.certificate, *authority.chain)


def digest_for(signer: object) -> hashes.HashAlgorithm | None:
    """SHA-256, except where the signature scheme brings its own (RFC 8410)."""
    own = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return None if own else hashes.SHA256()


def _extensions(
    wish: _Wish, key: PrivateKey, authority: Issued | None
) -> list[tuple[x509.ExtensionType, bool]]:
    profile = wish.profile
    public = key.native.public_key()
    # Typed for fewer kinds of keys than cryptography signs with; ours are all among them.
    own = x509.SubjectKeyIdentifier.from_public_key(public)  # type: ignore[arg-type] # see above
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (profile.constraints, True),
        (profile.usage, True),
        (own, False),
    ]
    if authority is not None:
        above = authority.certificate.native.extensions
        issuer = above.get_extension_for_class(x509.SubjectKeyIdentifier).value
        from_issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer)
        extensions.append((from_issuer, False))
    if profile.purpose is not None:
        extensions.append((x509.ExtendedKeyUsage([profile.purpose]), False))
    if wish.alternatives is not None:
        extensions.append((wish.alternatives, False))
    if wish.addresses is not None:
        extensions.extend((one, False) for one in wish.addresses.in_certificates())
    return extensions


def _subject(wish: _Wish) -> x509.Name:
    parts = (
        (NameOID.ORGANIZATION_NAME, wish.organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, wish.organizational_unit),
        (NameOID.COMMON_NAME, wish.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, plain_value(v)) for oid, v in parts if v is not None])


def plain_value(value: str) -> str:
    """The value, if it may stand in a distinguished name. Raises IssueRefusedError."""
    if not 0 < len(value) <= LONGEST_COMMON_NAME:
        raise IssueRefusedError(
            f"name {value!r} has {len(value)} characters, must have 1 to {LONGEST_COMMON_NAME}"
        )
    found = hostile_character(value)
    if found is not None:
        raise IssueRefusedError(f"name {value!r} holds the control character {found}")
    return value


def server_name(name: str) -> x509.GeneralName:
    """A DNS name, maybe with a wildcard, or an address. Raises IssueRefusedError."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    labels = name.removeprefix("*.").split(".")
    fits = all(
        label.isascii() and label.replace("-", "").isalnum() and len(label) <= 63
        for label in labels
    )
    if not fits or len(name) > 253:
        raise IssueRefusedError(f"{name!r} is neither a DNS name (in ASCII form) nor an IP address")
    return x509.DNSName(name)


def _authority(path_length: int | None) -> _Profile:
    usage = usage_of(key_cert_sign=True, crl_sign=True)
    return _Profile(x509.BasicConstraints(ca=True, path_length=path_length), usage, None)


def _end_entity(kind: KeyKind, purpose: x509.ObjectIdentifier) -> _Profile:
    # RSA servers may still be asked for key transport, which TLS 1.2 without (EC)DHE uses.
    transport = kind is KeyKind.RSA and purpose == ExtendedKeyUsageOID.SERVER_AUTH
    usage = usage_of(digital_signature=True, key_encipherment=transport)
    return _Profile(x509.BasicConstraints(ca=False, path_length=None), usage, purpose)


def usage_of(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    """A key usage extension (RFC 5280 4.2.1.3) with these bits and no others."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
