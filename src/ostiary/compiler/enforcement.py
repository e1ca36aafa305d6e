"""What a policy does with a verdict: 401, 503, 403, or only a report.

* absent and required: 401;
* shown, and nobody answered what to think of it: 503;
* shown and refused: 403, also where none is required;
* report-only: nothing is refused;
* blocked: 403, whatever the type and the policy, also where pipelines alone decide;
* asking for a WebSocket, and nobody answered: 503, likewise. It could be a blocked client's, and
  who does not know of it could not end it.

``services.explain`` tells the same in the same order; a change here is a change there. There
somebody always answers, so it knows no 503.

What is said to whom stands in a backend of its own. The listener only asks who may go on to a
service: with each request that is one condition, where there would be a dozen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ostiary.compiler import names
from ostiary.compiler.answers import (
    CERTIFICATE_REFUSED,
    CERTIFICATE_REQUIRED,
    UNDECIDED,
    plain,
    problem,
)
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.compiler.guards import UPGRADES
from ostiary.compiler.scopes import Mode, Scheme
from ostiary.config.effective import AuthType
from ostiary.haproxy.files import Section
from ostiary.trust.reason import Reason

_ABSENT = f"{{ var({names.CODE}) -m int {Reason.NO_CERTIFICATE.code} }}"
_UNANSWERED = f"{{ var({names.CODE}) -m int {Reason.NO_ANSWER.code} }}"
_REFUSED = f"!{{ var({names.CODE}) -m int {names.ADMITTED} }}"
_BLOCKED = f"{{ var({names.CODE}) -m int {Reason.BLOCKED.code} }}"
_WHATEVER = ((403, (_BLOCKED,)), (503, (_UNANSWERED, UPGRADES)))
"""What is refused where policies, entries or pipelines would let pass."""

_SENTENCES = {401: CERTIFICATE_REQUIRED, 503: UNDECIDED, 403: CERTIFICATE_REFUSED}

_WANTS_TEXT = (
    "{ req.hdr(accept) -m sub -i text/plain } !{ req.hdr(accept) -m sub -i json } "
    "!{ req.hdr(accept) -m reg -i 'text/plain.*;[ \\t]*q=0(\\.0*)?[ \\t]*$' }"
)
"""``Accept`` (RFC 9110 section 12.5.1) names text/plain and nothing of JSON: a wildcard, or no
header, means that the client takes what we have, the problem document."""

_TELL = "http-request set-log-level err"
"""What is refused, or would be, is told to the gateway itself, which listens for this level."""

_SAID = f"{{ var({names.SAID}) -m found }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who goes on to a service, and what is said to the others."""

    rules: tuple[str, ...]
    """Of the listener, after the verdict."""
    passes: str
    """The condition of who goes on, as the tail of a rule that begins with ``if`` or ``unless``."""
    answers: tuple[str, ...]
    """Of the backend where everybody else goes."""

    @property
    def stops(self) -> str:
        """The opposite of ``passes``."""
        word, _, tests = self.passes.partition(" ")
        return f"{'unless' if word == 'if' else 'if'} {tests}"

    def section(self) -> Section:
        """The backend. It has no servers, and its last rule answers whoever is left."""
        return Section(f"backend {names.REFUSED}", self.answers)


def _gate(refusing: list[str], *, first: Iterable[str], told: str, close: bool) -> Gate:
    """``refusing`` is asked of the few that are sent away, where one test tells who they are."""
    passes, here = f"unless {_SAID}", refusing
    if told:
        passes, here = f"if {told}", []
    elif refusing == list(_always()):
        either = " or ".join(" ".join(tests) for _, tests in _WHATEVER)
        passes, here = f"unless {either}", []
    there = [] if here else refusing
    statuses = [one for one in _SENTENCES if any(f"int({one})" in rule for rule in refusing)]
    # Who was told apart neither by the policy nor by the verdict: an admitted client whose
    # certificate there was no room for.
    answers = (*there, *_answers(statuses, close=close), f"http-request return {problem(500)}")
    return Gate(rules=(*first, *here), passes=passes, answers=answers)


def entry_gate(strict_entry: str | None) -> Gate:
    """On strict entries nobody passes unadmitted, however the TLS session came to be; on none who
    is blocked, or asks for a WebSocket unanswered.

    ``strict_entry`` is an ACL literal, empty when every entry of the listener is strict, None when
    none is.
    """
    told = AUTHENTICATED if strict_entry == "" else ""
    return _gate(_by_entry(strict_entry), first=(), told=told, close=True)


