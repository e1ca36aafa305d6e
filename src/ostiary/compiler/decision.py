"""The decision's rules: a known certificate is one table look-up, an unknown one is asked about.

Nothing here reads what the handshake found (``ssl_c_verify``): on resumed sessions that is 0 even
where there is no certificate at all. The handshake only proves that the client holds the key.
"""

from dataclasses import dataclass

from ostiary.compiler import facts, names
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.compiler.guards import TUNNEL, UPGRADES
from ostiary.compiler.marks import variable
from ostiary.compiler.questions import Question
from ostiary.haproxy.files import Section
from ostiary.trust.reason import Reason

_DECIDED = f"{{ var({names.CODE}) -m int 1:{names.HIGHEST_CODE} }}"
_REMEMBERED = f"{{ var({names.UNTIL}) -m int gt 0 }}"
_TOLD = f"{{ var({names.CHAIN}) -m found }}"
_FAILED = f"{{ var({names.ERROR}) -m int gt 1 }}"
"""The question ended in an error. 1 is none of these: it means that time was up."""
ROUTE_AT = 3
"""Which number of a verdict's row is the route of the client's latest request: see ``calling``."""
MARKS_AT = 5
"""From which number on a row holds what conditions ask about the certificate."""
LONGEST_KEY = 16 + len(".") + 16 + len("|") + 64
"""Characters: an entry's id, an API's, and a SHA-256 in hex. A key that is cut would collide."""


def table_section(*, reports: bool, marks: int = 0) -> Section:
    """The memory of verdicts: number of the latest withdrawal, until when the verdict holds, and
    its code on the number of the withdrawal it came after.

    Of report-only policies also the reason for which they would have refused. For the gateway the
    route of the latest request (``calling``), and how often a certificate was seen. ``marks``:
    numbers for what conditions ask about the certificate.
    """
    told = _remembered(reports=reports, marks=marks)
    numbers = 1 + max(ROUTE_AT, *(number for number, _ in told))
    lines = (
        f"stick-table type string len {LONGEST_KEY} size 1m expire 1h "
        f"store gpt({numbers}),http_req_cnt",
    )
    return Section(f"backend {names.VERDICTS}", lines)


