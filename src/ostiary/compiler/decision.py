"""The decision's rules: a known certificate is one table look-up, an unknown one is asked about.

Nothing here reads what the handshake found (``ssl_c_verify``): on resumed sessions that is 0 even
where there is no certificate at all. The handshake only proves that the client holds the key.
"""

from enum import Enum

from ostiary.compiler import names
from ostiary.compiler.answers import CERTIFICATE_REFUSED, CERTIFICATE_REQUIRED, UNDECIDED, problem
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.config.model.document import Document
from ostiary.haproxy.files import Section
from ostiary.trust.reason import Reason

SPOE_FILE = "spoe.conf"
_PRESENTED = f"{{ var({names.KEY}) -m found }}"
_REMEMBERED = f"{{ var({names.UNTIL}) -m int gt 0 }}"
_TOLD = f"{{ var({names.CHAIN}) -m found }}"


class Question(Enum):
    """The name of the SPOE message, and of its group of one."""

    VERDICT = "judge"
    WITH_CHAIN = "chain"
    """The same question; an admitting answer also sets ``CHAIN`` for the connection."""


def question_of(document: Document) -> Question:
    """What the agent is asked: for the chain only where a service is to be told of it."""
    told = document.identity.headers.client_cert_chain
    return Question.WITH_CHAIN if told else Question.VERDICT


def table_section() -> Section:
    """The memory of verdicts: the code, until when it holds, and the generation it belongs to."""
    lines = ("stick-table type string len 96 size 1m expire 1h store gpt(3)",)
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


def spoe_config(question: Question) -> bytes:
    """The SPOE engine: one message, asked by rule; no answer leaves the verdict unset.

    Frames are not fragmented: with ``send-frag-payload`` a certificate larger than a frame makes
    HAProxy reconnect in a loop until the time is up. Without, it is an error at once: refused.
    """
    return f"""\
[ostiary]
spoe-agent ostiary
    groups {question.value}
    option var-prefix ost
    option set-on-error error
    option pipelining
    no option async
    no option send-frag-payload
    timeout hello 2s
    timeout idle 30s
    timeout processing 2s
    maxconnrate 200
    use-backend {names.AGENT}

spoe-message {question.value}
    args entry=var({names.ENTRY}) cert=ssl_c_der chain=ssl_c_chain_der

spoe-group {question.value}
    messages {question.value}
""".encode()


def certificate_facts() -> list[str]:
    """What the log, the verdict's key and the service need of the certificate: once a connection.

    A client can't change its certificate on an open connection: TLS 1.2 renegotiation and
    TLS 1.3 post-handshake authentication are off. The key always holds the entry: without it a
    certificate that is admitted at one name would pass at every other.
    """
    shown = "if { ssl_c_used }"
    key = f"var({names.ENTRY}),concat(|,{names.FINGERPRINT})"
    return [
        f"tcp-request session set-var({names.SUBJECT}) ssl_c_s_dn(,0,rfc2253) {shown}",
        f"tcp-request session set-var({names.FINGERPRINT}) ssl_c_der,sha2(256),hex {shown}",
        f"tcp-request session set-var({names.KEY}) {key} "
        f"if {{ var({names.ENTRY}) -m found }} {{ var({names.FINGERPRINT}) -m found }}",
    ]


def judging_rules(question: Question) -> list[str]:
    """Set ``CODE``, for every request: the verdict, or the reason that there is none.

    A verdict counts in its generation only. Withdrawing all of them is one new number, whatever
    their count; a verdict that was asked for before and comes after it is of the old generation.
    (``clear table`` would spare the entries that requests under way hold.)

    Where the chain is told, an admitted client is asked about once per connection even if its
    verdict is remembered. Without that answer it is not admitted: a service that relies on the
    chain must not take "not known" for "none".
    """
    undecided = f"!{{ var({names.CODE}) -m int gt 0 }}"
    forgetting, keeping = [], []
    if question is Question.WITH_CHAIN:
        undecided += f" or {AUTHENTICATED} !{_TOLD}"
        # A chain belongs to the verdict it came with: when that one is judged again, or withdrawn,
        # another path may be the verified one. Its end alone doesn't tell them apart: where the
        # certificate's own end is the nearest, every verdict on it ends then.
        same = (
            f"{{ sc_get_gpt(1,0),sub({names.CHAIN_VERDICT}) eq 0 }} "
            f"{{ sc_get_gpt(2,0),sub({names.CHAIN_GENERATION}) eq 0 }}"
        )
        forgetting = [f"http-request unset-var({names.CHAIN}) unless {same} {AUTHENTICATED}"]
        keeping = [
            f"http-request set-var({names.CHAIN_VERDICT}) var({names.UNTIL}) if {_REMEMBERED}",
            f"http-request set-var({names.CHAIN_GENERATION}) var({names.GENERATION_SEEN}) "
            f"if {_REMEMBERED}",
        ]
    return [
        f"http-request set-var({names.CODE}) int({Reason.NO_CERTIFICATE.code}) unless {_PRESENTED}",
        f"http-request track-sc0 var({names.KEY}) table {names.VERDICTS} if {_PRESENTED}",
        f"http-request set-var({names.NOW}) date if {_PRESENTED}",
        f"http-request set-var({names.GENERATION_SEEN}) var({names.GENERATION}) if {_PRESENTED}",
        f"http-request set-var({names.CODE}) sc_get_gpt(0,0) "
        f"if {_PRESENTED} {{ sc_get_gpt(1,0),sub({names.NOW}) gt 0 }} "
        f"{{ sc_get_gpt(2,0),sub({names.GENERATION_SEEN}) eq 0 }}",
        *forgetting,
        f"http-request send-spoe-group ostiary {question.value} if {undecided}",
        f"http-request sc-set-gpt(0,0) var({names.CODE}) if {_REMEMBERED}",
        f"http-request sc-set-gpt(1,0) var({names.UNTIL}) if {_REMEMBERED}",
        f"http-request sc-set-gpt(2,0) var({names.GENERATION_SEEN}) if {_REMEMBERED}",
        *keeping,
        f"http-request set-var({names.CODE}) int({Reason.NO_ANSWER.code}) if {undecided}",
    ]


def required_rules(strict_entry: str) -> list[str]:
    """On strict entries nobody passes unadmitted, however the TLS session came to be.

    ``strict_entry`` is an ACL literal, or empty when every entry of the listener is strict.
    """
    answers = (
        (401, CERTIFICATE_REQUIRED, f"{{ var({names.CODE}) -m int {Reason.NO_CERTIFICATE.code} }}"),
        (503, UNDECIDED, f"{{ var({names.CODE}) -m int {Reason.NO_ANSWER.code} }}"),
        (403, CERTIFICATE_REFUSED, f"!{{ var({names.CODE}) -m int {names.ADMITTED} }}"),
    )
    scope = f"{strict_entry} " if strict_entry else ""
    return [
        f"http-request return {problem(status, detail)} hdr Connection close if {scope}{test}"
        for status, detail, test in answers
    ]
