"""Ports for servers of tests."""

import random
import socket

_BELOW_EPHEMERAL = range(10_000, 32_000)
"""Linux takes the ports of outgoing connections from 32768 on: a port that the kernel gives as
free there may be some client's a moment later, when the server wants it."""
_DICE = random.SystemRandom()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    for _ in range(100):
        port = _DICE.choice(_BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found")
