"""What HAProxy asks the agent, as SPOE messages (doc/SPOE.txt)."""

from collections.abc import Iterable
from enum import Enum

from ostiary.compiler import names
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import argument, word

SPOE_FILE = "spoe.conf"


class Question(Enum):
    """The name of the SPOE message, and of its group of one."""

    VERDICT = "judge"
    """About the certificate of the handshake."""
    WITH_CHAIN = "chain"
    """The same question; an admitting answer also sets ``CHAIN`` for the connection."""
    HEADER = "header"
    """About the certificate in a header; the answer also tells its facts."""
    HEADER_WITH_CHAIN = "header-chain"
    CREDENTIAL = "credential"
    """About a credential of a consumer."""
    CONSUMER = "consumer"
    """About the consumer whose an admitted certificate is."""
    STEP = "step"
    """What a pipeline has asked about the request (``asks``)."""
    STEP_WITH_BODY = "step-body"
    """The same, with the request's body."""

    @property
    def tells_chain(self) -> bool:
        """Whether the answer tells the verified chain."""
        return self in (Question.WITH_CHAIN, Question.HEADER_WITH_CHAIN)


def question_of(document: Document) -> Question:
    """What is asked about the handshake's certificate: for the chain only where a service is to
    be told of it."""
    told = document.identity.headers.client_cert_chain
    return Question.WITH_CHAIN if told else Question.VERDICT


def header_question_of(document: Document) -> Question:
    """The same about a certificate in a header."""
    told = document.identity.headers.client_cert_chain
    return Question.HEADER_WITH_CHAIN if told else Question.HEADER


def handshake_arguments(scope: str, mode: str = "", more: str = "") -> str:
    """``scope``: whose policy judges, as a sample expression; ``mode``: how it is enforced
    (``scopes.mode_of``), nothing where whoever isn't admitted never passes for one who is;
    ``more``: further arguments."""
    return f"entry={scope} cert=ssl_c_der chain=ssl_c_chain_der{_tunnel(mode)}{more}"


def header_arguments(scope: str, mode: str, header: str, written: str, more: str = "") -> str:
    """``scope``: as above. ``header``: its name; ``written``: how the certificate is written."""
    value = f"req.fhdr({argument(header)})"
    return f"entry={scope} header={word(value)} format=str({written}){_tunnel(mode)}{more}"


def _tunnel(mode: str) -> str:
    told = f" tunnel=var({names.TUNNEL})"
    return f"{told} mode={mode}" if mode else told


def spoe_config(messages: Iterable[tuple[Question, str]]) -> bytes:
    """The SPOE engine: messages with their arguments, each asked by rule.

    No answer leaves the verdict unset. Frames are not fragmented: with ``send-frag-payload`` a
    certificate larger than a frame makes HAProxy reconnect in a loop until the time is up. Without,
    it is an error at once: refused. ``continue-on-error`` lets a request ask again after an error:
    by default nothing more is asked for it.
    """
    asked = [(question.value, arguments) for question, arguments in messages]
    lines = [
        "[ostiary]",
        "spoe-agent ostiary",
        f"    groups {' '.join(name for name, _ in asked)}",
        "    option var-prefix ost",
        "    option set-on-error error",
        "    option continue-on-error",
        "    option pipelining",
        "    no option async",
        "    no option send-frag-payload",
        "    timeout hello 2s",
        "    timeout idle 30s",
        "    timeout processing 2s",
        "    maxconnrate 200",
        f"    use-backend {names.AGENT}",
    ]
    for name, arguments in asked:
        lines += ["", f"spoe-message {name}", f"    args {arguments}"]
        lines += ["", f"spoe-group {name}", f"    messages {name}"]
    return ("\n".join(lines) + "\n").encode()
