"""The admin listener in this process, on a port of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from ostiary.admin.listening import Listening
from ostiary.admin.sockets import bind_tcp
from tests.doors.admin_client import application
from tests.support.desk import DeskRig


@contextmanager
def served(desk: DeskRig) -> Iterator[str]:
    """Its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = Listening(application(desk))
    sock = bind_tcp("127.0.0.1", 0)

    def there(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    try:
        there(listening.on_tcp(sock, None))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        there(listening.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
