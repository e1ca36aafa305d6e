"""Management over the real store, and a gateway that only prepares: for tests without an engine."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from ostiary.config.effective import Managed
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import ConsumerKind
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor, Order
from ostiary.management.changes import Changes
from ostiary.management.making import Hands, make_management
from ostiary.management.management import Management
from ostiary.management.notifications import Post
from ostiary.management.ports import Applied, Asked, FileEdit, FileInForce
from ostiary.services.explanation import Explanation
from ostiary.services.list_sources import SourceState
from ostiary.services.ocsp_state import NOBODY_ASKED, OcspState
from ostiary.services.ports import Unreadable
from ostiary.services.prepare import Prepared, prepare
from ostiary.services.webhooks import Target
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.notifications import Notification
from ostiary.store.database.records import Role
from ostiary.store.truststore import TrustStore
from ostiary.telemetry.hub import Ports, Telemetry
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring.asking import explain_visit
from ostiary.wiring.certifying import holder_of
from ostiary.wiring.posting import Answered
from ostiary.wiring.rewriting import Rewriting, file_in_force
from ostiary.wiring.watching import Memory
from ostiary.x509.certificate import Certificate
from tests.support.pki import Kit

T = TypeVar("T")

CONFIG = """\
https:
  port: 8443
  tls:
    default: {key: server.key, cert: server.pem}
