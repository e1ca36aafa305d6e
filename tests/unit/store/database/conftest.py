"""The same tests on SQLite and on PostgreSQL, where its server can be started."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ostiary.store.database.clients_merge import ClientLimits
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from tests.unit.store.database.postgres_server import NoServer, Server, running_server
from tests.unit.store.database.samples import NOW

Opener = Callable[..., Database]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except NoServer as exc:
            pytest.skip(f"PostgreSQL: {exc}")
        yield server


@pytest.fixture(scope="session")
def empty_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with SQLite's files as they are when just made: a copy is quicker."""
    folder = tmp_path_factory.mktemp("empty")
    Database.open(sqlite_url(folder / "ostiary.db"), now=NOW).close()
    return folder


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """Name of a template with our tables: making them anew for each test takes longer."""
    url = server.database()
    Database.open(url, now=NOW).close()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of its own, with tables."""
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("empty_files")
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        return sqlite_url(tmp_path / "ostiary.db")
    server: Server = request.getfixturevalue("server")
    return server.database(template=request.getfixturevalue("migrated"))


@pytest.fixture
def opened(url: str) -> Iterator[Opener]:
    """Opens the database with limits for clients; again, if it was opened before."""
    with ExitStack() as stack:

        def opener(limits: ClientLimits | None = None) -> Database:
            return stack.enter_context(Database.open(url, now=NOW, limits=limits))

        yield opener


@pytest.fixture
def database(opened: Opener) -> Database:
    return opened()
