"""The five questions asked of every gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.load.answers import Tally
from bench.load.tools import Tools
from bench.upstream import LARGE, SMALL

Ask = Callable[[Tools, int, float], Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`ask` loads the gateway at a port for some seconds; `unit` is what is counted per second."""

    key: str
    title: str
    unit: str
    needs_http2: bool
    ask: Ask


KEEP_ALIVE = Scenario(
    key="keep-alive",
    title="HTTP/1.1, kept connections, small responses",
    unit="requests/s",
    needs_http2=False,
    ask=lambda tools, port, seconds: tools.keep_alive(port, SMALL, seconds),
)
HTTP2 = Scenario(
    key="http2",
    title="HTTP/2, kept connections, small responses",
    unit="requests/s",
    needs_http2=True,
    ask=lambda tools, port, seconds: tools.http2(port, SMALL, seconds),
)
LARGE_RESPONSES = Scenario(
    key="64k",
    title="HTTP/1.1, kept connections, 64 KiB responses",
    unit="requests/s",
    needs_http2=False,
    ask=lambda tools, port, seconds: tools.keep_alive(port, LARGE, seconds),
)
FULL = Scenario(
    key="full-handshake",
    title="a full handshake for each request",
    unit="connections/s",
    needs_http2=False,
    ask=lambda tools, port, seconds: tools.handshake(port, seconds, "full"),
)
RESUMED = Scenario(
    key="resumed-handshake",
    title="a resumed handshake for each request",
    unit="connections/s",
    needs_http2=False,
    ask=lambda tools, port, seconds: tools.handshake(port, seconds, "resumed"),
)

ALL: tuple[Scenario, ...] = (KEEP_ALIVE, HTTP2, LARGE_RESPONSES, FULL, RESUMED)
