"""Whether a path's certificates are revoked: each is looked up in the list of the one above it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList, is_issued_by

_MOST_ISSUERS = 1024
"""Authorities whose lists are kept at hand; beyond that they are found and verified again."""


@dataclass(frozen=True, slots=True)
class NotRevoked:
    """Nobody in the path is listed; good until then (aware; None: nothing was looked up)."""

    until: datetime | None
    told: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate of the path is revoked."""

    detail: str


@dataclass(frozen=True, slots=True)
class Undetermined:
    """There is no list that could tell. From ``again`` on (aware) there may be."""

    detail: str
    again: datetime | None = None


Finding = NotRevoked | Listed | Undetermined


class Register:
    """The revocation lists of a policy beside its anchors. Not for two threads at once.

    A list counts for an authority when it bears its name and its signature, which is verified
    once for each authority; a decision then only looks serial numbers up.
    """

    __slots__ = ("_above", "_by_issuer", "_counting", "_lists")

    def __init__(self, lists: Sequence[RevocationList], anchors: Sequence[Certificate]) -> None:
        """Verify the lists of the anchors; those of intermediates come when they are met."""
        self._lists = tuple(lists)
        self._by_issuer: dict[bytes, list[RevocationList]] = {}
        for one in dict.fromkeys(lists):
            self._by_issuer.setdefault(one.issuer_der, []).append(one)
        self._above = _issuers_among(anchors) if lists else {}
        self._counting: dict[bytes, tuple[RevocationList, ...]] = {}
        for anchor in anchors if lists else ():
            self._lists_of(anchor)

    def look_up(self, path: Sequence[Certificate], now: datetime) -> Finding:
        """Look at ``path`` (leaf first, anchor last) at ``now`` (aware).

        The anchor itself is believed, unless the authority that issued it is an anchor, too: then
        the path is looked at up to there, as a TLS handshake would see it.
        """
        if not self._lists:
            return NotRevoked(None, "no revocation list is configured")
        until: datetime | None = None
        told: list[str] = []
        for certificate, issuer in self._links(path):
            finding = self._look_at(certificate, issuer, now)
            if not isinstance(finding, NotRevoked):
                return finding
            told.append(finding.told)
            if finding.until is not None:
                until = min(until or finding.until, finding.until)
        return NotRevoked(until, "; ".join(told) or "the certificate is itself an anchor")

    def _links(self, path: Sequence[Certificate]) -> Iterator[tuple[Certificate, Certificate]]:
        yield from pairwise(path)
        last, seen = path[-1], {path[-1].sha256}
        while (above := self._above.get(last.sha256)) and above.sha256 not in seen:
            yield last, above
            seen.add(above.sha256)
            last = above

    def _look_at(self, certificate: Certificate, issuer: Certificate, now: datetime) -> Finding:
        known = self._lists_of(issuer)
        # A newer list supersedes an older one, whatever the older says about its own end.
        current = next((one for one in known if one.this_update <= now), None)
        if current is None or current.next_update is None or not current.holds_at(now):
            return self._undetermined(known, issuer, now)
        entry = current.revoked.get(certificate.serial)
        if entry is not None:
            return Listed(
                f"{certificate.subject!r}, serial {certificate.serial:x}, was revoked by "
                f"{issuer.subject!r} on {entry.date.isoformat()} ({entry.reason})"
            )
        # Another list of the same authority may take over before this one ends.
        begins = [one.this_update for one in known if one.this_update > now]
        ends = current.next_update
        return NotRevoked(
            min([ends, *begins]), f"not in the list of {issuer.subject!r} until {ends.isoformat()}"
        )

    def _undetermined(
        self, known: tuple[RevocationList, ...], issuer: Certificate, now: datetime
    ) -> Undetermined:
        who = repr(issuer.subject)
        named = self._by_issuer.get(issuer.subject_der, [])
        # Newest first: the last of those to come is the next to begin.
        coming = [one.this_update for one in known if one.this_update > now]
        if len(coming) < len(known):
            ended = known[len(coming)].next_update
            when = ended.isoformat() if ended else "no time at all"
            return Undetermined(f"the list of {who} ended at {when}", *coming[-1:])
        if coming:
            begins = coming[-1].isoformat()
            return Undetermined(f"the list of {who} holds from {begins} on only", coming[-1])
        faults = [one.fault for one in named if one.fault]
        if faults:
            return Undetermined(f"the list of {who} can't be used: {faults[0]}")
        if named:
            return Undetermined(f"the list in the name of {who} is not signed by its key")
        return Undetermined(f"there is no list of {who}")

    def _lists_of(self, issuer: Certificate) -> tuple[RevocationList, ...]:
        """The usable lists signed by this authority, newest first."""
        found = self._counting.get(issuer.sha256)
        if found is None:
            named = self._by_issuer.get(issuer.subject_der, ())
            good = [one for one in named if one.fault is None and one.is_signed_by(issuer)]
            found = tuple(sorted(good, key=lambda one: (one.this_update, one.number), reverse=True))
            if len(self._counting) >= _MOST_ISSUERS:
                self._counting.clear()
            self._counting[issuer.sha256] = found
        return found


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
