"""The running gateway: applies configurations, keeps engine and agent in step, ends cleanly."""

import asyncio
from dataclasses import replace

import structlog

from ostiary.agent.rows import Rows
from ostiary.agent.server import AgentServer
from ostiary.compiler.bundle import Bundle
from ostiary.compiler.marks import marks_of
from ostiary.consumers.changes import Changed
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused, Severity
from ostiary.services.prepare import Prepared
from ostiary.store.files import make_folder
from ostiary.store.revisions import Revision, Revisions
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.check import check
from ostiary.supervisor.child import EngineSetup
from ostiary.supervisor.engine import Engine
from ostiary.supervisor.ports import ensure_free
from ostiary.supervisor.reports import Confirmed, Died, Moved, Refused, Report, Retrying
from ostiary.supervisor.runtime import RuntimeTrouble
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.standing import Standing, standing_of
from ostiary.wiring import world
from ostiary.wiring.answering import Answering, OnDecision, OnMissing
from ostiary.wiring.authenticating import Authenticating
from ostiary.wiring.consulting import Consulting
from ostiary.wiring.doorkeepers import Doorkeepers, agent_server
from ostiary.wiring.evaluating import Evaluating
from ostiary.wiring.folders import Folders
from ostiary.wiring.ground import addresses, place_of
from ostiary.wiring.learning import LearntIntermediates
from ostiary.wiring.marking import Marking
from ostiary.wiring.ocsp_exchange import FetchExchange
from ostiary.wiring.opinion import opinion
from ostiary.wiring.rewriting import Keep, keep_nothing
from ostiary.wiring.serving import Served, Serving, digest_of, same_files
from ostiary.wiring.teaching import Teaching
from ostiary.wiring.tunnelling import Tunnelling
from ostiary.wiring.withdrawing import Withdrawal, same_policies, same_trust
from ostiary.x509.ocsp_question import Subject

_CHECK_SECONDS = 30.0


