"""The way of one visit through the gateway, step by step, in the order of the engine's rules."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ostiary.compiler.answers import CERTIFICATE_REFUSED
from ostiary.compiler.routes import Route, RouteTable
from ostiary.compiler.scopes import HEADER_ENTRY, scope_of
from ostiary.compiler.tls import Asking, Entry
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.services.certificate_steps import Fitting
from ostiary.services.credentials import NO_PROOF, AskDirectory
from ostiary.services.explanation import Answer, Explanation, Line
from ostiary.services.handshake import (
    MAKE_WHOLE,
    NOT_WHOLE,
    UNKNOWN_NAME_ALERT,
    Fails,
    Passes,
    asks,
    shake_hands,
)
from ostiary.services.onward import Forwarded, arriving
from ostiary.services.pipeline_walk import Visitor, walk
from ostiary.services.policy_steps import (
    absent,
    certificate_lines,
    enforce,
    gateway_says,
    is_blocked,
    refusal,
    settings_of,
)
from ostiary.services.prepare import Prepared
from ostiary.services.requests import Request, normalised, normalised_query, peer_of
from ostiary.services.route_match import match_route
from ostiary.services.token_steps import AskAboutToken
from ostiary.services.visits import Visit
from ostiary.trust.decision import Admitted, Decision, Walk
from ostiary.trust.names.facts import facts_of
from ostiary.trust.reason import Reason

_REFUSED_METHODS = ("CONNECT", "TRACE")
"""As in ``compiler.guards.refusals``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who makes the visit."""

    fingerprint: str
    """Of the certificate that it shows, SHA-256 in upper-case hex; empty: it has none."""
    ask: AskDirectory
    ask_about_token: AskAboutToken
    fitting: Fitting
    """Whose certificates are."""
    now: datetime
    """Aware."""


class Way:
    """Collects the steps of one visit."""

    def __init__(
        self,
        prepared: Prepared,
        table: RouteTable,
        about: str,
        judge: Callable[[str], Walk],
        client: Client,
    ) -> None:
        """``judge`` decides in a scope."""
        self._prepared = prepared
        self._document: Document = prepared.document
        self._table = table
        self._about = about
        self._judge = judge
        self._client = client
        self._fingerprint = client.fingerprint
        self._lines: list[Line] = []
        self._entry: Entry | None = None
        self._decision: Decision | None = None
        self._would: Answer | None = None
        self._proof = NO_PROOF
        self._api: str | None = None
        self._forwarded: Forwarded | None = None

    def tell(self, name: str, detail: str, *, passed: bool = True, way_out: str = "") -> None:
        """Add a step."""
        self._lines.append(Line(name=name, passed=passed, detail=detail, way_out=way_out))

    def plain(self, visit: Visit) -> Explanation:
        """A visit without TLS."""
        if self._document.http is None:
            return self.nobody_listens("http")
        port = f"http, port {self._document.http.port}"
        if self._type is not AuthType.HEADER:
            port += ": certificates can't be shown"
            self._fingerprint = ""
        self.tell("listener", port)
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

    def at_entry(self, entry: Entry, visit: Visit | None = None) -> Explanation:
        """The handshake; then the request, if there is a visit."""
        self._entry = entry
        self.tell("tls entry", repr(entry.name))
        if self._type is AuthType.HEADER:
            self.tell(
                "handshake", f"{asks(entry)}: that is about the load balancer, not the client"
            )
            return self._request(visit) if visit else self.in_header()
        self.tell("handshake", asks(entry))
        failed = self._shake_hands(entry)
        if failed is not None:
            return failed
        if visit is not None:
            return self._request(visit)
        return self._by_policy(None) or self._end(self._certificate_answer())

    def in_header(self) -> Explanation:
        """A certificate in the header, by the gateway's policy."""
        return self._by_policy(None) or self._end(self._certificate_answer())

    @property
    def _type(self) -> AuthType:
        return self._prepared.effective.type.value

    def _shake_hands(self, entry: Entry) -> Explanation | None:
        """What the handshake itself does; None where it lets the client through.

        With type certificate an API may judge otherwise, but never about the path, and that is
        all that the handshake looks at.
        """
        if entry.asking is Asking.NOTHING:
            return None
        if self._type is AuthType.CERTIFICATE and entry.asking is Asking.ANY:
            return None
        walk = self._walk(entry.id)
        anchors = self._prepared.policies[entry.id].anchors
        handshake = shake_hands(entry, walk.decision, anchors)
        if self._type is AuthType.NONE or isinstance(handshake, Fails):
            self._decision = walk.decision
            self._lines.extend(certificate_lines(walk))
        match handshake:
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
                assert_never(handshake)
        strict = entry.asking is Asking.TRUSTED and not isinstance(self._decision, Admitted)
        if strict or is_blocked(self._decision):
            return self._end(refusal(self._decision))
        return None

    def _walk(self, scope: str) -> Walk:
        """The agent is not asked about what was not shown; without a type that is told, too."""
        if self._fingerprint or self._type is AuthType.NONE:
            return self._judge(scope)
        return absent()

    def _by_policy(self, api: str | None) -> Explanation | None:
        """Client certificate authentication for one API (None: the gateway's); None: go on."""
        acts = self._prepared.effective
        if acts.type.value is AuthType.NONE:
            return None
        self._lines.extend(settings_of(acts, api))
        entry = self._entry.id if self._entry else ""
        entry = HEADER_ENTRY if acts.type.value is AuthType.HEADER else entry
        walk = self._walk(scope_of(entry, api if api in acts.overriding else None))
        self._decision = walk.decision
        self._lines.extend(certificate_lines(walk))
        enforced = enforce(acts.gateway if api is None else acts.apis[api], walk.decision)
        self._lines.extend(enforced.lines)
        self._would = enforced.would
        return self._end(enforced.answer) if enforced.answer else None

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
        path, query = normalised(visit.path), normalised_query(visit.query)
        if visit.method in _REFUSED_METHODS:
            self.tell("method", f"{visit.method} is never passed on", passed=False)
            return self._end(gateway_says(400, "Bad Request"))
        if path is None or query is None:
            told = visit.path if path is None else visit.query
            self.tell("path", f"{told!r} can be read in two ways", passed=False)
            return self._end(gateway_says(400, "Bad Request"))
        if path != visit.path:
            self.tell("path", f"{visit.path!r} is normalised to {path!r}")
        request = Request(
            method=visit.method,
            host=visit.host,
            path=path,
            query=query,
            scheme=visit.scheme.value,
            client=visit.client,
            headers=visit.headers,
        )
        self._proof = visit.proof
        route = visit.pinned or match_route(
            self._table, method=request.method, host=request.host, path=path
        )
        if route is not None:
            self._api = route.endpoint
            self.tell("route", _told_route(route, self._document))
        refused = self._by_policy(route.endpoint if route else None)
        if refused is not None:
            return refused
        if route is None:
            self.tell("route", "no API endpoint matches", passed=False)
            return self._end(gateway_says(404, "Not Found"))
        return self._pipeline(route, request)

    def _pipeline(self, route: Route, request: Request) -> Explanation:
        admitted = isinstance(self._decision, Admitted)
        if isinstance(self._decision, Admitted):
            leaf = self._decision.path[0]
            request = replace(request, facts=facts_of(leaf), peer=peer_of(leaf))
        visitor = Visitor(
            admitted=admitted,
            certificate=bool(self._fingerprint),
            could_show=self._could_show(),
            proof=self._proof,
            ask=self._client.ask,
            ask_about_token=self._client.ask_about_token,
            fitting=self._client.fitting,
            now=self._client.now,
        )
        walked = walk(self._document, route, arriving(self._prepared, request), visitor)
        self._lines.extend(walked.lines)
        self._forwarded = walked.forwarded
        return self._end(walked.answer)

    def _could_show(self) -> bool:
        asked = self._entry is not None and self._entry.asking is not Asking.NOTHING
        return asked or self._type is AuthType.HEADER

    def _alert(self, alert: str, *, certain: bool = True) -> Explanation:
        otherwise = "" if certain else f", or 403 {CERTIFICATE_REFUSED!r} at the first request"
        sentence = f"the handshake fails with the TLS alert {alert}{otherwise}"
        return self._end(Answer(served=False, sentence=sentence, alert=alert))

    def _end(self, answer: Answer) -> Explanation:
        return Explanation(
            about=self._about,
            entry=self._entry.name if self._entry else None,
            steps=tuple(self._lines),
            decision=self._decision,
            answer=answer,
            would=self._would,
            api=self._api,
            forwarded=self._forwarded,
        )


def _told_route(route: Route, document: Document) -> str:
    host = route.host or route.host_regex or "any host"
    count = len(document.api_endpoints[route.endpoint])
    several = f" (one of its {count} entries)" if count > 1 else ""
    return f"API endpoint {route.endpoint!r}{several}, {host}"
