"""Names for tests, and what patterns mean, said so slowly that it is obviously right."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations

from ostiary.trust.names.aliases import oid_of
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.globs import MANY, ONE
from ostiary.trust.names.pattern import Pattern
from ostiary.x509.structure import AlternativeNames, Attribute, Names

Name = tuple[tuple[Attribute, ...], ...]


def name(*attributes: str) -> Name:
    """``name("C=IN", "CN=a,b")``: each in a relative distinguished name of its own."""
    return tuple((attribute(one),) for one in attributes)


def attribute(text: str) -> Attribute:
    """``attribute("CN=a,b")``: nothing is special behind the first equals sign."""
    kind, _, value = text.partition("=")
    oid = oid_of(kind)
    assert oid is not None
    return Attribute(oid, value)


def facts(
    *subject: str,
    issuer: Sequence[str] = (),
    dns: Sequence[str] = (),
    uri: Sequence[str] = (),
    email: Sequence[str] = (),
    ip: Sequence[str] = (),
    policies: Sequence[str] = (),
    serial: int = 1,
    fingerprint: str = "00" * 32,
) -> Facts:
    """Facts of a certificate that was never issued."""
    others = AlternativeNames(dns=tuple(dns), uri=tuple(uri), email=tuple(email), ip=tuple(ip))
    names = Names(
        subject=name(*subject),
        issuer=name(*issuer),
        alternatives=others,
        policies=tuple(policies),
    )
    return Facts(names=names, serial=serial, fingerprint=fingerprint)


@lru_cache(maxsize=100_000)
def slowly_matches(glob: str, text: str) -> bool:
    """A glob by its definition, one character at a time."""
    if not glob:
        return not text
    if glob[0] == MANY:
        return any(slowly_matches(glob[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and glob[0] in (ONE, text[0]) and slowly_matches(glob[1:], text[1:])


def slowly_fits(pattern: Pattern, subject: Name) -> bool:
    """A pattern by its definition: try every way to give each element an attribute of its own."""
    attributes = [one for rdn in subject for one in rdn]
    if not pattern.open and len(attributes) != len(pattern.elements):
        return False
    return any(
        all(
            one.oid == element.oid and slowly_matches(element.glob, one.text)
            for element, one in zip(pattern.elements, chosen, strict=True)
        )
        for chosen in permutations(attributes, len(pattern.elements))
    )
