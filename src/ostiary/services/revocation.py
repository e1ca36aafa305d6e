"""What is doubtful about the revocation lists, told before clients find out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ostiary.trust.believing import believed
from ostiary.trust.policy import Revocation
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList, subject_key

Path = tuple[str | int, ...]

_FETCH = "fetch a current list from the authority"
_SOON = timedelta(days=3)
_LAST_PART = 4
"""A list that has less than a fourth of its time left should have been followed by the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A warning, and the place in the document it is about."""

    at: Path
    message: str
    way_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Trust anchors at one place of the document, and what is asked of their certificates."""

    anchors: Sequence[Certificate]
    revocation: Revocation
    lists: Sequence[RevocationList]
    """Those that are looked in."""
    ocsp: bool = False
    """Whether responders may tell, too."""


def doubts_about_lists(
    lists: Sequence[tuple[Path, RevocationList]], asking: Mapping[Path, Asked], now: datetime
) -> Iterator[Doubt]:
    """About each list by itself, and whether it is of any use to those who ask.

    ``asking`` is by the place in the document that names the anchors.
    """
    anchors = tuple(dict.fromkeys(a for one in asking.values() for a in one.anchors))
    named: dict[bytes, list[Certificate]] = {}
    for anchor in anchors:
        named.setdefault(subject_key(anchor), []).append(anchor)
    for at, one in lists:
        yield from _by_itself(at, one, now)
        if (
            one.fault is None
            and one.base is not None
            and not any(_is_base(whole, one) for _, whole in lists)
        ):
            yield Doubt(
                at=at,
                message=f"{_who(one)} has no whole list, of number {one.base} at least and below "
                f"{one.number}, that it brings on",
                way_out="name the whole list, too; by itself a delta list admits nobody",
            )
        # Of ten thousand anchors only its namesakes can have signed it, unless it has deputies.
        likely = anchors if one.signers else named.get(one.issuer_key, ())
        if anchors and believed(one, likely) is None:
            yield Doubt(
                at=at,
                message=f"{_who(one)} is signed by no trust anchor",
                way_out="that is right only for an intermediate that clients send; "
                "else name the list of an authority in `ca`",
            )


def anchors_without_list(asking: Mapping[Path, Asked]) -> Iterator[Doubt]:
    """The authorities whose clients can't be looked up."""
    for at, one in asking.items():
        if one.revocation is Revocation.OFF or one.ocsp or not one.lists:
            continue
        strict = one.revocation is Revocation.STRICT
        comes = "its clients are refused" if strict else "none of them is known as revoked"
        for anchor in one.anchors:
            may_issue = anchor.is_ca or anchor.version == 1
            if may_issue and not _has_list(anchor, one.lists):
                yield Doubt(
                    at=at,
                    message=f"there is no revocation list of the trust anchor {anchor.subject!r}: "
                    f"{comes}",
                    way_out="add its list to https.options.crl, or to "
                    "clientCertificateAuth.revocation.crl",
                )


def _has_list(anchor: Certificate, lists: Sequence[RevocationList]) -> bool:
    key = subject_key(anchor)
    likely = (one for one in lists if one.issuer_key == key or one.scope.indirect)
    return any(believed(one, (anchor,)) for one in likely)


def _by_itself(at: Path, one: RevocationList, now: datetime) -> Iterator[Doubt]:
    if one.fault:
        yield Doubt(at=at, message=f"{_who(one)} can't be used: {one.fault}", way_out=_FETCH)
    elif one.this_update > now:
        begins = f"{one.this_update:%Y-%m-%d %H:%M} UTC"
        message = f"{_who(one)} does not hold before {begins}"
        yield Doubt(at=at, message=message, way_out="check the clock")
    elif not one.holds_at(now):
        yield Doubt(at=at, message=f"{_who(one)} is out of date", way_out=_FETCH)
    elif one.next_update and one.next_update - now < min(
        _SOON, (one.next_update - one.this_update) / _LAST_PART
    ):
        ends = f"{one.next_update:%Y-%m-%d %H:%M} UTC"
        yield Doubt(at=at, message=f"{_who(one)} ends soon, at {ends}", way_out=_FETCH)


def _is_base(whole: RevocationList, delta: RevocationList) -> bool:
    same = (whole.issuer_key, whole.scope) == (delta.issuer_key, delta.scope)
    return same and whole.base is None and (delta.base or 0) <= whole.number < delta.number


def _who(one: RevocationList) -> str:
    return f"the {'delta ' if one.base is not None else ''}revocation list of {one.issuer!r}"
