"""Names of attribute types: short, long and dotted (RFC 4519, RFC 4524, RFC 2985, X.520)."""

import re
from difflib import get_close_matches

# The first name of each row is the one told to people. All names are compared without case.
_NAMES = {
    "2.5.4.3": ("CN", "commonName"),
    # RFC 4519 2.32: sn is the surname; a serial number has only its long name.
    "2.5.4.4": ("SN", "surname"),
    "2.5.4.5": ("serialNumber",),
    "2.5.4.6": ("C", "country", "countryName"),
    "2.5.4.7": ("L", "locality", "localityName"),
    # S is what Microsoft's tools write.
    "2.5.4.8": ("ST", "S", "state", "stateOrProvince", "stateOrProvinceName"),
    "2.5.4.9": ("street", "streetAddress"),
    "2.5.4.10": ("O", "organization", "organizationName"),
    "2.5.4.11": ("OU", "organizationalUnit", "organizationalUnitName"),
    "2.5.4.12": ("T", "title"),
    "2.5.4.13": ("description",),
    "2.5.4.15": ("businessCategory",),
    "2.5.4.16": ("postalAddress",),
    "2.5.4.17": ("postalCode",),
    "2.5.4.18": ("postOfficeBox",),
    "2.5.4.20": ("telephoneNumber",),
    "2.5.4.41": ("name",),
    "2.5.4.42": ("GN", "G", "givenName"),
    "2.5.4.43": ("I", "initials"),
    "2.5.4.44": ("generation", "generationQualifier"),
    "2.5.4.45": ("x500UniqueIdentifier", "uniqueIdentifier"),
    "2.5.4.46": ("dnQualifier", "DNQ"),
    "2.5.4.65": ("pseudonym",),
    "2.5.4.72": ("role",),
    "2.5.4.97": ("organizationIdentifier",),
    "0.9.2342.19200300.100.1.1": ("UID", "userId"),
    "0.9.2342.19200300.100.1.3": ("mail", "rfc822Mailbox"),
    "0.9.2342.19200300.100.1.25": ("DC", "domainComponent"),
    # RFC 2985 5.2.1; API management writes Email.
    "1.2.840.113549.1.9.1": ("E", "Email", "emailAddress"),
    "1.2.840.113549.1.9.2": ("unstructuredName",),
    "1.2.840.113549.1.9.8": ("unstructuredAddress",),
    # CA/Browser Forum, guidelines for extended validation, 9.2.4.
    "1.3.6.1.4.1.311.60.2.1.1": ("jurisdictionL", "jurisdictionLocalityName"),
    "1.3.6.1.4.1.311.60.2.1.2": ("jurisdictionST", "jurisdictionStateOrProvinceName"),
    "1.3.6.1.4.1.311.60.2.1.3": ("jurisdictionC", "jurisdictionCountryName"),
    "1.2.643.3.131.1.1": ("INN",),
    "1.2.643.100.1": ("OGRN",),
    "1.2.643.100.3": ("SNILS",),
}
_OIDS = {name.lower(): oid for oid, names in _NAMES.items() for name in names}

# X.660: the first arc is 0, 1 or 2, below 0 and 1 there are 40; no leading zeros.
_DOTTED = re.compile(
    r"(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]{0,19}))(?:\.(?:0|[1-9][0-9]{0,38}))*"
)


def oid_of(name: str) -> str | None:
    """The dotted identifier of a type written as a name, ``2.5.4.3`` or ``OID.2.5.4.3``."""
    folded = name.lower()
    dotted = folded.removeprefix("oid.")
    if _DOTTED.fullmatch(dotted):
        return dotted
    return _OIDS.get(folded)


def name_of(oid: str) -> str:
    """What people call the type; the dotted identifier itself where it has no name here."""
    return _NAMES.get(oid, (oid,))[0]


def nearest(name: str) -> str | None:
    """The known name that a mistyped one is likely to mean."""
    near = get_close_matches(name.lower(), _OIDS, 1, 0.7)
    return next((one for names in _NAMES.values() for one in names if [one.lower()] == near), None)
