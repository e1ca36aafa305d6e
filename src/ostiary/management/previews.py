"""Previews: what a change would do to the clients of the last days."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from ostiary.compiler.policies import asking_entries
from ostiary.compiler.scopes import HEADER_ENTRY, scope_of
from ostiary.config.effective import AuthType, EffectivePolicy
from ostiary.management.keeping import Keeping, reading
from ostiary.management.ports import Clock
from ostiary.management.sights import Effect, EffectView, PreviewView
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import ClientFilter
from ostiary.store.database.work import Work
from ostiary.telemetry.foresight import Foreseen
from ostiary.telemetry.hub import Telemetry
from ostiary.telemetry.noting import path_verdict
from ostiary.telemetry.preview import Example, KnownClient, Outcome, Preview, preview
from ostiary.telemetry.regimes import Authority, Regime, authority_of
from ostiary.trust.decision import Decision
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.standing import Standing, standing_of
from ostiary.x509.certificate import Certificate

_EFFECTS = {
    Outcome.REFUSED: Effect.REFUSED,
    Outcome.ADMITTED: Effect.ADMITTED,
    Outcome.UNKNOWN: Effect.UNKNOWN,
}
_EXAMPLES = 20


class Previews:
    """Foresees changes, one at a time; for any number of threads."""

    def __init__(
        self,
        keeping: Keeping,
        telemetry: Telemetry,
        clock: Clock,
        intermediates: Callable[[], Intermediates],
    ) -> None:
        """``intermediates``: a copy of those that the gateway remembers now."""
        self._intermediates = intermediates
        self._keeping = keeping
        self._telemetry = telemetry
        self._clock = clock
        self._lock = threading.Lock()
        self._standing: Standing | None = None
        self._authorities: dict[bytes, Authority] = {}

    async def catch_up(self) -> None:
        """Have those counted who were seen just now: the database hears of them once a second."""
        await self._telemetry.clients.flush()

    def foresee(self, now: Prepared, then: Prepared, days: int) -> PreviewView:
        """What would be newly refused or admitted, by all that was seen in the last ``days``."""
        at = self._clock()
        with self._lock, reading(self._keeping) as work:
            known = self._intermediates()
            found = preview(
                _known(work, at - timedelta(days=days)),
                self._regimes(now, known, at),
                self._regimes(then, known, at),
                at,
                authorities=map(self._authority, known.certificates),
                examples=_EXAMPLES,
            )
        return _view(found, days)

    def _regimes(
        self, prepared: Prepared, intermediates: Intermediates, at: datetime
    ) -> "_Regimes":
        # What both have in common, long lists above all, is made ready once.
        self._standing = standing_of(prepared.policies, self._standing)
        return _Regimes(
            prepared,
            Desk(self._standing, intermediates.copy()),
            authority=self._authority,
            telemetry=self._telemetry,
            at=at,
        )

    def _authority(self, certificate: Certificate) -> Authority:
        found = self._authorities.get(certificate.sha256)
        if found is None:
            found = self._authorities[certificate.sha256] = authority_of(certificate)
        return found


class _Regimes:
    """The regimes of one configuration, by entry and API."""

    def __init__(
        self,
        prepared: Prepared,
        desk: Desk,
        *,
        authority: Callable[[Certificate], Authority],
        telemetry: Telemetry,
        at: datetime,
    ) -> None:
        self._prepared = prepared
        self._desk = desk
        self._authority = authority
        self._telemetry = telemetry
        self._at = at
        self._by_scope: dict[tuple[str, str], Regime] = {}
        entries = asking_entries(prepared.document, prepared.effective)
        self._entries = {entry.id: entry.name for entry in entries}
        self._default = next(iter(self._entries), "")

    def __call__(self, entry: str, api: str) -> Regime:
        effective = self._prepared.effective
        by_header = effective.type.value is AuthType.HEADER
        if by_header:
            entry = HEADER_ENTRY
        elif entry not in self._entries:
            entry = self._default
        if api not in effective.overriding or effective.type.value is AuthType.NONE:
            api = ""
        key = (entry, api)
        if key not in self._by_scope:
            self._by_scope[key] = self._make(entry, api, by_header=by_header)
        return self._by_scope[key]

    def _make(self, entry: str, api: str, *, by_header: bool) -> Regime:
        effective = self._prepared.effective
        scope = scope_of(entry, api or None)
        policy = effective.apis[api] if api else effective.gateway
        keeper = self._desk.standing.keeper(scope)
        checked, required = self._enforced(entry, policy)
        if keeper is None:
            return Regime(id="nobody is asked", checked=False, trust_id="")
        trust = keeper.policy
        mark = f"{trust.id} {checked} {by_header} {required} {trust.report_only}"
        return Regime(
            id=hashlib.sha256(mark.encode()).hexdigest(),
            checked=checked,
            by_header=by_header,
            required=required,
            report_only=trust.report_only,
            path_needed=trust.path_needed,
            trust_id=trust.anchor_set.id,
            anchors=tuple(map(self._authority, trust.anchors)),
            names=keeper.names,
            judge=lambda fingerprint: self._judge(scope, fingerprint),
        )

    def _enforced(self, entry: str, policy: EffectivePolicy) -> tuple[bool, bool]:
        """Whether who fails is refused at all, and who shows nothing."""
        if self._prepared.effective.type.value is not AuthType.NONE:
            return True, policy.required.value
        https = self._prepared.document.https
        name = self._entries.get(entry)
        names = {one.lower(): one for one in https.tls} if https else {}
        strict = bool(https and name and https.rejects_unauthorized(names[name]))
        return strict, strict

    def _judge(self, scope: str, fingerprint: bytes) -> Decision | None:
        shown = self._telemetry.clients.remembered(fingerprint)
        if shown is None:
            return None
        return self._desk.answer(scope, shown.leaf, shown.chain, self._at)


def _known(work: Work, since: datetime) -> Iterator[KnownClient]:
    for client in work.clients.stream(ClientFilter(seen_since=since)):
        yield KnownClient(
            fingerprint=client.fingerprint,
            subject=client.subject,
            facts=client.facts,
            verdict=path_verdict(client.verdict),
            last_seen=client.last_seen,
            apis=client.apis,
            requests=client.count,
        )


def _view(found: Preview, days: int) -> PreviewView:
    return PreviewView(
        days=days,
        looked_at=found.clients,
        newly_refused=found.refused,
        newly_admitted=found.admitted,
        unknown=found.unknown,
        unchanged=found.unchanged,
        examples=tuple(map(_effect, found.examples)),
        warnings=tuple(map(_required, found.newly_required)),
    )


def _effect(example: Example) -> EffectView:
    return EffectView(
        effect=_EFFECTS[example.outcome],
        fingerprint=example.fingerprint.hex(),
        subject=example.subject,
        api=example.api,
        before=_word(example.before),
        after=_word(example.after),
        sentence=example.after.why,
        last_seen=example.last_seen,
        count=example.requests,
    )


def _word(foreseen: Foreseen) -> str:
    return foreseen.reason.value if foreseen.reason else ""


def _required(api: str) -> str:
    where = f"the API {api!r}" if api else "the gateway"
    return f"clients without a certificate would get 401 at {where}; they leave no trace to count"
