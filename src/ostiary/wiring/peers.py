"""A certificate as Node.js tells it: ``tls.TLSSocket.getPeerCertificate()``."""

import hashlib
import json
import re
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from ostiary.agent.facts import short_name
from ostiary.x509.certificate import parse
from ostiary.x509.structure import Attribute

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DOUBTFUL = re.compile(r"[\"',\\]|[^ -~]")


def peer_of(der: bytes) -> dict[str, Any]:
    """Subject, issuer, names, validity, serial number and fingerprints, as JSON.

    Raises NotACertificate.
    """
    certificate = parse(der)
    names = certificate.names
    told: dict[str, Any] = {
        "subject": _name(names.subject),
        "issuer": _name(names.issuer),
        "ca": certificate.is_ca,
        "valid_from": _time(certificate.not_before),
        "valid_to": _time(certificate.not_after),
        "fingerprint": _colons(hashlib.sha1(der, usedforsecurity=False).digest()),
        "fingerprint256": _colons(certificate.sha256),
        "fingerprint512": _colons(hashlib.sha512(der).digest()),
        "serialNumber": _whole_bytes(certificate.serial),
    }
    if certificate.subject_alternative_names:
        told["subjectaltname"] = ", ".join(map(_alternative, certificate.subject_alternative_names))
    return told


def _name(rdns: tuple[tuple[Attribute, ...], ...]) -> dict[str, str | list[str]]:
    """Values by short name; those of a name that comes more than once are a list."""
    found: dict[str, list[str]] = {}
    for rdn in rdns:
        for one in rdn:
            found.setdefault(short_name(one.oid), []).append(one.text)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _time(moment: datetime) -> str:
    """As OpenSSL's ``ASN1_TIME_print``: ``Jan  5 09:34:43 2018 GMT``."""
    month = _MONTHS[moment.month - 1]
    return f"{month} {moment.day:2} {moment:%H:%M:%S} {moment.year} GMT"


def _colons(digest: bytes) -> str:
    return digest.hex(":").upper()


def _whole_bytes(serial: int) -> str:
    digits = f"{abs(serial):X}"
    return f"{'-' if serial < 0 else ''}{'0' * (len(digits) % 2)}{digits}"


def _alternative(text: str) -> str:
    """Values that could be taken for more than one are quoted as JSON (CVE-2021-44532)."""
    kind, _, value = text.partition(":")
    if kind == "IP":
        groups = ip_address(value).exploded.split(":")
        whole = value if len(groups) == 1 else ":".join(f"{int(one, 16):X}" for one in groups)
        return f"IP Address:{whole}"
    if _DOUBTFUL.search(value):
        value = json.dumps(value, ensure_ascii=False).replace(",", r"\u002c")
    return f"{kind}:{value}"
