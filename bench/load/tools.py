"""The load tools: wrk and h2load through the shim, and our own program for handshakes."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.certificates import Pair
from bench.children import pinned
from bench.contestants.contestant import Missing, on_path
from bench.load.answers import Tally, Unreadable, read_h2load, read_handshakes, read_wrk
from bench.paths import BENCH, CACHE

CONNECTIONS = 32
H2_CONNECTIONS = 8
H2_STREAMS = 16
HANDSHAKES_AT_ONCE = 16


class NotBuilt(Exception):
    """A load tool could not be found or compiled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Where the load tools are, the core they run on, and the client they pose as."""

    wrk: Path
    h2load: Path
    shim: Path
    handshakes: Path
    core: int
    client: Pair
    headers: tuple[tuple[str, str], ...] = ()
    """One for each request on kept connections, in turn; HTTP/2 takes the first for all."""

    def keep_alive(self, port: int, path: str, seconds: float) -> Tally:
        """HTTP/1.1 over kept connections."""
        argv = (
            *(str(self.wrk), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"),
            *("--timeout", "5s"),
        )
        url = f"https://localhost:{port}{path}"
        if len(self.headers) < 2:
            return read_wrk(self._ask((*argv, *self._told(), url), seconds))
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(_in_turn(self.headers))
            script.flush()
            return read_wrk(self._ask((*argv, "-s", script.name, url), seconds))

    def http2(self, port: int, path: str, seconds: float) -> Tally:
        """HTTP/2, several streams on each of a few connections."""
        whole = max(1, round(seconds))
        argv = (
            *(str(self.h2load), "-t1", f"-c{H2_CONNECTIONS}", f"-m{H2_STREAMS}", f"-D{whole}s"),
            *self._told(),
            *("--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--groups=X25519", "--npn-list=h2"),
            *(f"--connect-to=127.0.0.1:{port}", f"https://localhost:{port}{path}"),
        )
        return read_h2load(self._ask(argv, seconds), whole)

    def handshake(self, port: int, seconds: float, mode: str, pair: Pair | None = None) -> Tally:
        """One connection per request; `mode` is full, resumed or fresh (see bench/handshakes.c)."""
        who = pair or self.client
        argv = (
            *(str(self.handshakes), str(port), str(seconds), str(HANDSHAKES_AT_ONCE), mode),
            *(str(who.key), str(who.cert)),
        )
        return read_handshakes(self._ask(argv, seconds, shim=False))

    def _told(self) -> Sequence[str]:
        return [word for name, value in self.headers[:1] for word in ("-H", f"{name}: {value}")]

    def _ask(self, argv: Sequence[str], seconds: float, *, shim: bool = True) -> str:
        certificate = (
            f"LD_PRELOAD={self.shim}",
            f"BENCH_CLIENT_CERT={self.client.cert}",
            f"BENCH_CLIENT_KEY={self.client.key}",
        )
        try:
            done = subprocess.run(
                pinned(self.core, argv if not shim else ["env", *certificate, *argv]),
                capture_output=True,
                text=True,
                timeout=seconds + 60,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Unreadable(f"{argv[0]} did not end in time") from late
        if done.returncode != 0:
            raise Unreadable(
                f"{argv[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}"
            )
        return done.stdout


def _in_turn(headers: Sequence[tuple[str, str]]) -> str:
    """A script for wrk. Names and values hold nothing that Lua's quotes would mind."""
    told = ", ".join(f'{{["{name}"] = "{value}"}}' for name, value in headers)
    return (
        f"local told, requests, turn = {{{told}}}, {{}}, 0\n"
        "init = function()\n"
        "  for at = 1, #told do requests[at] = wrk.format(nil, nil, told[at]) end\n"
        "end\n"
        "request = function() turn = turn % #requests + 1 return requests[turn] end\n"
    )


def build(core: int, client: Pair) -> Tools:
    """Compile what is ours and find what is not. Raises NotBuilt."""
    folder = CACHE / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    shim, handshakes = folder / "clientcert_shim.so", folder / "handshakes"
    _compile(BENCH / "clientcert_shim.c", shim, "-shared", "-fPIC", libraries=("-lssl", "-ldl"))
    _compile(BENCH / "handshakes.c", handshakes, libraries=("-lssl", "-lcrypto"))
    return Tools(
        wrk=_found("wrk"),
        h2load=_found("h2load"),
        shim=shim,
        handshakes=handshakes,
        core=core,
        client=client,
    )


def build_crowd() -> Path:
    """Compile the program that keeps thousands of connections. Raises NotBuilt."""
    target = CACHE / "bin" / "crowd"
    target.parent.mkdir(parents=True, exist_ok=True)
    _compile(BENCH / "crowd.c", target, libraries=("-lssl", "-lcrypto"))
    return target


def _found(name: str) -> Path:
    place = on_path(name)
    if isinstance(place, Missing):
        raise NotBuilt(place.why)
    return place


def _compile(source: Path, target: Path, *flags: str, libraries: Sequence[str]) -> None:
    compiler = _found("gcc")
    argv = [str(compiler), "-O2", "-Wall", "-Wextra", "-Werror", *flags, "-o", str(target)]
    done = subprocess.run(
        [*argv, str(source), *libraries], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise NotBuilt(
            f"{source.name} does not compile (libssl-dev installed?): {done.stderr[:400]}"
        )
