"""Between two flushes: what was decided and counted, and how it becomes a row for the store."""

from datetime import datetime

from ostiary.telemetry.facts import ClientFacts, encode, shortened
from ostiary.telemetry.seen import MOST_APIS, SeenCertificate, SeenClient, Sighting
from ostiary.trust.decision import Admitted
from ostiary.trust.reason import ADMITTED_CODE, Reason, reason_of_code
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate

_AFTER_THE_PATH = frozenset({Reason.NAME_NOT_TRUSTED, Reason.DENIED_BY_RULE})
"""Reasons for which a certificate is refused that has a path to an anchor."""


class Sight:
    """Decisions about one certificate; the latest counts."""

    __slots__ = ("apis", "first", "latest")

    def __init__(self, sighting: Sighting) -> None:
        self.latest = sighting
        self.first = sighting.at
        self.apis: set[str] = {sighting.api} - {""}

    def add(self, sighting: Sighting) -> None:
        """A later decision."""
        self.latest = sighting
        if sighting.api and len(self.apis) < MOST_APIS:
            self.apis.add(sighting.api)

    def join(self, earlier: "Sight") -> None:
        """Take over what was noted before."""
        self.first = min(self.first, earlier.first)
        self.apis |= set(sorted(earlier.apis)[: MOST_APIS - len(self.apis)])


class Count:
    """Requests of one certificate, as HAProxy counted them."""

    __slots__ = ("apis", "first", "last", "requests")

    def __init__(self, at: datetime) -> None:
        self.requests = 0
        self.first = self.last = at
        self.apis: set[str] = set()

    def add(self, requests: int, at: datetime, api: str) -> None:
        """Some more, up to ``at``."""
        self.requests += requests
        self.last = max(self.last, at)
        if api and len(self.apis) < MOST_APIS:
            self.apis.add(api)

    def join(self, earlier: "Count") -> None:
        """Take over what was counted before."""
        self.requests += earlier.requests
        self.first = min(self.first, earlier.first)
        self.apis |= set(sorted(earlier.apis)[: MOST_APIS - len(self.apis)])


def decided_client(fingerprint: bytes, sight: Sight, count: Count | None) -> SeenClient | None:
    """What to store after a decision; None if the certificate is none.

    Takes a tenth of a millisecond for a refused certificate, which has to be read again.
    """
    latest = sight.latest
    decision = latest.decision
    if isinstance(decision, Admitted):
        would = decision.would_refuse
        # Soft revocation isn't a report: no change but of its mode would have the client refused.
        reported = would is not None and would.reason is not Reason.REVOCATION_UNDETERMINED
        verdict = -would.reason.code if would and reported else ADMITTED_CODE
        path, verified = decision.path, decision.anchored
    else:
        try:
            path = decision.path or (parse(latest.leaf),)
        except NotACertificate:
            return None
        code = decision.reason.code
        # No policy only reports who is blocked.
        reported = latest.reported and decision.reason is not Reason.BLOCKED
        verdict, verified = -code if reported else code, bool(decision.path)
    return SeenClient(
        fingerprint=fingerprint,
        certificate=seen_certificate(path, verified=verified, entry=latest.entry),
        first_seen=sight.first,
        last_seen=latest.at if count is None else max(latest.at, count.last),
        requests=count.requests if count else 0,
        verdict=verdict,
        apis=frozenset(sight.apis | (count.apis if count else set())),
    )


WENT_ON = frozenset({ADMITTED_CODE, *(-reason.code for reason in Reason)})
"""The verdicts, as ``SeenClient`` has them, that let a client pass."""


def went_on(verdict: int) -> bool:
    """Whether a verdict, as ``SeenClient`` has it, let the client pass."""
    return verdict < 0 or verdict == ADMITTED_CODE


def path_verdict(verdict: int) -> int:
    """What a verdict tells of the path to an anchor: previews judge names and reports anew."""
    would = reason_of_code(-verdict)
    if would is None:
        return verdict
    return ADMITTED_CODE if would in _AFTER_THE_PATH else would.code


def counted_client(fingerprint: bytes, count: Count) -> SeenClient:
    """What to store when only requests were counted."""
    return SeenClient(
        fingerprint=fingerprint,
        certificate=None,
        first_seen=count.first,
        last_seen=count.last,
        requests=count.requests,
        verdict=None,
        apis=frozenset(count.apis),
    )


def seen_certificate(
    path: tuple[Certificate, ...], *, verified: bool, entry: str
) -> SeenCertificate:
    """``path``: leaf first, anchor last if there is one. Only a ``verified`` one has an anchor."""
    leaf = path[0]
    above = path[1:]
    facts = ClientFacts(
        names=leaf.names,
        serial=leaf.serial,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        path=shortened(one.sha256 for one in above),
        verified=verified,
        entry=entry,
    )
    pinned = verified and not above
    return SeenCertificate(
        subject=leaf.subject,
        issuer=leaf.issuer,
        serial=leaf.serial,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        anchor=above[-1].sha256 if above else leaf.sha256 if pinned else None,
        facts=encode(facts),
    )
