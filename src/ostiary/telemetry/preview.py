"""What a change would do: which of the clients seen lately would newly be refused or admitted.

Pure, and streaming: clients come one at a time and are counted, the first few are kept as examples.
What can't be known without seeing the client again is said so, with the reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from ostiary.telemetry.facts import ClientFacts, FactsDamaged, decode, entry_of
from ostiary.telemetry.foresight import DAMAGED, Foreseen, Foresight, Ready
from ostiary.telemetry.regimes import Anchors, Authority, Family, Regime, Regimes
from ostiary.trust.reason import Reason


class Outcome(Enum):
    """What a change does to one client."""

    REFUSED = "refused"
    """Newly: it passes now."""
    UNKNOWN = "unknown"
    ADMITTED = "admitted"
    """Newly: it is refused now."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client as the store has it."""

    fingerprint: bytes
    """32 bytes."""
    subject: str
    """For the examples."""
    facts: bytes
    """``telemetry.facts.encode``."""
    verdict: int
    """The last one: ADMITTED_CODE or the code of a Reason."""
    last_seen: datetime
    apis: frozenset[str]
    """All it was seen at, whoever's policy judges there. Empty, or with an empty name: nothing is
    known but that the gateway's own policy judged."""
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One client that the change concerns, at one API."""

    fingerprint: bytes
    subject: str
    api: str
    outcome: Outcome
    before: Foreseen
    after: Foreseen
    last_seen: datetime
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A client counts once in the totals: as refused if it is so at any of its APIs, else as
    unknown, else as admitted."""

    clients: int
    refused: int
    admitted: int
    unknown: int
    unchanged: int
    by_api: Mapping[str, Mapping[Outcome, int]]
    """Only APIs with changes; the empty name is the gateway's own policy."""
    by_reason: Mapping[Reason, int]
    """New refusals, by client and API."""
    unknowns: Mapping[str, int]
    """What can't be known: how often each sentence, by client and API."""
    examples: tuple[Example, ...]
    """Refused ones first, then unknown and admitted ones; at most so many of each as asked for."""
    newly_required: tuple[str, ...]
    """APIs where clients without a certificate would newly be refused (401): these leave no trace
    that could be counted. The empty name is the gateway's own policy."""


_NO_CHANGE = Foreseen(True, "nothing changes for it")


def preview(
    clients: Iterable[KnownClient],
    now: Regimes,
    then: Regimes,
    at: datetime,
    *,
    authorities: Iterable[Authority] = (),
    examples: int = 20,
) -> Preview:
    """Foresee a change for ``clients``, at ``at`` (aware).

    ``authorities``: further ones known beside the anchors, such as the remembered intermediates.
    Takes 20 to 50 µs a client that the change might concern, and no memory for it.
    """
    known = tuple(authorities)
    session = _Session(_Pairs(now, then, at), known, at, examples)
    for client in clients:
        session.take(client)
    return session.result()


@dataclass(frozen=True, slots=True)
class _Pair:
    now: Ready
    then: Ready

    @property
    def alike(self) -> bool:
        return self.now.regime.id == self.then.regime.id

    @property
    def ids(self) -> tuple[str, str]:
        return self.now.regime.id, self.then.regime.id

    @property
    def by_names(self) -> bool:
        return self.now.regime.names is not None or self.then.regime.names is not None

    def facts(self, client: KnownClient) -> ClientFacts:
        """As much of them as is needed: the names are most of the work."""
        if self.by_names:
            return decode(client.facts)
        facts = decode(client.facts, names=False)
        return facts if facts.verified and facts.path else decode(client.facts)


class _Pairs:
    """Both regimes of each entry and API, made ready once."""

    def __init__(self, now: Regimes, then: Regimes, at: datetime) -> None:
        self._regimes = (now, then)
        self._at = at
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._anchors: dict[str, Anchors] = {}
        self.fresh: list[Authority] = []
        """Anchors met since the last look."""
        self.find("", "")

    def find(self, entry: str, api: str) -> _Pair:
        pair = self._pairs.get((entry, api))
        if pair is None:
            now, then = (regimes(entry, api) for regimes in self._regimes)
            pair = self._pairs[entry, api] = _Pair(self._ready(now), self._ready(then))
        return pair

    def places(self, entry: str, apis: frozenset[str]) -> set[str]:
        """The APIs that are treated in ways of their own; the empty name for all others."""
        gateway = self.find(entry, "").ids
        return {api if self.find(entry, api).ids != gateway else "" for api in apis or ("",)}

    def newly_required(self) -> tuple[str, ...]:
        found = {
            api
            for (entry, api), pair in list(self._pairs.items())
            if api in self.places(entry, frozenset({api}))
            and _asks(pair.then.regime)
            and not _asks(pair.now.regime)
        }
        return tuple(sorted(found))

    def _ready(self, regime: Regime) -> Ready:
        anchors = self._anchors.get(regime.trust_id)
        if anchors is None:
            anchors = self._anchors[regime.trust_id] = Anchors(regime.anchors, self._at)
            self.fresh += regime.anchors
        return Ready(regime, anchors)


