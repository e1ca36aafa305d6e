"""Whether a path's certificates are revoked by lists: each is looked up in those of the one above.

RFC 5280 section 6.3. Scopes and signatures are sorted out beforehand, so that a decision only
looks serial numbers up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from ostiary.trust.believing import Library
from ostiary.trust.finding import Finding, Listed, NotRevoked, Undetermined, together
from ostiary.trust.series import Current, Series
from ostiary.x509.certificate import Certificate
from ostiary.x509.entries import Revoked
from ostiary.x509.points import ALL_REASONS, Point, Reasons, list_addresses, points_of
from ostiary.x509.revocation import RevocationList, is_issued_by

NO_GRACE = timedelta()


class Register:
    """The revocation lists of a policy beside its anchors. Not for two threads at once.

    A list counts for an authority when it bears its name and its signature, or that of somebody
    whom the authority has certified for it; a list of one authority never touches another's
    certificates.
    """

    __slots__ = ("_above", "_library")

    def __init__(self, lists: Sequence[RevocationList], anchors: Sequence[Certificate]) -> None:
        """Verify the lists of the anchors; those of intermediates come when they are met."""
        self._library = Library(lists)
        self._above = _issuers_among(anchors) if lists else {}
        for anchor in anchors if lists else ():
            self._library.own(anchor)

    def look_up(
        self, path: Sequence[Certificate], now: datetime, grace: timedelta = NO_GRACE
    ) -> Finding:
        """Look at ``path`` (leaf first, anchor last) at ``now`` (aware).

        ``grace``: how long after its end a list still tells that somebody isn't revoked. What a
        list revokes, it revokes beyond its end.

        The anchor itself is believed, unless the authority that issued it is an anchor, too: then
        the path is looked at up to there, as a TLS handshake would see it.
        """
        return together(
            self.look_at(certificate, above, now, grace) for certificate, above in self.pairs(path)
        )

    def pairs(
        self, path: Sequence[Certificate]
    ) -> Iterator[tuple[Certificate, Sequence[Certificate]]]:
        """Each certificate that is looked up, and those above it, its issuer first."""
        whole = (*path, *self._anchors_above(path[-1]))
        for number, certificate in enumerate(whole[:-1], 1):
            yield certificate, whole[number:]

    def look_at(
        self,
        certificate: Certificate,
        above: Sequence[Certificate],
        now: datetime,
        grace: timedelta = NO_GRACE,
    ) -> Finding:
        """Look one certificate up; ``above`` it are its issuer first and the last anchor last."""
        return _Question(self._library, certificate, above, now, grace).answer()

    def has_any_of(self, issuer: Certificate) -> bool:
        """Whether there is a list in this authority's name, usable or not."""
        return bool(self._library.named(self._library.own(issuer)[0]))

    def _anchors_above(self, anchor: Certificate) -> Iterator[Certificate]:
        last, seen = anchor, {anchor.sha256}
        while (above := self._above.get(last.sha256)) and above.sha256 not in seen:
            yield above
            seen.add(above.sha256)
            last = above


