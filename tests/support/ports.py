"""Ports for servers of tests."""

import os
import random
import socket

_FIRST, _LAST = 10_000, 32_000
"""Linux takes the ports of outgoing connections from 32768 on: a port that the kernel gives as
free there may be some client's a moment later, when the server wants it."""
_WORKERS = 8
_GIVEN: set[int] = set()
"""Those that this process has given before: whoever asked for several at once, before any was
listened on, got the same one twice now and then."""


def _ours() -> range:
    """The ports of this worker of pytest-xdist; two workers never choose the same one."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    share = (_LAST - _FIRST) // _WORKERS
    return range(_FIRST + number * share, _FIRST + (number + 1) * share)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago, and not given before.

    When all were given (a worker has some thousands) they come again.
    """
    ours = set(_ours())
    if not ours - _GIVEN:
        _GIVEN.clear()
    choice = list(ours - _GIVEN)
    random.SystemRandom().shuffle(choice)
    for port in choice:
        _GIVEN.add(port)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found")
