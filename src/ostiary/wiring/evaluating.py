"""Answers what pipelines ask about single requests: nothing of it is remembered."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import structlog

from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.asks import Ask, Outcome, asks_of
from ostiary.config.model.document import Document
from ostiary.config.model.scripts import Scripts
from ostiary.config.path_parameters import parameters_of
from ostiary.plugins.call import PluginCall
from ostiary.sandbox.workers import Busy, Counters, Workers
from ostiary.scripts.model import (
    BodySchema,
    Changed,
    Failed,
    Failure,
    Limits,
    Result,
    Said,
    Script,
    Truth,
    What,
)
from ostiary.scripts.request import Shown
from ostiary.wiring.peers import peer_of
from ostiary.wiring.plugging import Plugging
from ostiary.x509.errors import NotACertificate

_GENERATIONS: Final = 4
"""Configurations whose asks are known: workers that drain ask by an older one's."""
_KNOWN_PEERS: Final = 1000


class Evaluating:
    """Answers the questions of steps. One event loop uses it."""

    def __init__(self, workers: Callable[[], Workers] = Workers) -> None:
        """Nothing is known to be asked, and no process runs, until ``know`` says so."""
        self._make = workers
        self._workers: Workers | None = None
        self.plugging = Plugging()
        """Asks plug-ins."""
        self._limits = Limits()
        self._asks: OrderedDict[int, Mapping[str, Ask]] = OrderedDict()
        self._peer = lru_cache(_KNOWN_PEERS)(peer_of)
        self._log = structlog.get_logger("ostiary.steps")

    @property
    def counters(self) -> Counters | None:
        """What came of scripts; None where none was ever needed."""
        return self._workers.counters if self._workers else None

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of those that wait for a script."""
        return self._workers.idle if self._workers else ()

    async def follow(self, document: Document) -> None:
        """What this document asks is asked too: it is about to be in force."""
        self.know(await asyncio.to_thread(asks_of, document), document.scripts)

    def know(self, asks: Mapping[str, Ask], scripts: Scripts) -> None:
        """These are asked too: by a configuration that is about to be in force."""
        self._limits = Limits(
            seconds=scripts.time_limit_ms / 1000, memory=scripts.memory_limit_mb * 1024 * 1024
        )
        number = next(reversed(self._asks), 0)
        if asks == self._asks.get(number, {}):
            return
        self._asks[number + 1] = asks
        while len(self._asks) > _GENERATIONS:
            self._asks.popitem(last=False)
        whats = [ask.what for ask in asks.values()]
        self.plugging.have(what for what in whats if isinstance(what, PluginCall))
        if not all(isinstance(what, PluginCall) for what in whats):
            self._workers = self._workers or self._make()
            self._workers.have(scripts.processes)

    async def __call__(self, question: StepQuestion) -> StepAnswer:
        """The answer; no outcome where nobody can give one in time."""
        ask = self._ask(question.ask)
        match ask:
            case Ask(what=PluginCall() as call):
                return await self.plugging(ask, call, question)
            case Ask(what=Script() | BodySchema() as what) if self._workers is not None:
                return await self._run(ask, what, question, self._workers)
            case _:
                self._log.warning("ask-unknown", ask=question.ask)
                return StepAnswer(outcome=None)

    async def _run(
        self, ask: Ask, what: What, question: StepQuestion, workers: Workers
    ) -> StepAnswer:
        try:
            shown = self._shown(ask, question)
            result = await workers.run(what, shown, self._limits, ask.pipeline)
        except Busy:
            self._log.warning("ask-unanswered", pipeline=ask.pipeline, request=question.id)
            return StepAnswer(outcome=None)
        match result:
            case Failed():
                self._tell(ask, what, question, result)
            case Truth(why=why) if why and isinstance(what, BodySchema) and what.log_errors:
                self._log.info("body-unfit", pipeline=ask.pipeline, at=why, request=question.id)
            case _:
                pass
        return answer_of(what, result)

    async def end(self) -> None:
        """End the processes."""
        await self.plugging.end()
        if self._workers is not None:
            await self._workers.end()

    def _ask(self, name: str) -> Ask | None:
        for known in reversed(self._asks.values()):
            if name in known:
                return known[name]
        return None

    def _shown(self, ask: Ask, question: StepQuestion) -> Shown:
        return Shown(
            method=question.method,
            secure=question.secure,
            url=question.url,
            original=question.original,
            headers=question.headers,
            client=question.client,
            consumer=question.consumer,
            id=question.id,
            endpoint=ask.endpoints.get(question.route, {}),
            params=parameters_of(
                ask.paths.get(question.route, ""), question.original.partition("?")[0]
            ),
            peer=self._peer_of(question),
            variables=question.variables,
            body=question.body,
        )

    def _peer_of(self, question: StepQuestion) -> Mapping[str, Any] | None:
        if not question.admitted or not question.certificate:
            return None
        try:
            return self._peer(question.certificate)
        except NotACertificate:
            return None

    def _tell(self, ask: Ask, what: What, question: StepQuestion, failed: Failed) -> None:
        self._log.warning(
            "step-failed",
            pipeline=ask.pipeline,
            asked=_told(what),
            reason=failed.failure.value,
            detail=failed.detail,
            request=question.id,
        )


def _told(what: What) -> str:
    return what.source[:200] if isinstance(what, Script) else "json-schema"


def answer_of(what: What, result: Result) -> StepAnswer:
    """A script's result in HAProxy's numbers."""
    match result:
        case Truth(holds=holds):
            return StepAnswer(outcome=Outcome.TRUE if holds else Outcome.FALSE)
        case Said(text=text):
            return StepAnswer(outcome=Outcome.DONE, text=text)
        case Changed(headers=headers, variables=variables):
            names = what.headers if isinstance(what, Script) else ()
            places = {names.index(name): value for name, value in headers.items()}
            return StepAnswer(outcome=Outcome.DONE, variables=variables, headers=places)
        case Failed(failure=Failure.BODY | Failure.REPEATED):
            return StepAnswer(outcome=Outcome.BODY)
        case Failed():
            return StepAnswer(outcome=Outcome.FAILED)
