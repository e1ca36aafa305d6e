"""The admin API of a gateway that is stopped: the same application, on its data folder.

Nothing listens: requests are handed over within the process. What is changed acts from the next
start on, and is checked as the running gateway would.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin.app import Surroundings, create_app
from ostiary.admin.peer import Peer
from ostiary.config.effective import Managed
from ostiary.kernel.problems import ConfigRefused
from ostiary.management.errors import Unacceptable
from ostiary.management.making import Hands, make_management
from ostiary.management.ports import Applied, FileEdit, FileInForce
from ostiary.services.certificate_index import fitting_in
from ostiary.services.list_sources import SourceState
from ostiary.services.ocsp_state import NOBODY_ASKED, OcspState
from ostiary.services.prepare import Prepared, Written
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.database import Database
from ostiary.store.files import make_folder
from ostiary.store.truststore import TrustStore
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring import world
from ostiary.wiring.asking import explain_visit
from ostiary.wiring.certifying import holder_of
from ostiary.wiring.ground import prepare_rest, read_file
from ostiary.wiring.keeping import open_database, state_of, what_is_missing
from ostiary.wiring.list_shelf import shelf_in
from ostiary.wiring.list_sources import ListSources
from ostiary.wiring.logs import set_up_logs
from ostiary.wiring.posting import Poster
from ostiary.wiring.rewriting import Rewriting, file_in_force, prepare_edited
from ostiary.wiring.watching import Watching
from ostiary.x509.certificate import Certificate


@contextmanager
def offline_transport(
    config: Path, state: Path, lock: Callable[[], AbstractContextManager[object]]
) -> Iterator[httpx.BaseTransport]:
    """A transport for httpx whose other end is the data folder.

    ``lock`` keeps a gateway from starting meanwhile; it is taken before the folder is touched.
    Raises ConfigRefused, and what opening the database raises.
    """
    set_up_logs(human=True)
    written = read_file(config)
    with lock():
        make_folder(state)
        database = open_database(written.document, state)
        try:
            app = _application(written, state, database)
            with asyncio.Runner() as runner:
                yield _Within(app, runner)
        finally:
            database.close()


class _Stopped:
    """The gatekeeper of a gateway that doesn't run: what would be in force."""

    def __init__(
        self, prepared: Prepared, not_applied: tuple[str, ...], lists: ListSources
    ) -> None:
        self._prepared = prepared
        self._not_applied = not_applied
        self._lists = lists

    @property
    def prepared(self) -> Prepared:
        return self._prepared

    @property
    def not_applied(self) -> tuple[str, ...]:
        return self._not_applied

    def list_sources(self) -> tuple[SourceState, ...]:
        return tuple(replace(one, next_try=None) for one in self._lists.states())

    async def fetch_lists(self, source: str | None) -> None:  # noqa: ARG002 - none can be
        raise Unacceptable.one("nothing is fetched while the gateway is stopped", "start it")

    def ocsp(self) -> OcspState:
        return NOBODY_ASKED

    def intermediates(self) -> Intermediates:
        return Intermediates()

    def file(self) -> FileInForce:
        return file_in_force(self._prepared)

    def prepare(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Prepared:
        if file is not None:
            return prepare_edited(self._prepared, managed, tuple(trusted), file)
        return self._prepared.with_managed(managed, trusted, world.now())

    async def apply(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Applied:
        before = set(self._prepared.warnings)
        prepared = await asyncio.to_thread(self.prepare, managed, trusted, file)
        await Rewriting(prepared.file, file).keep()
        self._prepared, self._not_applied = prepared, ()
        news = tuple(str(one) for one in prepared.warnings if one not in before)
        return Applied(reloaded=False, warnings=news)


class _Within(httpx.BaseTransport):
    """Hands requests to an application of this process."""

    def __init__(self, app: ASGIApp, runner: asyncio.Runner) -> None:
        self._way = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._runner = runner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._handle(request))

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        answer = await self._way.handle_async_request(sent)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


def _application(written: Written, state: Path, database: Database) -> ASGIApp:
    kept = state_of(database)
    stopped = _stopped(written, state, kept.managed, kept.certificates)
    shelf = TrustStore(state)
    directory = StoredDirectory(lambda: database)
    hands = Hands(
        keeping=database,
        ground=database,
        shelf=shelf,
        gatekeeper=stopped,
        telemetry=Watching(lambda: database, state / "run").telemetry,
        explain=lambda asked: explain_visit(
            stopped.prepared, asked, directory, fitting=partial(fitting_in, directory)
        ),
        clock=world.now,
        dice=secrets.token_bytes,
        authority=holder_of(state),
        post=Poster(world.event_source()),
    )
    management, changes = make_management(hands)
    changes.begin_with(kept)
    # Any change would make the loss look accepted; only the recovery may.
    changes.halt(what_is_missing(shelf, kept))
    app = create_app(management, Surroundings(clock=world.now, metrics=lambda: b""))
    return _as_ourselves(app)


def _stopped(
    written: Written, state: Path, managed: Managed, trusted: tuple[Certificate, ...]
) -> _Stopped:
    lists = ListSources(shelf_in(state))
    fetched = lists.load(written.document)
    try:
        whole = prepare_rest(written, managed, trusted, fetched=fetched)
        return _Stopped(whole, (), lists)
    except ConfigRefused as refused:
        # If the file alone is in order, the store is at fault, and here is where it can be mended.
        alone = prepare_rest(written, fetched=fetched)
        return _Stopped(alone, tuple(str(one) for one in refused.problems), lists)


def _as_ourselves(app: ASGIApp) -> ASGIApp:
    """Who may write to the data folder asks as over the gateway's own socket."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["peer"] = Peer(uid=os.geteuid(), secure=True)
        await app(scope, receive, send)

    return asked
