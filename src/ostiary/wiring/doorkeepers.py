"""Who answers which of HAProxy's questions."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import assert_never

from ostiary.agent.answers import Answer
from ostiary.agent.consumers import ConsumerQuestion
from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.agent.questions import Asked, Question
from ostiary.agent.server import AgentLimits, AgentServer
from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.engine import LARGEST_BUFFER
from ostiary.compiler.profiles import certificate_judgements_of, judgements_of
from ostiary.config.model.document import Document
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.secrets import SALT_BYTES, kept_generated, kept_supplied, verify
from ostiary.supervisor.runtime import MasterSocket
from ostiary.wiring.answering import Answering
from ostiary.wiring.authenticating import Authenticating
from ostiary.wiring.consumer_tunnels import ConsumerTunnels, Held
from ostiary.wiring.evaluating import Evaluating
from ostiary.wiring.recognizing import Recognizing
from ostiary.wiring.remembering import Remembering
from ostiary.wiring.vouching import Reconsider


class Doorkeepers:
    """Certificates, credentials, consumers and steps each have somebody who knows about them."""

    def __init__(
        self,
        certificates: Answering,
        steps: Evaluating,
        now: Callable[[], datetime],
        reconsider: Reconsider,
    ) -> None:
        """All answer in the event loop that asks. ``reconsider`` takes back what the engine was
        told of all credentials."""
        remembering = Remembering()
        self._steps = steps
        self._certificates = certificates
        self._tunnels = ConsumerTunnels(now)
        self.credentials = _authenticating(now, remembering, reconsider)
        """Who judges the credentials of consumers."""
        self.consumers = Recognizing(now, remembering, self._tunnels, self.credentials.counts)
        """Who knows whose certificates are."""

    def __call__(
        self, asked: Asked
    ) -> Answer | Awaitable[Answer] | Awaitable[CredentialAnswer] | Awaitable[StepAnswer]:
        """The answer, at once or later."""
        match asked:
            case Question():
                return self._certificates(asked)
            case CredentialQuestion():
                return self._credential(asked)
            case ConsumerQuestion():
                return self.consumers(asked)
            case StepQuestion():
                return self._steps(asked)
            case _:
                assert_never(asked)

    async def judge_by(self, document: Document) -> None:
        """Know what the steps of a configuration ask that is about to be in force."""
        self.credentials.judge_by(await asyncio.to_thread(judgements_of, document))
        self.consumers.judge_by(await asyncio.to_thread(certificate_judgements_of, document))

    async def reconsider(self, changed: Changed | None) -> bool:
        """Consumers or credentials have changed: as ``Authenticating.reconsider``."""
        told = await self.credentials.reconsider(changed)
        told = await self.consumers.reconsider(changed) and told
        await self._tunnels.look_again(changed)
        return told

    def begin(self, master: MasterSocket) -> None:
        """The engine's workers can be told from now on."""
        self.credentials.begin(master)
        self.consumers.begin()
        self._tunnels.begin(master)

    async def end(self) -> None:
        """Judge no more."""
        await self._tunnels.end()
        await self.consumers.end()
        await self.credentials.end()

    async def _credential(self, asked: CredentialQuestion) -> CredentialAnswer:
        """The verdict; whoever is to have a WebSocket by it is remembered in the same step."""
        changes = self.credentials.changes
        answer = await self.credentials(asked)
        if asked.tunnel is None or answer.consumer is None:
            return answer
        claimed = answer.named or self.credentials.claimed(asked)
        named = frozenset({claimed} if claimed else ())
        held = Held(tunnel=asked.tunnel, consumer=answer.consumer, named=named)
        if changes == self.credentials.changes and self._tunnels.hold(held):
            return answer
        return CredentialAnswer(code=CredentialReason.NO_ANSWER.code)


def agent_server(path: Path, doorkeepers: Doorkeepers) -> AgentServer:
    """The agent at this socket; it takes every frame that HAProxy may offer."""
    return AgentServer(path, doorkeepers, AgentLimits(max_frame_size=LARGEST_BUFFER))


def _authenticating(
    now: Callable[[], datetime], remembering: Remembering, reconsider: Reconsider
) -> Authenticating:
    """Judges credentials; until it is told whom to consult, there is nobody's. ``reconsider`` takes
    back what the engine was told of all of them."""
    nobodys = secrets.token_hex(16)
    decoys = dict.fromkeys(CredentialType, kept_generated(nobodys))
    decoys[CredentialType.BASIC_AUTH] = kept_supplied(nobodys, secrets.token_bytes(SALT_BYTES))
    made = Authenticating(verify, decoys, now, remembering)
    made.tokens.vouching.begin(reconsider)
    return made
