"""The console served on loopback with a management in memory, and a browser to look at it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette

from ostiary.admin.console.mount import console_routes
from tests.doors.console.fake import Desk, FakeSessions
from tests.doors.console.sample import NOW

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def application(desk: Desk, sessions: FakeSessions | None = None) -> Starlette:
    """The console alone."""
    made = console_routes(desk.as_management(), sessions or FakeSessions(), lambda: NOW)
    return Starlette(routes=made)


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application in a thread; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A Chromium; its pages are closed with it."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()