def _asks(regime: Regime) -> bool:
    return regime.checked and regime.required and not regime.report_only


class _Session:
    def __init__(
        self, pairs: _Pairs, known: tuple[Authority, ...], at: datetime, most: int
    ) -> None:
        self._pairs = pairs
        self._known = list(known)
        self._at = at
        self._most = most
        self._foresight = self._foreseeing()
        self._totals: Counter[Outcome] = Counter()
        self._by_api: dict[str, Counter[Outcome]] = {}
        self._by_reason: Counter[Reason] = Counter()
        self._unknowns: Counter[str] = Counter()
        self._examples: dict[Outcome, list[Example]] = {outcome: [] for outcome in _TOLD}

    def take(self, client: KnownClient) -> None:
        found = {self._at_api(client, api) for api in self._places(client)}
        self._totals[next(outcome for outcome in Outcome if outcome in found)] += 1

    def result(self) -> Preview:
        totals = self._totals
        return Preview(
            clients=totals.total(),
            refused=totals[Outcome.REFUSED],
            admitted=totals[Outcome.ADMITTED],
            unknown=totals[Outcome.UNKNOWN],
            unchanged=totals[Outcome.UNCHANGED],
            by_api=MappingProxyType(
                {api: MappingProxyType(dict(counts)) for api, counts in self._by_api.items()}
            ),
            by_reason=MappingProxyType(dict(self._by_reason)),
            unknowns=MappingProxyType(dict(self._unknowns)),
            examples=tuple(one for outcome in _TOLD for one in self._examples[outcome]),
            newly_required=self._pairs.newly_required(),
        )

    def _places(self, client: KnownClient) -> list[str]:
        try:
            return sorted(self._pairs.places(entry_of(client.facts), client.apis))
        except FactsDamaged:
            return [""]

    def _at_api(self, client: KnownClient, api: str) -> Outcome:
        try:
            pair = self._pairs.find(entry_of(client.facts), api)
            if pair.alike:
                return Outcome.UNCHANGED
            before, after = self._foresee(client, pair.facts(client), pair)
        except FactsDamaged:
            before, after = _NO_CHANGE, Foreseen(None, DAMAGED)
        outcome = _outcome(before, after)
        if outcome is not Outcome.UNCHANGED:
            self._note(client, api, outcome, before, after)
        return outcome

    def _foresee(
        self, client: KnownClient, facts: ClientFacts, pair: _Pair
    ) -> tuple[Foreseen, Foreseen]:
        if self._pairs.fresh:
            self._foresight = self._foreseeing()
        who, verdict = client.fingerprint, client.verdict
        before = self._foresight.before(who, facts, verdict, pair.now)
        return before, self._foresight.after(who, facts, verdict, pair.now, pair.then)

    def _foreseeing(self) -> Foresight:
        self._known += self._pairs.fresh
        self._pairs.fresh.clear()
        return Foresight(Family(self._known), self._at)

    def _note(
        self, client: KnownClient, api: str, outcome: Outcome, before: Foreseen, after: Foreseen
    ) -> None:
        self._by_api.setdefault(api, Counter())[outcome] += 1
        if outcome is Outcome.REFUSED and after.reason is not None:
            self._by_reason[after.reason] += 1
        if outcome is Outcome.UNKNOWN:
            self._unknowns[after.why] += 1
        kept = self._examples[outcome]
        if len(kept) < self._most:
            kept.append(
                Example(
                    fingerprint=client.fingerprint,
                    subject=client.subject,
                    api=api,
                    outcome=outcome,
                    before=before,
                    after=after,
                    last_seen=client.last_seen,
                    requests=client.requests,
                )
            )


_TOLD = (Outcome.REFUSED, Outcome.UNKNOWN, Outcome.ADMITTED)


def _outcome(before: Foreseen, after: Foreseen) -> Outcome:
    if after.passes is None:
        return Outcome.UNKNOWN
    if before.passes is after.passes:
        return Outcome.UNCHANGED
    return Outcome.ADMITTED if after.passes else Outcome.REFUSED
