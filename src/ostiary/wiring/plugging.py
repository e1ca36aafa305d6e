"""Steps that ask plug-ins: who asks, what is remembered, and what comes of the answer."""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

import structlog

from ostiary.agent.facts import facts_of, short_name
from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.asks import Ask, Outcome
from ostiary.plugins.answers import Checked, Goes, Holds, Refused
from ostiary.plugins.call import PluginCall
from ostiary.plugins.interface import Certificate, Identity, Request
from ostiary.plugins.wire import told_identity
from ostiary.sandbox.plugin_process import Counters, Failed, PluginProcess, Unanswered
from ostiary.x509.certificate import parse
from ostiary.x509.errors import NotACertificate

_KNOWN: Final = 1000
"""Certificates whose facts are kept."""
MOST_REMEMBERED: Final = 50_000
_Key = tuple[PluginCall, bytes]


class Plugging:
    """Answers for plug-ins. One event loop uses it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """No process runs until ``have``."""
        self._clock = clock
        self._processes: dict[tuple[str, str], PluginProcess] = {}
        self._remembered: OrderedDict[_Key, tuple[float, StepAnswer]] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()
        self._asking: dict[_Key, asyncio.Task[StepAnswer]] = {}
        self._facts = lru_cache(_KNOWN)(certificate_of)
        self.counters = Counters()
        self._log = structlog.get_logger("ostiary.plugins")

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by package, of those that can be asked."""
        found = ((package, one.pid) for (package, _), one in self._processes.items())
        return {package: pid for package, pid in found if pid is not None}

    def have(self, calls: Iterable[PluginCall]) -> None:
        """These are asked from now on; what is remembered no longer counts. In an event loop.

        Processes of packages that aren't named any more, or in another version, are ended.
        """
        self._remembered.clear()
        wanted = {(call.package, call.version) for call in calls}
        for gone in self._processes.keys() - wanted:
            ending = asyncio.create_task(self._processes.pop(gone).end())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
        for package, version in wanted:
            self._process(package, version).begin()

    async def __call__(self, ask: Ask, call: PluginCall, question: StepQuestion) -> StepAnswer:
        """The answer; no outcome where nobody has given one in time."""
        identity = self._identity(question)
        if not call.lifetime:
            return await self._ask(ask, call, question, identity)
        told = json.dumps(told_identity(identity), sort_keys=True).encode()
        key = (call, hashlib.sha256(told).digest())
        known = self._remembered.get(key)
        if known is not None and known[0] > self._clock():
            self._count(call, "remembered", 0.0)
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(ask, call, question, identity))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._remember(key, done))
        return await asyncio.shield(task)

    async def end(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            await process.end()
        await asyncio.gather(*self._ending)

    def _process(self, package: str, version: str) -> PluginProcess:
        key = package, version
        if key not in self._processes:
            self._processes[key] = PluginProcess(package, self.counters)
        return self._processes[key]

    def _remember(self, key: _Key, task: asyncio.Task[StepAnswer]) -> None:
        if self._asking.get(key) is task:
            del self._asking[key]
        if task.cancelled() or task.exception() is not None:
            return
        answer = task.result()
        if answer.outcome is None or answer.outcome is Outcome.FAILED:
            return  # who comes next may be luckier
        self._remembered[key] = (self._clock() + key[0].lifetime, answer)
        self._remembered.move_to_end(key)
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    async def _ask(
        self, ask: Ask, call: PluginCall, question: StepQuestion, identity: Identity
    ) -> StepAnswer:
        begun = self._clock()
        told = {"plugin": call.name, "package": call.package, "pipeline": ask.pipeline}
        try:
            process = self._process(call.package, call.version)
            checked = await process.ask(call, request_of(ask, question), identity)
        except Unanswered as error:
            self._count(call, "unanswered", self._clock() - begun)
            self._log.warning("plugin-unanswered", **told, why=str(error), request=question.id)
            return StepAnswer(outcome=None)
        except Failed as error:
            self._count(call, "failed", self._clock() - begun)
            self._log.error("plugin-failed", **told, trace=str(error), request=question.id)
            return StepAnswer(outcome=Outcome.FAILED)
        result = "refused" if isinstance(checked, Refused) else "done"
        self._count(call, result, self._clock() - begun)
        return answer_of(call, checked)

    def _count(self, call: PluginCall, result: str, seconds: float) -> None:
        name = call.kind.value, call.name
        self.counters.results[*name, result] += 1
        self.counters.seconds[name] = self.counters.seconds.get(name, 0.0) + seconds

    def _identity(self, question: StepQuestion) -> Identity:
        certificate = None
        if question.admitted and question.certificate:
            try:
                certificate = self._facts(question.certificate)
            except NotACertificate:
                self._log.warning("certificate-unreadable", request=question.id)
        return Identity(certificate=certificate, consumer=question.consumer)


def answer_of(call: PluginCall, checked: Checked) -> StepAnswer:
    """In HAProxy's numbers."""
    match checked:
        case Holds(value=value):
            return StepAnswer(outcome=Outcome.TRUE if value else Outcome.FALSE)
        case Goes(headers=headers):
            places = {
                call.headers.index(name): value
                for name, value in headers.items()
                if name in call.headers
            }
            return StepAnswer(outcome=Outcome.DONE, headers=places)
        case Refused(status=status, reason=reason):
            return StepAnswer(outcome=Outcome.REFUSED, text=reason, status=status)


def request_of(ask: Ask, question: StepQuestion) -> Request:
    """As plug-ins see it."""
    path, _, query = _latin(question.url).partition("?")
    headers: dict[str, tuple[str, ...]] = {}
    for line in _latin(question.headers).split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            name = name.lower()
            headers[name] = (*headers.get(name, ()), value.strip(" \t"))
    return Request(
        method=question.method,
        scheme="https" if question.secure else "http",
        host=headers.get("host", ("",))[0],
        path=path,
        query=query,
        headers=headers,
        client=question.client,
        api=str(ask.endpoints.get(question.route, {}).get("apiEndpointName", "")),
        id=question.id,
    )


def _latin(text: str) -> str:
    """The very bytes, each as one character."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def certificate_of(der: bytes) -> Certificate:
    """Its facts. Raises NotACertificate."""
    certificate = parse(der)
    facts = facts_of("", certificate)
    names: dict[str, tuple[str, ...]] = {}
    for rdn in certificate.names.subject:
        for one in rdn:
            short = short_name(one.oid)
            names[short] = (*names.get(short, ()), one.text)
    return Certificate(
        subject=facts.subject,
        issuer=facts.issuer,
        names=names,
        alternative_names=certificate.subject_alternative_names,
        serial=facts.serial,
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )
