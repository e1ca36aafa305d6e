"""What rules about names look at: a certificate's names without the certificate, and small."""

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from ostiary.trust.names.aliases import name_of, oid_of
from ostiary.x509.certificate import Certificate
from ostiary.x509.names import hostile_character
from ostiary.x509.structure import AlternativeNames, Attribute, Names
from ostiary.x509.twins import twin_fingerprints

MOST_ATTRIBUTES = 64
"""Attributes of one distinguished name."""
LONGEST_NAME = 2048
"""Characters of all values of one distinguished name; X.520's upper bound for most is 64."""
LONGEST_ALTERNATIVES = 16_384
"""Characters of all alternative names."""

LARGEST_ENCODED = 262_144
"""Bytes a stored encoding may unfold to; a certificate has at most 65,536."""

# What stored facts begin with, so that another shape can be told apart one day.
_SHAPE = b"\x01"
# A preset dictionary (RFC 1950 2.2): a usual certificate's names take about 200 bytes with it.
_USUAL = (
    b'[["L","["ST","["street","["postalCode","["serialNumber","["UID","["DC","com"]],[["DC","'
    b'],["E","@example.com"]],["https://spiffe://urn:uuid:'
    b'[[[["C","US"]],[["O","Inc."]],[["OU","Ltd"]],[["CN","api.client.CA"]]],['
)


class NoFacts(ValueError):
    """These bytes are no stored facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What there is to know about a certificate for rules about names."""

    names: Names
    serial: int
    fingerprint: str
    """SHA-256 of the certificate, lower-case hex."""
    twins: tuple[str, ...] = field(default=(), compare=False)
    """Of its other encodings (``x509.twins``), likewise; stored facts have none."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """All that it may be called by: nobody steps out of a rule by another encoding."""
        return (self.fingerprint, *self.twins)

    @property
    def fault(self) -> str | None:
        """Why nothing may be decided by these names, or None.

        Control characters never come this far in certificates that were presented; stored facts
        are looked at just the same.
        """
        for where, name in (("subject", self.names.subject), ("issuer", self.names.issuer)):
            values = [attribute.text for rdn in name for attribute in rdn]
            if len(values) > MOST_ATTRIBUTES or sum(map(len, values)) > LONGEST_NAME:
                return (
                    f"the {where} has {len(values)} attributes of {sum(map(len, values))} "
                    f"characters; {MOST_ATTRIBUTES} and {LONGEST_NAME} are looked at"
                )
            if any(map(hostile_character, values)):
                return f"the {where} holds a control character"
        others = self.names.alternatives
        values = [*others.dns, *others.uri, *others.email, *others.ip]
        if sum(map(len, values)) > LONGEST_ALTERNATIVES:
            return f"the alternative names have more than {LONGEST_ALTERNATIVES} characters"
        if any(map(hostile_character, values)):
            return "an alternative name holds a control character"
        return None

    def encode(self) -> bytes:
        """A compact form to store; ``decode`` reads it."""
        names = self.names
        others = names.alternatives
        content = [
            _plain(names.subject),
            _plain(names.issuer),
            [others.dns, others.uri, others.email, others.ip],
            names.policies,
            f"{self.serial:x}",
        ]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        packer = zlib.compressobj(9, wbits=-15, zdict=_USUAL)
        packed = packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()
        return _SHAPE + bytes.fromhex(self.fingerprint) + packed


def facts_of(certificate: Certificate) -> Facts:
    """A certificate's facts."""
    return Facts(
        names=certificate.names,
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
        twins=tuple(one.hex() for one in twin_fingerprints(certificate.der)),
    )


def decode_facts(data: bytes) -> Facts:
    """Read what ``encode`` wrote; raises NoFacts for anything else."""
    if data[:1] != _SHAPE or len(data) < 34:
        raise NoFacts("not of a known shape")
    try:
        unpacker = zlib.decompressobj(wbits=-15, zdict=_USUAL)
        text = unpacker.decompress(data[33:], LARGEST_ENCODED)
        if not unpacker.eof or unpacker.unused_data:
            raise NoFacts("damaged: cut short, too long, or followed by something")
        subject, issuer, others, policies, serial = json.loads(
            text.decode("utf-8", "surrogatepass")
        )
        dns, uri, email, ip = (tuple(map(_string, kind)) for kind in others)
        return Facts(
            names=Names(
                subject=_rdns(subject),
                issuer=_rdns(issuer),
                alternatives=AlternativeNames(dns=dns, uri=uri, email=email, ip=ip),
                policies=tuple(map(_string, policies)),
            ),
            serial=int(serial, 16),
            fingerprint=data[1:33].hex(),
        )
    except NoFacts:
        raise
    except (ValueError, TypeError, zlib.error, RecursionError) as fault:
        raise NoFacts(f"damaged: {fault}") from fault


def _plain(name: tuple[tuple[Attribute, ...], ...]) -> list[list[list[str]]]:
    return [[[name_of(one.oid), one.text] for one in rdn] for rdn in name]


def _rdns(content: Any) -> tuple[tuple[Attribute, ...], ...]:
    return tuple(tuple(_attribute(*one) for one in rdn) for rdn in content)


def _attribute(name: Any, text: Any) -> Attribute:
    oid = oid_of(_string(name))
    if oid is None:
        raise ValueError(f"no attribute is called {name!r}")
    return Attribute(oid, _string(text))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