apiEndpoints:
  orders: {host: api.example, paths: /orders/*}
  open: {paths: /open/*}
serviceEndpoints:
  service: {url: 'http://127.0.0.1:8081'}
policies: [proxy]
pipelines:
  all:
    apiEndpoints: [orders, open]
    policies:
      - proxy: [{action: {serviceEndpoint: service}}]
"""


class FakeGatekeeper:
    """Prepares as the gateway does and serves nothing; fails on demand."""

    def __init__(self, prepared: Prepared, now: datetime) -> None:
        self._prepared = prepared
        self._now = now
        self.applied: list[tuple[Managed, tuple[Certificate, ...]]] = []
        self.fails_with: OstiaryError | None = None
        self.told = NOBODY_ASKED
        self.not_applied: tuple[str, ...] = ()
        self.sources: tuple[SourceState, ...] = ()
        self.asked_for: list[str | None] = []
        self.environ: dict[str, str] = {}

    @property
    def prepared(self) -> Prepared:
        return self._prepared

    def ocsp(self) -> OcspState:
        return self.told

    def intermediates(self) -> Intermediates:
        return Intermediates()

    def list_sources(self) -> tuple[SourceState, ...]:
        return self.sources

    async def fetch_lists(self, source: str | None) -> None:
        self.asked_for.append(source)

    def file(self) -> FileInForce:
        return replace(file_in_force(self._prepared), environ=self.environ)

    def prepare(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Prepared:
        if file is None:
            return self._prepared.with_managed(managed, trusted, self._now)
        return prepare(
            self._prepared.file,
            lambda path: file.after if path == self._prepared.file else Path(path).read_bytes(),
            self.environ,
            self._now,
            managed=managed,
            trusted=trusted,
        )

    def serve(self, prepared: Prepared) -> None:
        """The configuration file has changed."""
        self._prepared = prepared

    async def apply(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Applied:
        if self.fails_with is not None:
            raise self.fails_with
        trusted = tuple(trusted)
        prepared = await asyncio.to_thread(self.prepare, managed, trusted, file)
        await Rewriting(prepared.file, file).keep()
        self._prepared = prepared
        self.applied.append((managed, trusted))
        return Applied(reloaded=False)


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2030, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


class Dice:
    """Never twice the same, and the same in each run."""

    def __init__(self) -> None:
        self._thrown = 0

    def __call__(self, count: int) -> bytes:
        self._thrown += 1
        return self._thrown.to_bytes(4, "big").rjust(count, b"\7")


@dataclass(kw_only=True)
class DeskRig:
    """Everything a test of management looks at."""

    management: Management
    changes: Changes
    gatekeeper: FakeGatekeeper
    database: Database
    shelf: TrustStore
    telemetry: Telemetry
    clock: Clock
    kit: Kit
    state: Path
    withdrawn: list[Changed] = field(default_factory=list)
    """What the gateway was told to believe no more, of consumers."""
    actor: Actor = field(default_factory=lambda: Actor(name="token:ops", role=Role.ADMIN))

    def order(self, **more: Any) -> Order:
        return Order(**{"actor": self.actor, **more})

    def trusting(self, name: str = "root", **odd: Any) -> int:
        """Trust a new root; the row's number."""
        odd = {"not_after": self.clock.now + timedelta(days=365), **odd}
        root = self.kit.root(name, **odd)
        made = run(self.management.library.add(self.order(), name=name, upload=root.pem))
        done = run(self.management.trusted.add(self.order(), int(made.object)))
        return int(done.object)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a loop of its own."""
    return asyncio.run(work)


def prepared_of(
    kit: Kit, config: str, now: datetime, environ: Mapping[str, str] | None = None
) -> Prepared:
    """``config`` in a folder that has ``server.pem`` and ``server.key``."""
    if not (kit.folder / "server.pem").exists():
        server = kit.server(None, "server", dns=["api.example"])
        (kit.folder / "server.pem").write_bytes(server.pem)
        (kit.folder / "server.key").write_bytes(server.key_file.read_bytes())
    file = kit.folder / "gateway.config.yml"
    file.write_text(config)

    def read(path: str) -> bytes:
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise Unreadable(str(error)) from error

    return prepare(str(file), read, environ or {}, now)


async def _nobody(*_commands: str) -> Mapping[int, str]:
    return {}


async def _no_workers() -> Iterable[int]:
    return ()


async def no_post(_target: Target, _notification: Notification) -> Answered:
    return Answered(detail="nobody sends in this test")


def make_desk(
    folder: Path, config: str = CONFIG, post: Post | None = None, url: str = ""
) -> DeskRig:
    """Management in ``folder``, which is empty; ``url``: on a database that others use, too."""
    clock = Clock()
    files, state = folder / "files", folder / "state"
    files.mkdir()
    state.mkdir(mode=0o700)
    kit = Kit(files, clock.now)
    gatekeeper = FakeGatekeeper(prepared_of(kit, config, clock.now), clock.now)
    database = Database.open(url or sqlite_url(state / "ostiary.db"), now=clock.now)
    shelf = TrustStore(state)
    telemetry = Telemetry(
        Ports(
            run_folder=state,
            master_socket=state / "none.sock",
            ask=_nobody,
            workers=_no_workers,
            store=Memory(lambda: database),
            now=clock,
        )
    )

    def explain(asked: Asked) -> tuple[Explanation, ...]:
        return explain_visit(gatekeeper.prepared, asked, StoredDirectory(lambda: database))

    withdrawn: list[Changed] = []
    management, changes = make_management(
        Hands(
            keeping=database,
            ground=database,
            shelf=shelf,
            gatekeeper=gatekeeper,
            telemetry=telemetry,
            explain=explain,
            clock=clock,
            dice=Dice(),
            authority=holder_of(state),
            post=post or no_post,
            consumers_changed=withdrawn.append,
        )
    )
    changes.load()
    return DeskRig(
        management=management,
        changes=changes,
        gatekeeper=gatekeeper,
        database=database,
        shelf=shelf,
        telemetry=telemetry,
        clock=clock,
        kit=kit,
        state=state,
        withdrawn=withdrawn,
    )


def forget_consumers(desk: DeskRig) -> None:
    """No users, apps, credentials or scopes: quicker than another desk."""
    with desk.database.begin() as work:
        for one in work.consumers.page(ConsumerKind.USER, limit=1_000).items:
            work.consumers.remove(one.uuid)
        for scope in work.scopes.all():
            work.scopes.remove(scope)
    desk.withdrawn.clear()