def entry_rules(strict_entry: str | None) -> list[str]:
    """The same on the spot, where another certificate is judged after this one."""
    return [*_by_entry(strict_entry), *_answers(_SENTENCES, close=True)]


def _by_entry(strict_entry: str | None) -> list[str]:
    if strict_entry is None:
        return list(_always())
    scope = [strict_entry] if strict_entry else []
    return [
        *(_always() if scope else ()),
        _said(401, [*scope, _ABSENT]),
        _said(503, [*scope, _UNANSWERED]),
        _said(403, [*scope, _REFUSED, "!" + _ABSENT, "!" + _UNANSWERED]),
    ]


def closing_rules() -> list[str]:
    """Close the connection of who is blocked, where the certificate is the connection's own.

    The one rule of HAProxy's that also ends an HTTP/2 connection with all its streams: there
    ``Connection: close`` does nothing (seen on 2.6.12 and 2.8.25).
    """
    return [f"{_TELL} if {_BLOCKED}", f"http-request reject if {_BLOCKED}"]


def policy_gate(scheme: Scheme, certificate: str) -> Gate:
    """Enforce the policy of the request's scope; for the types certificate and header.

    ``certificate``: ACL literal for "there is the certificate that the service is to be told";
    empty where it isn't told.

    Where no API has a policy of its own a refused client is refused everywhere at its entry, so the
    connection is closed: the next one may show another certificate. Where an API might admit the
    client, and where the connection is a load balancer's, it stays open.
    """
    close = scheme.type is AuthType.CERTIFICATE and not scheme.apis
    told = f"{AUTHENTICATED} {certificate}".rstrip() if scheme.requires else ""
    return _gate(list(_refusing(scheme)), first=_reporting(scheme), told=told, close=close)


def _reporting(scheme: Scheme) -> Iterator[str]:
    if not scheme.reports:
        return
    report = _tests(scheme, Mode.REPORT_ONLY)
    would = f"http-request set-var({names.WOULD}) var({names.CODE}) if"
    if report is not None:
        yield _line(would, [_REFUSED, "!" + _ABSENT, "!" + _BLOCKED, *report])
    required = _tests(scheme, Mode.REPORT_ONLY | Mode.REQUIRED)
    if required is not None:
        yield _line(would, [_ABSENT, *required])
    yield f"{_TELL} if {{ var({names.WOULD}) -m int gt 0 }}"


def _refusing(scheme: Scheme) -> Iterator[str]:
    refusing = _tests(scheme, Mode.LENIENT, without=Mode.REPORT_ONLY)
    if scheme.reports:
        yield from _always()
    if refusing is None:
        return
    required = _tests(scheme, Mode.REQUIRED, without=Mode.REPORT_ONLY)
    if required is not None:
        yield _said(401, [_ABSENT, *required])
    yield _said(503, [_UNANSWERED, *refusing])
    yield _said(403, [_REFUSED, "!" + _ABSENT, "!" + _UNANSWERED, *refusing])


def _tests(scheme: Scheme, wanted: Mode, without: Mode = Mode.LENIENT) -> list[str] | None:
    """ACL literals for "the mode has ``wanted`` and nothing of ``without``".

    Empty where every request's has; None where no request's has. What refuses is written as "not
    one of the others", so that a mode nobody knows refuses.
    """
    fitting = {mode for mode in scheme.modes if wanted in mode and not mode & without}
    if not fitting:
        return None
    if len(fitting) == len(scheme.modes):
        return []
    if Mode.REPORT_ONLY in wanted:
        return [_mode_is(fitting)]
    return ["!" + _mode_is(scheme.modes - fitting)]


def _mode_is(modes: Iterable[Mode]) -> str:
    return f"{{ var({names.MODE}) -m int {' '.join(sorted(str(one.value) for one in modes))} }}"


def _always() -> Iterator[str]:
    return (_said(status, list(tests)) for status, tests in _WHATEVER)


def _said(status: int, tests: list[str]) -> str:
    return _line(f"http-request set-var({names.SAID}) int({status}) if", tests)


def _line(rule: str, tests: list[str]) -> str:
    return " ".join((rule, *tests))


def _answers(statuses: Iterable[int], *, close: bool) -> Iterator[str]:
    hanging_up = " hdr Connection close" if close else ""
    yield f"{_TELL} if {_SAID}"
    for status in statuses:
        sentence = _SENTENCES[status]
        test = f"{{ var({names.SAID}) -m int {status} }}"
        yield f"http-request return {plain(status, sentence)}{hanging_up} if {test} {_WANTS_TEXT}"
        yield f"http-request return {problem(status, sentence)}{hanging_up} if {test}"
