"""Distribution points: what a revocation list covers, and which lists a certificate points to.

RFC 5280 4.2.1.13 (the certificate's), 5.2.5 (the list's), 6.3.3 (b) and (d) (held together).
Names are compared as keys: bytes that are the same for equal names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

from ostiary.x509.certificate import Certificate, bearing_oddities
from ostiary.x509.names import name_key

Reasons = frozenset[x509.ReasonFlags]

_WEB = re.compile(r"(?i:https?)://")
_MOST_POINTS, _MOST_ADDRESSES, _LONGEST_ADDRESS = 8, 4, 1024

ALL_REASONS: Reasons = frozenset(
    set(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
)
"""The flags of RFC 5280 4.2.1.13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a list covers of its issuer's certificates, and of others' where it is indirect."""

    users: bool = True
    authorities: bool = True
    names: frozenset[bytes] | None = None
    """Of the distribution point it is issued for; None: it is not issued for one."""
    reasons: Reasons = ALL_REASONS
    indirect: bool = False
    """It may list certificates of other authorities."""

    @property
    def whole(self) -> bool:
        """It tells of each certificate of its issuer, whatever that points to."""
        return (
            self.users and self.authorities and self.names is None and self.reasons == ALL_REASONS
        )


WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class Point:
    """One distribution point of a certificate."""

    names: frozenset[bytes]
    """Where its lists are."""
    issuers: frozenset[bytes]
    """Who else signs them (``cRLIssuer``); empty: the certificate's own issuer."""
    reasons: Reasons

    def covered_by(
        self, scope: Scope, list_issuer: bytes, *, is_ca: bool, issuer: bytes
    ) -> Reasons:
        """The reasons for which a list of this scope tells about the certificate; none: nothing.

        ``list_issuer`` and ``issuer`` are keys of names: the list's issuer, the certificate's.
        """
        if self.issuers:
            fits = list_issuer in self.issuers and scope.indirect
        else:
            fits = list_issuer == issuer
        fits = fits and (scope.authorities if is_ca else scope.users)
        if not fits or (scope.names is not None and scope.names.isdisjoint(self.names)):
            return frozenset()
        return self.reasons & scope.reasons


def points_of(certificate: Certificate) -> tuple[Point, ...]:
    """Its distribution points, and last the one that every certificate has: its issuer's name.

    RFC 5280 6.3.3, last paragraph: lists of the issuer count also where nothing points to them.
    """
    issuer = certificate.native.issuer
    found = []
    with bearing_oddities():
        for extension in certificate.native.extensions:
            if isinstance(extension.value, x509.CRLDistributionPoints):
                found = [_point(one, issuer) for one in extension.value]
    implied = Point(frozenset({_key(x509.DirectoryName(issuer))}), frozenset(), ALL_REASONS)
    return (*found, implied)


def list_addresses(certificate: Certificate) -> tuple[tuple[str, ...], ...]:
    """Where its lists and delta lists are said to be, by http or https; each point's addresses
    lead to the same list (RFC 5280 4.2.1.13, 4.2.1.15).

    Texts that nobody has looked at: who may be asked is another question.
    """
    found: list[tuple[str, ...]] = []
    with bearing_oddities():
        for extension in certificate.native.extensions:
            if isinstance(extension.value, x509.CRLDistributionPoints | x509.FreshestCRL):
                found.extend(_web_addresses(one.full_name or ()) for one in extension.value)
    return tuple(one for one in found if one)[:_MOST_POINTS]


def _web_addresses(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    texts = (one.value for one in names if isinstance(one, x509.UniformResourceIdentifier))
    fit = (one for one in texts if len(one) <= _LONGEST_ADDRESS and _WEB.match(one))
    return tuple(fit)[:_MOST_ADDRESSES]


def scope_of(point: x509.IssuingDistributionPoint, issuer: x509.Name) -> Scope:
    """What a list covers by its issuingDistributionPoint; ``issuer`` is the list's."""
    named = point.full_name is not None or point.relative_name is not None
    names = _names(point.full_name, point.relative_name, issuer)
    return Scope(
        users=not point.only_contains_ca_certs,
        authorities=not point.only_contains_user_certs,
        names=names if named else None,
        reasons=_reasons(point.only_some_reasons),
        indirect=point.indirect_crl,
    )


def directory_names(names: Iterable[x509.GeneralName]) -> frozenset[bytes]:
    """The keys of the distinguished names among general names."""
    return frozenset(name_key(one.value) for one in names if isinstance(one, x509.DirectoryName))


def _point(point: x509.DistributionPoint, issuer: x509.Name) -> Point:
    listed = tuple(point.crl_issuer or ())
    distinguished = [one.value for one in listed if isinstance(one, x509.DirectoryName)]
    names = _names(point.full_name, point.relative_name, next(iter(distinguished), issuer))
    if point.full_name is None and point.relative_name is None:
        names = frozenset(map(_key, listed))
    return Point(names, frozenset(map(name_key, distinguished)), _reasons(point.reasons))


def _names(
    full: Iterable[x509.GeneralName] | None,
    relative: x509.RelativeDistinguishedName | None,
    issuer: x509.Name,
) -> frozenset[bytes]:
    if relative is not None:
        whole = x509.Name([*issuer.rdns, relative])
        return frozenset({_key(x509.DirectoryName(whole))})
    return frozenset(map(_key, full or ()))


def _key(name: x509.GeneralName) -> bytes:
    kind = type(name).__name__.encode()
    if isinstance(name, x509.DirectoryName):
        return kind + b" " + name_key(name.value)
    return kind + b" " + str(name.value).encode(errors="backslashreplace")


def _reasons(given: Reasons | None) -> Reasons:
    return ALL_REASONS if given is None else given & ALL_REASONS
