"""Names as people ask for them, made what stands in certificates."""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType

from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.ca.authority import IssueRefusedError, plain_value, server_name
from ostiary.x509.names import hostile_character

LONGEST_ALTERNATIVE = 1024
"""Characters; a DNS name has at most 253."""
MOST_ALTERNATIVES = 100

ATTRIBUTES: Mapping[str, x509.ObjectIdentifier] = MappingProxyType(
    {
        "C": NameOID.COUNTRY_NAME,
        "ST": NameOID.STATE_OR_PROVINCE_NAME,
        "L": NameOID.LOCALITY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "serialNumber": NameOID.SERIAL_NUMBER,
        "UID": NameOID.USER_ID,
        "CN": NameOID.COMMON_NAME,
    }
)
"""What a subject may be made of, in the order in which it stands there."""

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


def subject_of(common_name: str, attributes: Mapping[str, str]) -> x509.Name:
    """A subject of a common name and further attributes, by their short names.

    Raises IssueRefusedError.
    """
    for key in attributes:
        if key not in ATTRIBUTES or key == "CN":
            known = ", ".join(one for one in ATTRIBUTES if one != "CN")
            raise IssueRefusedError(f"a subject here has no {key!r} (it may have {known})")
    given = {**attributes, "CN": common_name}
    return x509.Name(
        [
            x509.NameAttribute(oid, _value(key, given[key]))
            for key, oid in ATTRIBUTES.items()
            if key in given
        ]
    )


def _value(key: str, value: str) -> str:
    if key == "C" and not re.fullmatch(r"[A-Z]{2}", value):
        raise IssueRefusedError(f"{value!r} is no country (write two capital letters, as in DE)")
    return plain_value(value)


def alternative_of(text: str) -> x509.GeneralName:
    """``dns:a.example``, ``ip:10.0.0.1``, ``uri:spiffe://…`` or ``email:a@b.example``.

    Raises IssueRefusedError.
    """
    kind, colon, value = text.partition(":")
    if len(value) > LONGEST_ALTERNATIVE or hostile_character(value) is not None:
        raise IssueRefusedError(f"{text[:80]!r} can't stand in a certificate")
    match kind.lower() if colon else "":
        case "dns":
            found = server_name(value)
            if isinstance(found, x509.DNSName):
                return found
        case "ip":
            return x509.IPAddress(_address(value))
        case "uri" if _URI.fullmatch(value):
            return x509.UniformResourceIdentifier(value)
        case "email" if _MAILBOX.fullmatch(value):
            return x509.RFC822Name(value)
        case _:
            pass
    raise IssueRefusedError(
        f"{text!r} is no alternative name (write dns:a.example, ip:10.0.0.1, "
        "uri:spiffe://example/a or email:a@example.org)"
    )


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(value)
    except ValueError as error:
        raise IssueRefusedError(f"{value!r} is no IP address") from error
