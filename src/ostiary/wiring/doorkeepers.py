"""Who answers which of HAProxy's questions."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import assert_never

from ostiary.agent.answers import Answer
from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.agent.questions import Asked, Question
from ostiary.consumers.model import CredentialType
from ostiary.consumers.secrets import SALT_BYTES, kept_generated, kept_supplied, verify
from ostiary.wiring.answering import Answering
from ostiary.wiring.authenticating import Authenticating
from ostiary.wiring.remembering import Remembering
from ostiary.wiring.vouching import Reconsider


class Doorkeepers:
    """Certificates and credentials each have somebody who knows about them."""

    def __init__(self, certificates: Answering, credentials: Authenticating) -> None:
        """Both answer in the event loop that asks."""
        self._certificates = certificates
        self._credentials = credentials

    def __call__(
        self, asked: Asked
    ) -> Answer | CredentialAnswer | Awaitable[Answer] | Awaitable[CredentialAnswer]:
        """The answer, at once or later."""
        match asked:
            case Question():
                return self._certificates(asked)
            case CredentialQuestion():
                return self._credentials(asked)
            case _:
                assert_never(asked)


def authenticating(now: Callable[[], datetime], reconsider: Reconsider) -> Authenticating:
    """Judges credentials; until it is told whom to consult, there is nobody's. ``reconsider`` takes
    back what the engine was told of all of them."""
    nobodys = secrets.token_hex(16)
    decoys = dict.fromkeys(CredentialType, kept_generated(nobodys))
    decoys[CredentialType.BASIC_AUTH] = kept_supplied(nobodys, secrets.token_bytes(SALT_BYTES))
    made = Authenticating(verify, decoys, now, Remembering())
    made.tokens.vouching.begin(reconsider)
    return made
