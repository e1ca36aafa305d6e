"""What HAProxy asks about a consumer's credential, and the answer in its variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ostiary.agent.tunnels import Tunnel, tunnel_of
from ostiary.consumers.changes import Named
from ostiary.spoe.actions import Scope, set_var_head
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Kind, Value, encode_integer, encode_value

MESSAGE: Final = "credential"
"""The spoe-message that asks."""

_CODE_HEAD: Final = set_var_head(Scope.TRANSACTION, "ccode")
_WHO_HEAD: Final = set_var_head(Scope.TRANSACTION, "cwho")
_PASSED_HEAD: Final = set_var_head(Scope.TRANSACTION, "cpassed")
_KEY: Final = re.compile(r"[0-9]{1,10}\|[0-9a-f]{16}\|[0-9A-F]{64}", re.ASCII)
_CERTIFICATE: Final = re.compile(r"[0-9A-F]{64}", re.ASCII)
_WORKER: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuestion:
    """Is this credential good where it was shown?"""

    judgement: str
    """Id of what it is judged by (``consumers.judging``)."""
    credential: bytes = field(repr=False)
    """As it was sent, without its scheme."""
    key: str
    """The row that remembers the verdict."""
    worker: int
    """Process id of the engine's worker whose row that is."""
    certificate: str | None = None
    """SHA-256 of the admitted certificate that came with it, upper-case hex; of tokens only."""
    client: str
    """Where it came from: an IPv4 address, or an IPv6 network of 64 bits."""
    tunnel: Tunnel | None = None
    """What the request is to become, if it asks for a WebSocket."""

    @property
    def about(self) -> str:
        """What is asked about, for the log: nothing secret."""
        return f"credential for {self.judgement}"


def row_of(told: Mapping[str, Value]) -> tuple[str, int] | None:
    """Key of the row that remembers a verdict, and process id of the worker that has it."""
    key, worker = told.get("key"), told.get("worker")
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        return None
    if not (isinstance(worker, str) and _WORKER.fullmatch(worker)):
        return None
    return key, int(worker)


def read_credential_question(message: Message) -> CredentialQuestion | None:
    """The question in a message of this name; None where something lacks or is malformed."""
    told = message.arguments
    judgement, sent, client = told.get("judgement"), told.get("credential"), told.get("client")
    row = row_of(told)
    if not (isinstance(judgement, str) and isinstance(client, str) and isinstance(sent, str)):
        return None
    certificate = told.get("certificate")
    # One that can't be read must not count as none.
    if certificate is not None and not (
        isinstance(certificate, str) and _CERTIFICATE.fullmatch(certificate)
    ):
        return None
    tunnel = tunnel_of(told.get("tunnel"))
    if row is None or (tunnel is None and told.get("tunnel") is not None):
        return None
    return CredentialQuestion(
        judgement=judgement,
        # The very bytes that HAProxy hashed: what isn't UTF-8 was kept as lone surrogates.
        credential=sent.encode("utf-8", "surrogateescape"),
        key=row[0],
        worker=row[1],
        certificate=certificate,
        client=client,
        tunnel=tunnel,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialAnswer:
    """What was decided."""

    code: int
    """1 admits; other numbers are ``consumers.reason.CredentialReason``."""
    consumer: UUID | None = None
    """Whose it is; only of one that is admitted."""
    passed: int = 0
    """Which of the judgement's tests hold, as bits."""
    named: Named | None = None
    """The stored credential that an admitted token names; the engine isn't told."""

    @property
    def actions(self) -> bytes:
        """Encoded: variables of the transaction."""
        verdict = _CODE_HEAD + encode_integer(Kind.UINT32, self.code)
        if self.consumer is None:
            return verdict
        passed = _PASSED_HEAD + encode_integer(Kind.UINT32, self.passed)
        return verdict + _WHO_HEAD + encode_value(str(self.consumer)) + passed