@dataclass(frozen=True, slots=True)
class _Question:
    """One certificate, and those above it: is it revoked?"""

    library: Library
    certificate: Certificate
    above: Sequence[Certificate]
    """The certificate's issuer first, the last anchor last."""
    now: datetime
    grace: timedelta

    def answer(self) -> Finding:
        issuer = self.above[0]
        issuer_key, own = self.library.own(issuer)
        series = tuple(self._covering(issuer_key, own))
        told: Reasons = frozenset()
        ends: list[datetime] = []
        since: list[datetime] = []
        for one, reasons in series:
            current = one.at(self.now)
            if current is None:
                continue
            entry = current.find(issuer_key, self.certificate.serial)
            if entry is not None:
                return Listed(self._revoked(entry))
            # RFC 5280 6.3.3 (e) and (l): what is told already needn't be told again.
            if self.tells(current) and not reasons <= told:
                told |= reasons
                ends.append(self._end(current))
                since += [current.since] if current.since else []
        coming = [begin for one, _ in series for begin in one.begins(self.now)]
        if told != ALL_REASONS:
            again = min(coming, default=None)
            missing = list_addresses(self.certificate)
            return Undetermined(_why(self, series, told), again, missing=missing)
        until = min(chain(ends, coming))
        detail = f"not in the list of {issuer.subject!r} until {until.isoformat()}"
        return NotRevoked(until, detail, since=min(since, default=None))

    def _covering(
        self, issuer_key: bytes, own: tuple[Series, ...]
    ) -> Iterator[tuple[Series, Reasons]]:
        """The series that tell about the certificate, and for which reasons."""
        if not self.library.indirect and all(one.scope.whole for one in own):
            # By far the most: the certificate's distribution points needn't be read.
            yield from ((one, ALL_REASONS) for one in own)
            return
        points = points_of(self.certificate)
        strangers = dict.fromkeys(chain.from_iterable(point.issuers for point in points))
        others = [
            self.library.of_another(key, self.above) for key in strangers if key != issuer_key
        ]
        for one in chain(own, *others):
            reasons = self._reasons(one, points, issuer_key)
            if reasons:
                yield one, reasons

    def _reasons(self, series: Series, points: Sequence[Point], issuer_key: bytes) -> Reasons:
        found: Reasons = frozenset()
        for point in points:
            found |= point.covered_by(
                series.scope,
                series.issuer_key,
                is_ca=self.certificate.is_ca,
                issuer=issuer_key,
            )
        return found

    def tells(self, current: Current) -> bool:
        return current.ends is not None and self.now < current.ends + self.grace

    def _end(self, current: Current) -> datetime:
        ends = current.ends or self.now
        return ends if self.now < ends else ends + self.grace

    def _revoked(self, entry: Revoked) -> str:
        return (
            f"{self.certificate.subject!r}, serial {self.certificate.serial:x}, was revoked by "
            f"{self.above[0].subject!r} on {entry.date.isoformat()} ({entry.reason})"
        )


def _why(question: _Question, series: Sequence[tuple[Series, Reasons]], told: Reasons) -> str:
    """Why nothing, or not enough, can be told."""
    issuer = question.above[0]
    who = repr(issuer.subject)
    states = [one.at(question.now) for one, _ in series]
    begun = [one for one in states if one is not None]
    ended = [one.ends for one in begun if one.ends is not None and not question.tells(one)]
    coming = [begin for one, _ in series for begin in one.begins(question.now)]
    if ended:
        return f"the list of {who} ended at {max(ended).isoformat()}"
    if told:
        missing = ", ".join(sorted(reason.value for reason in ALL_REASONS - told))
        return f"no list of {who} tells about these reasons: {missing}"
    if begun:
        return f"of {who} there is a delta list, but not the whole list that it brings on"
    if coming:
        return f"the list of {who} holds from {min(coming).isoformat()} on only"
    return _why_none(question, who)


def _why_none(question: _Question, who: str) -> str:
    issuer_key, own = question.library.own(question.above[0])
    named = question.library.named(issuer_key)
    faults = [one.fault for one in named if one.fault]
    if own:
        kind = "an authority" if question.certificate.is_ca else "a user"
        return (
            f"no list of {who} covers {question.certificate.subject!r}, the certificate of {kind}: "
            "they are for other certificates or distribution points"
        )
    if faults:
        return f"the list of {who} can't be used: {faults[0]}"
    if named:
        return f"the list in the name of {who} is not signed by its key"
    return f"there is no list of {who}"


def _issuers_among(anchors: Sequence[Certificate]) -> dict[bytes, Certificate]:
    """For each anchor (by ``sha256``) another one that issued it, a root before others."""
    by_subject: dict[bytes, list[Certificate]] = {}
    for anchor in sorted(anchors, key=lambda one: not one.is_self_issued):
        by_subject.setdefault(anchor.subject_der, []).append(anchor)
    found = {}
    for anchor in anchors:
        above = (anchor, *by_subject.get(anchor.issuer_der, ()))
        issuer = next((one for one in above if is_issued_by(anchor, one)), anchor)
        if issuer != anchor:
            found[anchor.sha256] = issuer
    return found
