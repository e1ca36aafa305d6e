"""What is doubtful about the revocation lists, told before clients find out.

With any list configured, whoever can't be looked up is refused; so every gap is a warning.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList

_FETCH = "fetch a current list from the authority; until then its clients are refused"


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A warning, and the place in the document it is about."""

    at: tuple[str | int, ...]
    message: str
    way_out: str


def doubts_about_lists(
    lists: Iterable[tuple[tuple[str | int, ...], RevocationList]],
    asking: Mapping[Path, Sequence[Certificate]],
    now: datetime,
) -> Iterator[Doubt]:
    """About each list by itself, and whether it is of any use to those who ask.

    ``asking`` holds the trust anchors, by the place in the document that names them.
    """
    anchors = tuple(dict.fromkeys(one for several in asking.values() for one in several))
    for at, one in lists:
        who = f"the revocation list of {one.issuer!r}"
        if one.fault:
            yield Doubt(at=at, message=f"{who} can't be used: {one.fault}", way_out=_FETCH)
        elif one.this_update > now:
            begins = f"{one.this_update:%Y-%m-%d %H:%M} UTC"
            yield Doubt(
                at=at,
                message=f"{who} does not hold before {begins}",
                way_out="check the clock; until then its clients are refused",
            )
        elif not one.holds_at(now):
            yield Doubt(at=at, message=f"{who} is out of date", way_out=_FETCH)
        if anchors and not any(one.is_signed_by(anchor) for anchor in anchors):
            yield Doubt(
                at=at,
                message=f"{who} is signed by no trust anchor",
                way_out="that is right only for an intermediate that clients send; "
                "else name the list of an authority in `ca`",
            )


def anchors_without_list(
    lists: Sequence[RevocationList], asking: Mapping[Path, Sequence[Certificate]]
) -> Iterator[Doubt]:
    """The authorities whose clients can't be looked up; none where no list is configured."""
    if not lists:
        return
    for at, anchors in asking.items():
        for anchor in anchors:
            may_issue = anchor.is_ca or anchor.version == 1
            if may_issue and not any(one.is_signed_by(anchor) for one in lists):
                yield Doubt(
                    at=at,
                    message=f"there is no revocation list of the trust anchor {anchor.subject!r}: "
                    "its clients are refused",
                    way_out="add its list to https.options.crl, or configure no list at all",
                )