def agent_section(socket: str) -> Section:
    """Where HAProxy finds the agent.

    The check matters even for a single server: without it HAProxy tries to connect over and over
    while a request waits, which costs a whole core when the agent is away.
    """
    lines = (
        "mode tcp",
        "option spop-check",
        "timeout connect 1s",
        "timeout check 2s",
        "timeout server 60s",
        f"server agent unix@{socket} check inter 500ms rise 1 fall 2",
    )
    return Section(f"backend {names.AGENT}", lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One thing that is judged: the certificate of the handshake, or that of a header."""

    question: Question
    presence: str
    """The variable whose presence says that there is something to judge."""
    key: str
    """The verdict's key, as a sample expression."""
    counter: int
    """Which of HAProxy's tracked counters holds the verdict: 0 to 2."""
    recalling: tuple[str, ...] = ()
    """Rules that look up the certificate's facts, where they are told too (``facts``)."""
    marks: int = 0
    """How many numbers hold what conditions ask about the certificate (``marks``)."""

    @property
    def presented(self) -> str:
        """ACL literal: there is something to judge."""
        return f"{{ var({self.presence}) -m found }}"


def certificate_facts(*, key: bool) -> list[str]:
    """What the log, the verdict's key and the service need of the certificate: once a connection.

    A client can't change its certificate on an open connection: TLS 1.2 renegotiation and
    TLS 1.3 post-handshake authentication are off. ``key``: the verdict's key is the same for all
    requests too, since no API has a policy of its own.
    """
    shown = "if { ssl_c_used }"
    facts = [
        f"tcp-request session set-var({names.SUBJECT}) ssl_c_s_dn(,0,rfc2253) {shown}",
        f"tcp-request session set-var({names.FINGERPRINT}) ssl_c_der,sha2(256),hex {shown}",
    ]
    if not key:
        return facts
    # Whatever judges, the scope is part of the key: without it a certificate that is admitted at
    # one name would pass at every other.
    there = f"{{ var({names.ENTRY}) -m found }} {{ var({names.FINGERPRINT}) -m found }}"
    both = f"var({names.ENTRY}),concat(|,{names.FINGERPRINT})"
    return [*facts, f"tcp-request session set-var({names.KEY}) {both} if {there}"]


def balancer_facts() -> list[str]:
    """In header mode: the key of the verdict on whoever shows a certificate in the handshake."""
    key = f"set-var({names.BALANCER_KEY}) var({names.ENTRY}),concat(|,{names.BALANCER})"
    there = f"{{ var({names.ENTRY}) -m found }} {{ var({names.BALANCER}) -m found }}"
    digest = "ssl_c_der,sha2(256),hex if { ssl_c_used }"
    return [
        f"tcp-request session set-var({names.BALANCER}) {digest}",
        f"tcp-request session {key} if {there}",
    ]


def judging_rules(shown: Shown, *, reports: bool = False) -> list[str]:
    """Set ``CODE``, for every request: the verdict, or the reason that there is none.

    A verdict counts until it is withdrawn: a number in its row withdraws it alone, one of the
    process all of them. (``clear table`` would spare the entries that requests under way hold.)
    These numbers grow by ``WITHDRAWALS_BY``. The higher of both, seen before anybody is asked, is
    added to the code: so it is seen at each look whether the verdict came after the latest
    withdrawal, whenever it was written. One number for both, since other threads write, too.

    Whoever wants to go on as a WebSocket is asked about each time: after that nothing more is
    judged on it, so the agent remembers it and ends it once its certificate is refused.

    Where the chain is told, an admitted client is asked about once per connection even if its
    verdict is remembered. Without that answer it is not admitted: a service that relies on the
    chain must not take "not known" for "none". The same goes for the facts about a certificate
    from a header: they are asked for until the engine was told them.

    The chain belongs to the request. The connection keeps that of its latest answer: its streams
    run at the same time, and each finds what fits its own verdict, or nothing.

    A question that ends in an error is asked once more, unless time was up: when a process is to
    end after a reload, HAProxy closes its connections to the agent, with questions on them
    (https://github.com/haproxy/haproxy/issues/2868). With no agent at all both fail at once.
    """
    presented, at = shown.presented, shown.counter
    unknown = " or ".join(_undecided(shown))
    ask = f"http-request send-spoe-group ostiary {shown.question.value} if"
    remember = [
        f"http-request sc-set-gpt({number},{at}) {source} if {_REMEMBERED}"
        for number, source in _remembered(reports=reports, marks=shown.marks)
    ]
    return [
        f"http-request set-var({names.CODE}) int({Reason.NO_CERTIFICATE.code}) "
        f"if !{presented} !{{ var({names.CODE}) -m int gt 0 }}",
        f"http-request track-sc{at} {shown.key} table {names.VERDICTS} if {presented}",
        f"http-request set-var({names.NOW}) date",
        f"http-request set-var({names.STAMP}) var({names.WITHDRAWN})",
        f"http-request set-var({names.STAMP}) sc_get_gpt(0,{at}) "
        f"if {{ sc_get_gpt(0,{at}),sub({names.STAMP}) gt 0 }}",
        f"http-request set-var-fmt({names.TUNNEL}) {TUNNEL} if {UPGRADES} {presented}",
        *_recalling(shown, reports=reports),
        f"{ask} {unknown}",
        f"{ask} {_FAILED}",
        *remember,
        *_keeping(shown),
        f"http-request set-var({names.CODE}) int({Reason.NO_ANSWER.code}) if {unknown}",
    ]


def _undecided(shown: Shown) -> list[str]:
    """Alternatives: each alone says that there is something to ask."""
    found = [f"!{_DECIDED}"]
    if shown.question.tells_chain:
        found.append(f"{AUTHENTICATED} !{_TOLD}")
    if shown.recalling:
        found.append(f"!{facts.ABOUT_TOLD} {shown.presented}")
    return found


def _remembered(*, reports: bool, marks: int) -> tuple[tuple[int, str], ...]:
    """The row's numbers and what they are; the first is written by ``wiring.withdrawing`` alone,
    the route's by ``calling``."""
    told = ((4, f"var({names.WOULD})"),) if reports else ()
    marked = ((MARKS_AT + one, f"var({variable(one)})") for one in range(marks))
    code = (2, f"var({names.CODE}),add({names.STAMP})")
    return ((1, f"var({names.UNTIL})"), *told, *marked, code)


def _recalling(shown: Shown, *, reports: bool) -> list[str]:
    at = shown.counter
    holds = f"{{ sc_get_gpt(1,{at}),sub({names.NOW}) gt 0 }} !{UPGRADES}"
    # Below 1, so none, where it came before the withdrawal.
    rules = [f"http-request set-var({names.CODE}) sc_get_gpt(2,{at}),sub({names.STAMP}) if {holds}"]
    if reports:
        rules.append(f"http-request set-var({names.WOULD}) sc_get_gpt(4,{at}) if {_DECIDED}")
    rules += [
        f"http-request set-var({variable(one)}) sc_get_gpt({MARKS_AT + one},{at}) if {_DECIDED}"
        for one in range(shown.marks)
    ]
    rules += shown.recalling
    if shown.question.tells_chain:
        # A chain belongs to the verdict it came with: when that one is judged again, or withdrawn,
        # or is another policy's, another path may be the verified one. Its end alone doesn't tell
        # verdicts apart: where the certificate's own end is the nearest, every one on it ends then.
        same = (
            f"{{ {shown.key},strcmp({names.CHAIN_KEY}) eq 0 }} "
            f"{{ sc_get_gpt(1,{at}),sub({names.CHAIN_VERDICT}) eq 0 }} "
            f"{{ var({names.STAMP}),sub({names.CHAIN_STAMP}) eq 0 }}"
        )
        kept = f"set-var({names.CHAIN}) var({names.CHAIN_KEPT})"
        rules.append(f"http-request {kept} if {AUTHENTICATED} {same}")
    return rules


def _keeping(shown: Shown) -> list[str]:
    """Keep what was told just now for the connection's next request.

    Nothing waits between these rules, so what they write is of one answer.
    """
    if not shown.question.tells_chain:
        return []
    kept = (
        (names.CHAIN_KEPT, f"var({names.CHAIN})"),
        (names.CHAIN_KEY, shown.key),
        (names.CHAIN_VERDICT, f"var({names.UNTIL})"),
        (names.CHAIN_STAMP, f"var({names.STAMP})"),
    )
    return [
        f"http-request set-var({variable}) {source} if {_REMEMBERED} {_TOLD}"
        for variable, source in kept
    ]
