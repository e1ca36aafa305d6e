"""Who answers which of HAProxy's questions."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import assert_never

from ostiary.agent.answers import Answer
from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.agent.questions import Asked, Question
from ostiary.agent.server import AgentLimits, AgentServer
from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.engine import LARGEST_BUFFER
from ostiary.consumers.model import CredentialType
from ostiary.consumers.secrets import SALT_BYTES, kept_generated, kept_supplied, verify
from ostiary.wiring.answering import Answering
from ostiary.wiring.authenticating import Authenticating
from ostiary.wiring.evaluating import Evaluating
from ostiary.wiring.remembering import Remembering
from ostiary.wiring.vouching import Reconsider


class Doorkeepers:
    """Certificates, credentials and steps each have somebody who knows about them."""

    def __init__(
        self, certificates: Answering, credentials: Authenticating, steps: Evaluating
    ) -> None:
        """All answer in the event loop that asks."""
        self._steps = steps
        self._certificates = certificates
        self._credentials = credentials

    def __call__(
        self, asked: Asked
    ) -> Answer | Awaitable[Answer] | Awaitable[CredentialAnswer] | Awaitable[StepAnswer]:
        """The answer, at once or later."""
        match asked:
            case Question():
                return self._certificates(asked)
            case CredentialQuestion():
                return self._credentials(asked)
            case StepQuestion():
                return self._steps(asked)
            case _:
                assert_never(asked)


def agent_server(path: Path, doorkeepers: Doorkeepers) -> AgentServer:
    """The agent at this socket; it takes every frame that HAProxy may offer."""
    return AgentServer(path, doorkeepers, AgentLimits(max_frame_size=LARGEST_BUFFER))


def authenticating(now: Callable[[], datetime], reconsider: Reconsider) -> Authenticating:
    """Judges credentials; until it is told whom to consult, there is nobody's. ``reconsider`` takes
    back what the engine was told of all of them."""
    nobodys = secrets.token_hex(16)
    decoys = dict.fromkeys(CredentialType, kept_generated(nobodys))
    decoys[CredentialType.BASIC_AUTH] = kept_supplied(nobodys, secrets.token_bytes(SALT_BYTES))
    made = Authenticating(verify, decoys, now, Remembering())
    made.tokens.vouching.begin(reconsider)
    return made
