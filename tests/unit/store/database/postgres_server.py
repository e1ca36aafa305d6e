"""A PostgreSQL server of our own: on a unix socket only, in a folder that goes away with it."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg


class NoServer(Exception):
    """Why there can be none here."""


class Server:
    """Running; each ``database`` is new and empty."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets
        self._made = 0

    def url(self, name: str) -> str:
        return f"postgresql://ostiary@/{name}?host={self._sockets}"

    def database(self, *, template: str = "template0") -> str:
        """The URL of another database."""
        self._made += 1
        name = f"test{self._made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)


@contextmanager
def running_server() -> Iterator[Server]:
    programs = _programs()
    user = _user()
    with tempfile.TemporaryDirectory(prefix="ostiary-pg-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        _make(programs, folder, user)
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
        for setting in (
            "listen_addresses=",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=16MB",
            "max_connections=40",
        ):
            command += ["-c", setting]
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(_as(user, command), stdout=log, stderr=log, cwd=folder)
        try:
            server = Server(folder)
            _wait(server, child)
            yield server
        finally:
            # SIGINT: the "fast shutdown" of PostgreSQL's manual, 19.5.
            child.send_signal(2)
            child.wait(20)


def _programs() -> Path:
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise NoServer("no PostgreSQL server is installed (programs postgres and initdb)")


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if shutil.which("setpriv") is None:
        raise NoServer("running as root, and there is no setpriv to leave that")
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoServer("running as root, and there is neither a user postgres nor nobody")


def _as(user: str | None, command: Sequence[str]) -> list[str]:
    if user is None:
        return [*command]
    entry = pwd.getpwnam(user)
    ids = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--", *command]


def _make(programs: Path, folder: Path, user: str | None) -> None:
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "ostiary"]
    command += ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        _as(user, command), cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise NoServer(f"initdb can't make a server here: {made.stderr.strip()[-300:]}")


def _wait(server: Server, child: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if child.poll() is not None:
            raise NoServer(f"the server ended with status {child.returncode}")
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoServer("the server did not answer within 10 s")
