"""From a NOTIFY to a question: which certificate, by whose policy, with which chain."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal, TypeAlias

from ostiary.agent import consumers, credentials, steps
from ostiary.agent.consumers import ConsumerQuestion, read_consumer_question
from ostiary.agent.credentials import CredentialQuestion, read_credential_question
from ostiary.agent.steps import StepQuestion, read_step_question
from ostiary.agent.tunnels import Tunnel, tunnel_of
from ostiary.compiler.scopes import Mode
from ostiary.forwarded.formats import HeaderFormat
from ostiary.kernel.errors import OstiaryError
from ostiary.spoe.events import Notify
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Value

MESSAGE: Final = "judge"
"""The spoe-message that asks; messages of other names are not for us and get an empty answer."""

MESSAGE_WITH_CHAIN: Final = "chain"
"""The spoe-message that asks the same, and for the chain as it was verified."""

MESSAGE_ABOUT_HEADER: Final = "header"
"""The spoe-message that asks about a certificate in a header, and for its facts."""

MESSAGE_ABOUT_HEADER_WITH_CHAIN: Final = "header-chain"
"""The same, and for the chain as it was verified."""

MAX_CHAIN: Final = 32
"""Certificates in a chain; OpenSSL's own verify depth ends at 100, and a frame holds about 50."""


class Flaw(Enum):
    """Why a NOTIFY can't be answered; HAProxy then gets no variables, and refuses."""

    NO_MESSAGE = "no-message"
    TWO_MESSAGES = "two-messages"
    ENTRY = "entry-missing"
    CERTIFICATE = "certificate-missing"
    CHAIN = "chain-malformed"
    HEADER = "header-missing"
    FORMAT = "format-unknown"
    TUNNEL = "tunnel-malformed"
    CREDENTIAL = "credential-malformed"
    CONSUMER = "consumer-malformed"
    STEP = "step-malformed"
    MARKS = "marks-malformed"