class Gateway:
    """One engine and one agent, serving one configuration at a time."""

    def __init__(self, folders: Folders, binary: EngineBinary, stdout: int) -> None:
        self._folders = folders
        self._binary = binary
        self._log = structlog.get_logger("ostiary.gateway")
        make_folder(folders.run)
        self._revisions = Revisions(folders.state)
        self._learnt = LearntIntermediates(folders.intermediates)
        self._desk = Desk(Standing({}), self._learnt.load())
        rows = Rows()
        self._withdrawal = Withdrawal(rows)
        self._stdout = stdout
        self._teaching = Teaching()
        self._exchange = FetchExchange()
        self._consulting = Consulting(folders.ocsp, self._exchange, world.now, self._reconsider)
        ask = self._consulting.inquiring.ask
        self._tunnelling = Tunnelling(self._desk, world.now, ask)
        self._marking = Marking()
        self._answering = Answering(
            self._desk,
            world.now,
            on_facts=self._teaching.learn,
            on_tunnel=self._tunnelling.note,
            rows=rows,
            ask=ask,
            marking=self._marking,
        )
        take_back = self.reconsider_credentials
        self.evaluating = Evaluating()  # what pipelines ask about requests
        self.doorkeepers = Doorkeepers(self._answering, self.evaluating, world.now, take_back)
        """Who answers the engine's questions."""
        self._serving: Serving | None = None
        self._engine: Engine | None = None
        self._agent: AgentServer | None = None

    def intermediates(self) -> Intermediates:
        """A copy of those remembered; from any thread."""
        return self._desk.intermediates.copy()

    @property
    def consulting(self) -> Consulting:
        """What OCSP responders have told, and how they are."""
        return self._consulting

    @property
    def credentials(self) -> Authenticating:
        """Who judges the credentials of consumers."""
        return self.doorkeepers.credentials

    async def reconsider_credentials(self, changed: Changed | None) -> bool:
        """Consumers or their credentials have changed, None: anybody's. What is remembered of them
        no longer counts, on open connections, too. False: that must be tried again."""
        told = await self.doorkeepers.reconsider(changed)
        return told or await self._withdrawal.withdraw_credentials(self.engine.socket)

    @property
    def engine(self) -> Engine:
        """The engine; only after ``start``."""
        if self._engine is None:
            raise RuntimeError("the gateway was not started")
        return self._engine

    def listen(self, on_decision: OnDecision) -> None:
        """Have somebody told of every decision; what it raises is logged, and changes nothing."""
        self._answering.on_decision = on_decision

    def seek(self, on_missing: OnMissing) -> None:
        """Have somebody told of revocation lists that decisions lack, likewise."""
        self._answering.on_missing = on_missing

    async def start(self, prepared: Prepared) -> Served:
        """Start agent and engine; returns when a worker has confirmed the first revision.

        Raises ConfigRefused, PortUnavailable, AgentUnavailable, EngineFailed, FileTrouble.
        """
        ensure_free(addresses(prepared))
        self._agent = agent_server(self._folders.run / "agent.sock", self.doorkeepers)
        await self._agent.start()
        setup = EngineSetup(
            binary=self._binary,
            run_folder=self._folders.run,
            stdout=self._stdout,
            drain_seconds=prepared.document.engine.drain_timeout_ms / 1000,
        )
        self._engine = Engine(setup, self._report)
        served = await self.apply(prepared)
        self._consulting.begin()
        return served

    async def apply(
        self, prepared: Prepared, *, anew: bool = False, keep: Keep = keep_nothing
    ) -> Served:
        """Put a configuration in force; what served before goes on if anything is refused.

        Where the engine's files stay the same only the agent changes its mind, and remembered
        verdicts are withdrawn: that takes milliseconds and touches no connection. Else, or if
        ``anew``, the compiled files are checked by the engine itself, and it changes over without
        losing a request. ``keep`` is awaited, once or twice, when all is checked and before
        anything acts. Raises ConfigRefused, EngineFailed, FileTrouble, and what ``keep`` raises.
        """
        async with self._exchange.following(prepared.document), self.credentials.use(prepared):
            standing = await self._standing_of(prepared)
            serving = self._serving
            if not anew and serving is not None and await same_files(prepared, serving):
                await self._make_known(prepared, keep)
                if await self._judge_by(standing):
                    same = replace(serving, policies=prepared.policies, engine=prepared.engine)
                    self._serving = same
                    return Served(revision=serving.place.revision, reloaded=False)
            return await self._change_over(prepared, standing, keep)

    async def _make_known(self, prepared: Prepared, keep: Keep) -> None:
        """It is good, and about to act: whoever is asked must know it. Of what is refused nobody
        hears, since they know a few of the latest only."""
        await keep()
        if self._serving is None or prepared.engine is not self._serving.engine:
            document = prepared.document
            await self.doorkeepers.judge_by(document)
            self._marking.answer_by(await asyncio.to_thread(marks_of, document))
            await self.evaluating.follow(document)

    async def _standing_of(self, prepared: Prepared) -> Standing:
        before = self._desk.standing
        if self._serving is not None and prepared.policies is self._serving.policies:
            return Standing(before.entries, prepared.blocked)
        return await asyncio.to_thread(
            lambda: standing_of(
                prepared.policies_of_any_type(),
                before,
                prepared.blocked,
                self._consulting.statuses,
            )
        )

    async def _reconsider(self, subjects: tuple[Subject, ...]) -> bool:
        """There is other word about these: what is remembered of them no longer counts."""
        self._desk.reconsider(subjects)
        numbers = frozenset(one.certificate.serial for one in subjects)
        above = any(one.certificate.is_ca for one in subjects)
        told = await self._withdrawal.withdraw_numbered(
            self.engine.socket, None if above else numbers, world.now()
        )
        await self._tunnelling.look_again(judged=True)
        return told

    async def _judge_by(self, standing: Standing) -> bool:
        """Judge by another standing from now on; False if the workers could not be told."""
        before = self._desk.standing
        self._desk.replace(standing)
        if same_trust(before, standing):
            return True
        known = self._desk.intermediates.certificates
        if await self._withdrawal.withdraw_between(
            self.engine.socket, before, standing, known, world.now()
        ):
            await self._look_at_tunnels(before, standing)
            return True
        self._desk.replace(before)
        # Meanwhile somebody may have been let in by the newer one.
        await self._forget(standing, before, except_worker=None)
        return False

    async def _change_over(self, prepared: Prepared, standing: Standing, keep: Keep) -> Served:
        revision = self._revisions.next_revision()
        place = place_of(revision, self._folders)
        bundle = await asyncio.to_thread(prepared.bundle, place)
        await asyncio.to_thread(self._revisions.stage, revision, bundle.files)
        await self._check(prepared, revision, bundle)
        await self._make_known(prepared, keep)
        before = self._desk.standing
        self._desk.replace(standing)
        try:
            confirmed = await self.engine.serve(revision)
        except BaseException:
            self._desk.replace(before)
            await self._forget(standing, before, except_worker=None)
            raise
        self._serving = Serving(place, digest_of(bundle), prepared.policies, prepared.engine)
        # First what a client could profit from: a full disk must not keep old verdicts alive.
        await self._forget(before, standing, except_worker=confirmed.worker)
        self._revisions.promote(revision)
        await self._prune(revision)
        return Served(revision=confirmed.revision, reloaded=True)

    async def _forget(
        self, before: Standing, after: Standing, *, except_worker: int | None
    ) -> None:
        if not same_trust(before, after):
            await self._withdrawal.withdraw(self.engine.socket, except_worker=except_worker)
            await self._look_at_tunnels(before, after)

    async def _look_at_tunnels(self, before: Standing, after: Standing) -> None:
        await self._tunnelling.look_again(judged=not same_policies(before, after))

    def hurry(self) -> None:
        """Cut short a stop that is under way: requests in flight are given up."""
        if self._engine is not None:
            self._engine.hurry()

    async def stop(self) -> None:
        """Drain the engine, then end the agent: the door is never open without a doorkeeper."""
        await self._teaching.end()
        await self._consulting.end()
        await self._tunnelling.end()
        if self._engine is not None:
            await self._engine.stop()
        await self.doorkeepers.end()
        await self.evaluating.end()
        if self._agent is not None:
            await self._agent.stop()
        self._learnt.save(self._desk)

    async def look_after(self) -> None:
        """Do what had to be left: from time to time, while it serves."""
        self._learnt.save(self._desk)
        await self._withdrawal.make_good(self.engine.socket)

    async def _check(self, prepared: Prepared, revision: Revision, bundle: Bundle) -> None:
        said = await check(self._binary, revision.folder / "haproxy.cfg", timeout=_CHECK_SECONDS)
        problems = opinion(prepared, bundle.files["haproxy.cfg"], revision.folder, said)
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise ConfigRefused(problems, prepared.digests)
        for problem in problems:
            self._log.warning("configuration", problem=str(problem))

    async def _prune(self, revision: Revision) -> None:
        try:
            living = await self.engine.living_revisions()
            self._revisions.prune({*living, revision.number})
        except (RuntimeTrouble, OstiaryError) as error:
            self._log.info("revisions-not-pruned", error=str(error))

    def _report(self, report: Report) -> None:
        match report:
            case Confirmed(revision=revision, folder=folder, worker=worker, seconds=seconds):
                self._teaching.begin(self.engine.socket, worker, folder)
                self._tunnelling.begin(self.engine.socket)
                self.doorkeepers.begin(self.engine.socket)
                self._log.info(
                    "serving", revision=revision, worker=worker, seconds=round(seconds, 3)
                )
            case Refused(failure):
                self._log.error("revision-refused", error=str(failure))
            case Died(code=code, words=words):
                self._log.error("engine-died", code=code, words=[str(word) for word in words])
            case Retrying(seconds):
                self._log.warning("engine-restarts", seconds=seconds)
            case Moved(before, after):
                self._log.info("engine", before=before.value, after=after.value)
