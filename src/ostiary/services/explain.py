"""Why is this client let in, or not? The way of one visit, from the configuration alone.

The certificate is judged by the same desk that answers live, the route is looked up in the same
table that the engine's maps are made of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from ostiary.compiler.answers import CERTIFICATE_REFUSED, CERTIFICATE_REQUIRED
from ostiary.compiler.routes import Route, RouteTable, route_table
from ostiary.compiler.tls import Asking, Entry, entries_of
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import ProxyAction, Step, TerminateAction
from ostiary.services.explanation import Answer, Explanation, Line, Shown
from ostiary.services.handshake import (
    MAKE_WHOLE,
    NOT_WHOLE,
    UNKNOWN_NAME_ALERT,
    Fails,
    Handshake,
    Passes,
    asks,
    choose_entry,
    shake_hands,
    way_out_of,
)
from ostiary.services.prepare import Prepared
from ostiary.services.requests import Request, holds, normalised, told
from ostiary.services.route_match import match_route
from ostiary.services.visits import Scheme, Visit, visit_of_api
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.reason import Reason
from ostiary.trust.standing import standing_of

_REFUSED_METHODS = ("CONNECT", "TRACE")
"""As in ``compiler.guards.refusals``."""


class Explainer:
    """Explains visits to one configuration at one time."""

    def __init__(self, prepared: Prepared, now: datetime) -> None:
        """``now`` (aware) is when the visits take place."""
        self._document: Document = prepared.document
        self._policies = prepared.policies
        self._now = now
        self._desk = Desk(standing_of(prepared.policies), Intermediates())
        self.entries: tuple[Entry, ...] = (
            entries_of(prepared.document.https) if prepared.document.https else ()
        )
        self.table: RouteTable = route_table(prepared.document.api_endpoints)

    def api(self, name: str, shown: Shown) -> Explanation:
        """A visit to an API. Raises NoSuchApi."""
        return self.visit(visit_of_api(self._document, self.table, self.entries, name), shown)

    def certificate(self, entry: Entry, shown: Shown) -> Explanation:
        """The handshake at one entry, and what conditions will see of the certificate."""
        return _Way(self._document, self.table, f"the TLS entry {entry.name!r}").at_entry(
            entry, self._judge(entry, shown)
        )

    def visit(self, visit: Visit, shown: Shown) -> Explanation:
        """One request."""
        way = _Way(self._document, self.table, str(visit))
        if visit.scheme is Scheme.HTTP:
            return way.plain(visit)
        https = self._document.https
        if https is None:
            return way.nobody_listens("https")
        way.tell("listener", f"https, port {https.port}")
        entry = choose_entry(self.entries, visit.name)
        if entry is None:
            return way.no_entry(visit.name)
        return way.at_entry(entry, self._judge(entry, shown), visit)

    def _judge(self, entry: Entry, shown: Shown) -> "_Judged":
        if entry.asking is Asking.NOTHING:
            return _Judged((), None, Passes())
        walk = self._desk.explain(entry.id, shown.leaf, shown.chain, self._now)
        last = len(walk.steps) - 1
        lines = tuple(
            Line(
                name=f"certificate: {step.name}",
                passed=step.passed,
                detail=step.detail,
                way_out=way_out_of(walk.decision) if at == last else "",
            )
            for at, step in enumerate(walk.steps)
        )
        anchors = self._policies[entry.id].anchors
        return _Judged(lines, walk.decision, shake_hands(entry, walk.decision, anchors))


@dataclass(frozen=True, slots=True)
class _Judged:
    lines: tuple[Line, ...]
    decision: Decision | None
    handshake: Handshake


class _Way:
    """Collects the steps of one visit."""

    def __init__(self, document: Document, table: RouteTable, about: str) -> None:
        self._document = document
        self._table = table
        self._about = about
        self._lines: list[Line] = []
        self._entry: str | None = None
        self._decision: Decision | None = None

    def tell(self, name: str, detail: str, *, passed: bool = True, way_out: str = "") -> None:
        """Add a step."""
        self._lines.append(Line(name=name, passed=passed, detail=detail, way_out=way_out))

    def plain(self, visit: Visit) -> Explanation:
        """A visit without TLS."""
        if self._document.http is None:
            return self.nobody_listens("http")
        self.tell("listener", f"http, port {self._document.http.port}: certificates can't be shown")
        return self._request(visit)

    def nobody_listens(self, scheme: str) -> Explanation:
        """The document has no such listener."""
        self.tell("listener", f"the document has no {scheme!r} section", passed=False)
        return self._end(Answer(served=False, sentence="nobody listens: connection refused"))

    def no_entry(self, name: str) -> Explanation:
        """No TLS entry answers for the name."""
        self.tell(
            "tls entry",
            f"none for {name!r}, and there is no default",
            passed=False,
            way_out=Reason.UNKNOWN_ENTRY.way_out,
        )
        return self._alert(UNKNOWN_NAME_ALERT)

    def at_entry(
        self,
        entry: Entry,
        judged: _Judged,
        visit: Visit | None = None,
    ) -> Explanation:
        """The handshake; then the request, if there is a visit."""
        self._entry = entry.name
        self.tell("tls entry", repr(entry.name))
        self.tell("handshake", asks(entry))
        self._decision = judged.decision
        self._lines.extend(judged.lines)
        match judged.handshake:
            case Fails(alert, certain):
                if isinstance(self._decision, Admitted):
                    self.tell(
                        "handshake",
                        f"the path leads to {NOT_WHOLE}",
                        passed=False,
                        way_out=MAKE_WHOLE,
                    )
                return self._alert(alert, certain=certain)
            case Passes():
                pass
            case _:
                assert_never(judged.handshake)
        if entry.asking is Asking.TRUSTED and not isinstance(self._decision, Admitted):
            return self._end(_refused_here(self._decision))
        return self._request(visit) if visit else self._end(self._certificate_answer())

    def _certificate_answer(self) -> Answer:
        if self._decision is None:
            return Answer(
                served=False, sentence="no certificate is asked for, so none authenticates"
            )
        admitted = isinstance(self._decision, Admitted)
        seen = "true" if admitted else "false"
        return Answer(
            served=admitted,
            sentence=f"the handshake succeeds; tlsClientAuthenticated is {seen}",
        )

    def _request(self, visit: Visit) -> Explanation:
        path = normalised(visit.path)
        if visit.method in _REFUSED_METHODS:
            self.tell("method", f"{visit.method} is never passed on", passed=False)
            return self._end(_gateway_says(400, "Bad Request"))
        if path is None:
            self.tell("path", f"{visit.path!r} can be read in two ways", passed=False)
            return self._end(_gateway_says(400, "Bad Request"))
        if path != visit.path:
            self.tell("path", f"{visit.path!r} is normalised to {path!r}")
        request = Request(method=visit.method, host=visit.host, path=path, query=visit.query)
        route = visit.pinned or match_route(
            self._table, method=request.method, host=request.host, path=path
        )
        if route is None:
            self.tell("route", "no API endpoint matches", passed=False)
            return self._end(_gateway_says(404, "Not Found"))
        self.tell("route", _told_route(route, self._document))
        return self._pipeline(route, request)

    def _pipeline(self, route: Route, request: Request) -> Explanation:
        name = self._pipeline_of(route.endpoint)
        if name is None:
            self.tell(
                "pipeline",
                f"no pipeline names the API endpoint {route.endpoint!r}",
                passed=False,
                way_out="add it to apiEndpoints of a pipeline",
            )
            return self._end(_gateway_says(404, "Not Found"))
        for at, step in self._steps(name):
            acts = holds(
                step.condition, request, authenticated=isinstance(self._decision, Admitted)
            )
            condition = f"{told(step.condition)} is {'true' if acts else 'false'}"
            if not acts:
                self.tell(at, f"{condition}: skipped")
                continue
            answer = self._act(step)
            self.tell(at, f"{condition}: {answer.sentence}", passed=answer.served)
            return self._end(answer)
        self.tell("pipeline", f"{name!r} ends without an answer", passed=False)
        return self._end(_gateway_says(404, "Not Found"))

    def _pipeline_of(self, endpoint: str) -> str | None:
        names = (
            name
            for name, pipeline in reversed(self._document.pipelines.items())
            if endpoint in pipeline.api_endpoints
        )
        return next(names, None)

    def _steps(self, name: str) -> Iterator[tuple[str, Step]]:
        for policy in self._document.pipelines[name].policies:
            for step in policy.steps:
                yield f"pipeline {name!r}: {policy.name}", step

    def _act(self, step: Step) -> Answer:
        match step.action:
            case TerminateAction(status_code=status):
                return Answer(served=status < 400, sentence=f"answers {status}", status=status)
            case ProxyAction(service_endpoint=name):
                urls = ", ".join(
                    service.url or ", ".join(service.urls or ())
                    for service in (self._document.service_endpoints[name],)
                )
                return Answer(served=True, sentence=f"passed on to the service {name!r} at {urls}")
            case _:
                assert_never(step.action)

    def _alert(self, alert: str, *, certain: bool = True) -> Explanation:
        otherwise = "" if certain else f", or 403 {CERTIFICATE_REFUSED!r} at the first request"
        sentence = f"the handshake fails with the TLS alert {alert}{otherwise}"
        return self._end(Answer(served=False, sentence=sentence, alert=alert))

    def _end(self, answer: Answer) -> Explanation:
        return Explanation(
            about=self._about,
            entry=self._entry,
            steps=tuple(self._lines),
            decision=self._decision,
            answer=answer,
        )


def _refused_here(decision: Decision | None) -> Answer:
    if isinstance(decision, Refused) and decision.reason is Reason.NO_CERTIFICATE:
        return _gateway_says(401, CERTIFICATE_REQUIRED)
    return _gateway_says(403, CERTIFICATE_REFUSED)


def _gateway_says(status: int, detail: str) -> Answer:
    return Answer(served=False, sentence=f"the gateway answers {status}: {detail}", status=status)


def _told_route(route: Route, document: Document) -> str:
    host = route.host or route.host_regex or "any host"
    count = len(document.api_endpoints[route.endpoint])
    several = f" (one of its {count} entries)" if count > 1 else ""
    return f"API endpoint {route.endpoint!r}{several}, {host}"