class ChainMalformed(OstiaryError):
    """A chain isn't a sequence of DER certificates one behind the other."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header a load balancer put the client's certificate into."""

    value: bytes
    """As it came; not yet decoded."""
    written: HeaderFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Is this certificate welcome at this entry?"""

    entry: str
    """The scope, whatever the compiled configuration named it (``compiler.scopes``); never from the
    client."""
    certificate: bytes
    """The client's certificate in DER, as HAProxy's ``ssl_c_der`` gives it; not yet parsed. Empty
    where it is in a header."""
    chain: bytes
    """What the client sent beside its certificate, in DER one behind the other, as HAProxy's
    ``ssl_c_chain_der`` gives it: whatever the client chose, trusted or not, and on 2.6 and 2.8
    without the certificate itself. Empty on resumed sessions. ``split_chain`` takes it apart."""
    wants_chain: bool = False
    """Whether the answer is to tell the chain as it was verified."""
    tunnel: Tunnel | None = None
    """What the request is to become, if it asks for a WebSocket."""
    header: Header | None = None
    """Where the certificate is, if not in the handshake; the answer then tells its facts."""
    marks: str = ""
    """Which conditions on certificates the answer is to tell (``compiler.marks``); none: none."""

    @property
    def about(self) -> str:
        """What is asked about, for the log."""
        return f"certificate at {self.entry}"


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """This NOTIFY asks nothing that could be answered."""

    flaw: Flaw


Asked: TypeAlias = Question | CredentialQuestion | ConsumerQuestion | StepQuestion
"""What HAProxy may ask."""

Reading: TypeAlias = Asked | Unanswerable


_MODES: Final = range(sum(mode.value for mode in Mode) + 1)
_HANDSHAKE: Final = (MESSAGE, MESSAGE_WITH_CHAIN)
_HEADER: Final = (MESSAGE_ABOUT_HEADER, MESSAGE_ABOUT_HEADER_WITH_CHAIN)
_OTHERS: Final = (credentials.MESSAGE, consumers.MESSAGE, *steps.MESSAGES)
_OURS: Final = (*_HANDSHAKE, *_HEADER, *_OTHERS)


def read_question(notify: Notify) -> Reading:
    """Find the one question a NOTIFY asks; total over everything HAProxy could send."""
    asked = [message for message in notify.messages if message.name in _OURS]
    if len(asked) != 1:
        return Unanswerable(Flaw.TWO_MESSAGES if asked else Flaw.NO_MESSAGE)
    message = asked[0]
    if message.name == credentials.MESSAGE:
        return read_credential_question(message) or Unanswerable(Flaw.CREDENTIAL)
    if message.name == consumers.MESSAGE:
        return read_consumer_question(message) or Unanswerable(Flaw.CONSUMER)
    if message.name in steps.MESSAGES:
        return read_step_question(message) or Unanswerable(Flaw.STEP)
    return _about_certificate(message)


def _about_certificate(message: Message) -> Reading:
    tunnel = _read_tunnel(message)
    if tunnel is Flaw.TUNNEL:
        return Unanswerable(Flaw.TUNNEL)
    entry = message.arguments.get("entry")
    if not isinstance(entry, str) or not entry:
        return Unanswerable(Flaw.ENTRY)
    marks = message.arguments.get("marks", "")
    if not isinstance(marks, str):
        return Unanswerable(Flaw.MARKS)
    about = _about_header if message.name in _HEADER else _about_handshake
    found = about(message, entry, tunnel)
    return replace(found, marks=marks) if isinstance(found, Question) else found


def _about_handshake(message: Message, entry: str, tunnel: Tunnel | None) -> Reading:
    certificate = message.arguments.get("cert")
    if not isinstance(certificate, bytes) or not certificate:
        return Unanswerable(Flaw.CERTIFICATE)
    chain = _read_chain(message.arguments.get("chain"))
    if chain is None:
        return Unanswerable(Flaw.CHAIN)
    wants_chain = message.name == MESSAGE_WITH_CHAIN
    return Question(
        entry=entry,
        certificate=certificate,
        chain=chain,
        wants_chain=wants_chain,
        tunnel=tunnel,
    )


def _about_header(message: Message, entry: str, tunnel: Tunnel | None) -> Reading:
    value = message.arguments.get("header")
    if not isinstance(value, str) or not value:
        return Unanswerable(Flaw.HEADER)
    try:
        written = HeaderFormat(message.arguments.get("format"))
    except ValueError:
        return Unanswerable(Flaw.FORMAT)
    return Question(
        entry=entry,
        certificate=b"",
        chain=b"",
        wants_chain=message.name == MESSAGE_ABOUT_HEADER_WITH_CHAIN,
        tunnel=tunnel,
        # The very bytes that HAProxy hashed: what isn't UTF-8 was kept as lone surrogates.
        header=Header(value.encode("utf-8", "surrogateescape"), written),
    )


def _read_tunnel(message: Message) -> Tunnel | Literal[Flaw.TUNNEL] | None:
    """None for requests that ask for no WebSocket."""
    told = message.arguments.get("tunnel")
    if told is None:
        return None
    found = tunnel_of(told)
    mode = message.arguments.get("mode")
    if found is None or (mode is not None and mode not in _MODES):
        return Flaw.TUNNEL
    only_reported = mode is not None and Mode.REPORT_ONLY in Mode(mode)
    refuses = mode is not None and not only_reported
    return replace(found, only_reported=only_reported, refuses=refuses)


def split_chain(chain: bytes) -> tuple[bytes, ...]:
    """Take concatenated DER certificates apart, by their outermost lengths only.

    Raises ChainMalformed unless the bytes are whole SEQUENCEs (X.690, 8.1.3 and 10.1) and at most
    MAX_CHAIN of them. What is inside is not looked at.
    """
    certificates: list[bytes] = []
    at = 0
    for _ in range(MAX_CHAIN):
        if at == len(chain):
            return tuple(certificates)
        end = _end_of_sequence(chain, at)
        certificates.append(chain[at:end])
        at = end
    if at < len(chain):
        raise ChainMalformed(f"a chain has more than {MAX_CHAIN} certificates")
    return tuple(certificates)


def _read_chain(chain: Value) -> bytes | None:
    if chain is None:
        return b""  # a resumed session has none
    if not isinstance(chain, bytes):
        return None
    try:
        split_chain(chain)
    except ChainMalformed:
        return None
    return chain


def _end_of_sequence(data: bytes, at: int) -> int:
    head = data[at : at + 2]
    if len(head) < 2 or head[0] != 0x30:
        raise ChainMalformed(f"no SEQUENCE starts at byte {at}")
    start, size = at + 2, head[1]
    if size >= 0x80:
        # Four bytes of length are plenty; 0x80, the indefinite form, is not DER (X.690, 10.1).
        width = size - 0x80
        start += width
        if not 1 <= width <= 4 or start > len(data):
            raise ChainMalformed(f"the length at byte {at + 1} is not DER")
        size = int.from_bytes(data[at + 2 : start], "big")
    if start + size > len(data):
        raise ChainMalformed(f"the certificate at byte {at} is cut short")
    return start + size
