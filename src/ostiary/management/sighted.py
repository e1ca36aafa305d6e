"""What was seen, as views: events, clients, charts, explanations, conditions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from ostiary.kernel.blocked import Blocked
from ostiary.management.clients import ClientView
from ostiary.management.showing import expiry
from ostiary.management.sights import (
    Banner,
    BannerKind,
    EventView,
    ReasonCount,
    StoreState,
    TrafficPoint,
    TruststoreView,
)
from ostiary.management.views import CertificateView
from ostiary.management.walks import DecisionView, ExplainView, ForwardedView, HeaderLine, StepView
from ostiary.services.explanation import Explanation
from ostiary.services.onward import Forwarded
from ostiary.store.database.records import Client
from ostiary.telemetry.blocks import block_on
from ostiary.telemetry.counters import Counted
from ostiary.telemetry.history import Chart
from ostiary.telemetry.inbox import Numbered
from ostiary.telemetry.noting import went_on
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.reason import ADMITTED_CODE, Reason, reason_of_code

_SENTENCES = {reason.value: reason.sentence for reason in Reason}
_RECOVER = (
    "run 'ostiary trust recover', or press Recover the trust store on Gateway information, General"
)

_COLUMNS = ("requests", "connections", "refused", "handshakes-refused", "would-refuse")


def points(chart: Chart) -> tuple[TrafficPoint, ...]:
    """A chart's intervals, oldest first."""
    series = chart.series
    length = len(next(iter(series.values()), ()))
    nothing = (0,) * length

    def of(name: str) -> tuple[int, ...]:
        return series.get(name, nothing)

    found, early = [], 0
    columns = (of(name) for name in _COLUMNS)
    for index, (requests, connections, refused, handshakes, would) in enumerate(
        zip(*columns, strict=True)
    ):
        turned_away = refused - handshakes
        # A refusal is told at once and its request only with the next poll: those that are missing
        # here are among the next interval's.
        rest = requests - turned_away - early
        early = min(max(-rest, 0), turned_away)
        found.append(
            TrafficPoint(
                at=chart.start + index * chart.step,
                seconds=int(chart.step.total_seconds()),
                requests=requests,
                connections=connections,
                admitted=max(rest, would),
                refused=refused,
                would_refuse=would,
            )
        )
    return tuple(found)


def refusals(counted: Counted) -> tuple[ReasonCount, ...]:
    """By reason since the start, most frequent first."""
    counts: dict[str, int] = {}
    for (reason, _api, _entry), count in counted.refusals.items():
        counts[reason] = counts.get(reason, 0) + count
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        ReasonCount(reason=reason, sentence=sentence_of(reason), count=count)
        for reason, count in ordered
    )


def sentence_of(reason: str) -> str:
    """A reason's sentence; what isn't one of ours is told as it is."""
    return _SENTENCES.get(reason, reason)


def event_view(numbered: Numbered, entries: Mapping[str, str]) -> EventView:
    """One refusal; ``entries`` names TLS entries by id."""
    event = numbered.event
    reason = event.would_refuse or event.reason
    return EventView(
        id=numbered.number,
        at=event.at,
        api=event.api,
        listener=entries.get(event.entry, event.entry),
        client=event.client,
        method=event.method,
        path=event.path,
        status=event.status,
        reason=reason,
        sentence=sentence_of(reason) or event.detail or event.kind.value,
        subject=event.subject,
        fingerprint=event.fingerprint.lower(),
        request_id=event.request_id,
        would_refuse=bool(event.would_refuse),
    )


def client_view(
    client: Client, anchors: Mapping[bytes, str], blocked: Blocked, now: datetime
) -> ClientView:
    """One certificate that was seen; ``anchors`` names trusted certificates by fingerprint."""
    reason = None if client.verdict == ADMITTED_CODE else reason_of_code(abs(client.verdict))
    found = block_on(blocked, client.fingerprint, client.facts, client.serial, now)
    return ClientView(
        fingerprint=client.fingerprint.hex(),
        subject=client.subject,
        issuer=client.issuer,
        serial=f"{client.serial:X}",
        not_after=client.not_after,
        expiry=expiry(client.first_seen, client.not_after, now),
        anchor=client.anchor.hex() if client.anchor else None,
        anchor_name=anchors.get(client.anchor, "") if client.anchor else "",
        first_seen=client.first_seen,
        last_seen=client.last_seen,
        count=client.count,
        admitted=went_on(client.verdict),
        would_refuse=client.verdict < 0,
        reason=reason.value if reason else "",
        apis=tuple(sorted(filter(None, client.apis))),
        blocked=found.number if found else None,
    )


def explain_view(explanation: Explanation, certificate: CertificateView | None) -> ExplainView:
    """One way through the gateway."""
    answer = explanation.answer
    return ExplainView(
        about=explanation.about,
        served=answer.served,
        sentence=answer.sentence,
        status=answer.status,
        alert=answer.alert,
        reason=explanation.reason.value if explanation.reason else "",
        steps=tuple(
            StepView(
                name=one.name,
                passed=one.passed,
                detail=one.detail,
                way_out=one.way_out,
                step=one.step,
                skipped=one.skipped,
                unknown=one.unknown,
            )
            for one in explanation.steps
        ),
        certificate=certificate,
        entry=explanation.entry,
        decision=_decision(explanation.decision),
        api=explanation.api,
        forwarded=_forwarded(explanation.forwarded) if explanation.forwarded else None,
    )


def _decision(one: Decision | None) -> DecisionView | None:
    match one:
        case None:
            return None
        case Admitted(until=until):
            return DecisionView(admitted=True, reason=None, detail="", until=until)
        case Refused(reason=reason, detail=detail):
            return DecisionView(admitted=False, reason=reason.value, detail=detail, until=None)
        case _:
            assert_never(one)


def _forwarded(one: Forwarded) -> ForwardedView:
    return ForwardedView(
        service=one.service,
        addresses=one.addresses,
        method=one.method,
        path=one.path,
        headers=tuple(HeaderLine(name=name, value=value) for name, value in one.headers),
    )


def banners(stores: TruststoreView, not_applied: Iterable[str]) -> tuple[Banner, ...]:
    """What deserves the top of every page."""
    found = []
    if stores.state is StoreState.DAMAGED:
        found.append(
            Banner(
                kind=BannerKind.TRUSTSTORE,
                sentence=f"the truststore is damaged: {stores.detail}; the last good certificates "
                "are in force",
                way_out=_RECOVER,
            )
        )
    if stores.database is StoreState.DAMAGED:
        found.append(
            Banner(
                kind=BannerKind.DATABASE,
                sentence=f"the database is damaged: {stores.database_detail}; what is in force "
                "goes on acting, nothing can be changed",
                way_out=_RECOVER,
            )
        )
    found.extend(
        Banner(
            kind=BannerKind.NOT_APPLIED,
            sentence=sentence,
            way_out="mend the configuration file, or change the setting here",
        )
        for sentence in not_applied
    )
    return tuple(found)
