"""Names in certificates taken apart: attribute by attribute, for rules and not for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a distinguished name (X.501 AttributeTypeAndValue)."""

    oid: str
    """Dotted object identifier of the type."""
    text: str
    """The value as text, whichever string type it was encoded in (Printable, UTF8, T61, IA5,
    Numeric, BMP, Universal); a bit string is ``#`` and the hex of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeNames:
    """The subject alternative names that rules know, each kind in order (RFC 5280 4.2.1.6)."""

    dns: tuple[str, ...] = ()
    uri: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    """Addresses as Python's ``ipaddress`` writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a certificate says about whom it is for, and by whom."""

    subject: tuple[tuple[Attribute, ...], ...]
    """Relative distinguished names as encoded, the widest usually first."""
    issuer: tuple[tuple[Attribute, ...], ...]
    alternatives: AlternativeNames
    policies: tuple[str, ...]
    """Certificate policies it lists (4.2.1.4), dotted, in order."""


def attributes_of(name: x509.Name) -> tuple[tuple[Attribute, ...], ...]:
    """A distinguished name taken apart."""
    return tuple(
        tuple(Attribute(one.oid.dotted_string, _text(one.value)) for one in rdn)
        for rdn in name.rdns
    )


def alternatives_of(names: Iterable[x509.GeneralName]) -> AlternativeNames:
    """Alternative names sorted by kind; kinds no rule knows are left out."""
    found: dict[str, list[str]] = {"dns": [], "uri": [], "email": [], "ip": []}
    for name in names:
        match name:
            case x509.DNSName():
                found["dns"].append(name.value)
            case x509.UniformResourceIdentifier():
                found["uri"].append(name.value)
            case x509.RFC822Name():
                found["email"].append(name.value)
            case x509.IPAddress():
                found["ip"].append(str(name.value))
            case _:
                pass
    return AlternativeNames(**{kind: tuple(values) for kind, values in found.items()})


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else f"#{value.hex()}"
