"""How fast a block bites: thousands of open connections, and clients blocked one after another.

    python -m bench.bite [--connections 10000] [--blocks 100] [--period 5]

Every connection has a certificate of its own and sends a request every few seconds, so that after
each block all of them are asked about again. The one that is blocked asks without a pause: measured
is the time from the call of the API to the first 403 on its open connection, and, when the block is
taken back, to the first 200. Of all others, how long their answers took, and that none failed.
Prints JSON.
"""

import argparse
import contextlib
import dataclasses
import json
import queue
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from bench import certificates
from bench.certificates import Pair
from bench.children import DidNotStart, Launch, free_port, pinned, serving
from bench.contestants import recipe
from bench.contestants.contestant import Site
from bench.contestants.ostiary import launch
from bench.load.tools import NotBuilt, build_crowd
from bench.paths import BITE
from bench.stage import Ground, ground

CONNECTIONS = 10_000
BLOCKS = 100
PERIOD = 5.0
"""Seconds between two requests of one connection."""
BETWEEN = 0.3
"""Seconds from the first 403 until the block is taken back, and from that until the next one."""
_PATIENCE = 300.0
"""Seconds until the load tool says something."""
_KEEP = 900_000
"""Milliseconds."""
_SPARE = 150
"""Open files of the engine that are no client's, beside the hundredth that it leaves free."""

POLICY = """
clientCertificateAuth:
  type: certificate
  required: true
  trustedCertificates: [{ca}]
admin:
  port: {port}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Milliseconds."""

    median: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """What was measured; times in milliseconds."""

    connections: int
    blocks: int
    period: float
    refused: Spread
    """From the call of the API to the first 403 on the open connection."""
    answered: Spread
    """From that call to the API's answer."""
    admitted: Spread
    """From the call that takes the block back to the first 200, on a new connection."""
    quiet: dict[str, float]
    """All connections before the first block: answers, errors, percentiles."""
    others: dict[str, float]
    """All that were not blocked, meanwhile."""


def told(path: Path) -> Bite | None:
    """What was measured last and kept there; None if nothing was."""
    if not path.exists():
        return None
    raw: dict[str, Any] = json.loads(path.read_text())
    spreads = {name: Spread(**raw[name]) for name in ("refused", "answered", "admitted")}
    return Bite(**{**raw, **spreads})


class Crowd:
    """The load tool, spoken to by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """It has been started."""
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")  # it has ended

    def say(self, line: str) -> None:
        """An order. Raises DidNotStart when nobody takes it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            code = self._process.wait(10)
            raise DidNotStart(f"the load tool has ended ({code})") from None

    def hear(self) -> str:
        """The next line. Raises DidNotStart when there is none."""
        with contextlib.suppress(queue.Empty):
            if line := self._lines.get(timeout=_PATIENCE):
                return line
        raise DidNotStart(f"the load tool says nothing more ({self._process.poll()})")

    def tell(self) -> dict[str, float]:
        """The numbers since it was asked last."""
        self.say("tell")
        found: dict[str, float] = json.loads(self.hear())
        return found

    def wait_for(self, status: int) -> float:
        """When the probed connection was answered so, by the monotonic clock."""
        while True:
            _, said, at = self.hear().split()
            if int(said) == status:
                return float(at)


def room() -> int:
    """How many clients the engine can serve with the files it may open: two for each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (hard - hard // 100 - _SPARE) // 2


def measure(on: Ground, crowd: Path, *, connections: int, blocks: int, period: float) -> Bite:
    """One gateway, one crowd. Raises DidNotStart."""
    count = min(connections, room())
    folder = on.folder / "bite"
    folder.mkdir()
    many = certificates.many_clients(folder, on.pki, count)
    start = _launch(on, folder)
    with (
        serving(start, core=on.gateway_core),
        _gathered(crowd, on.tools.core, start.port, period, many) as people,
        httpx.Client(
            transport=httpx.HTTPTransport(uds=str(folder / "state/run/admin.sock")),
            base_url="http://localhost/api/v1",
            headers={"If-Match": "*"},
            timeout=30,
        ) as api,
    ):
        api.get("/blocked").raise_for_status()  # the first request to the API takes longer
        people.tell()
        time.sleep(2 * period)
        quiet = people.tell()
        marks = _fingerprints(many.cert, blocks)
        bites = [_bite(people, api, number, mark) for number, mark in marks]
        others = people.tell()
    return Bite(
        connections=count,
        blocks=len(bites),
        period=period,
        refused=_spread([one[0] for one in bites]),
        answered=_spread([one[1] for one in bites]),
        admitted=_spread([one[2] for one in bites]),
        quiet=quiet,
        others=others,
    )


def _launch(on: Ground, folder: Path) -> Launch:
    site = Site(folder=folder, port=free_port(), upstream_port=on.upstream_port, pki=on.pki)
    config = recipe.write(site, folder)
    # On a slow machine the last has come long after the first would have been sent away.
    patient = config.read_text().replace(
        "    requestCert: true\n", f"    requestCert: true\n    keepAliveTimeout: {_KEEP}\n"
    )
    config.write_text(patient + POLICY.format(ca=on.pki.ca.cert, port=free_port()))
    start = launch(Path(sys.executable), site, config)
    return dataclasses.replace(start, argv=(*start.argv, "--state", str(folder / "state")))


@contextlib.contextmanager
def _gathered(crowd: Path, core: int, port: int, period: float, many: Pair) -> Iterator[Crowd]:
    argv = (str(crowd), str(port), str(period * 1000), str(many.key), str(many.cert))
    process = subprocess.Popen(
        pinned(core, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        people = Crowd(process)
        if people.hear() != "ready":
            raise DidNotStart("the load tool does not begin")
        yield people
    finally:
        process.kill()
        process.communicate()


def _fingerprints(path: Path, count: int) -> Iterator[tuple[int, str]]:
    """Some of the certificates, from all over the crowd, with their places in it."""
    found = x509.load_pem_x509_certificates(path.read_bytes())
    for number in range(0, len(found), max(1, len(found) // count)):
        yield number, found[number].fingerprint(hashes.SHA256()).hex()


def _bite(people: Crowd, api: httpx.Client, number: int, mark: str) -> tuple[float, float, float]:
    """Block one and take it back; milliseconds to first 403, answer, first 200."""
    people.say(f"probe {number}")
    people.wait_for(200)
    called = time.monotonic()
    done = _asked(api, "POST", "/blocked", {"fingerprints": [mark]})
    answered = time.monotonic()
    refused = people.wait_for(403)
    time.sleep(BETWEEN)
    freed = time.monotonic()
    _asked(api, "DELETE", f"/blocked/{done['object']}")
    admitted = people.wait_for(200)
    people.say(f"rest {number}")
    time.sleep(BETWEEN)
    return (refused - called) * 1000, (answered - called) * 1000, (admitted - freed) * 1000


def _asked(api: httpx.Client, method: str, path: str, body: object = None) -> Any:
    answer = api.request(method, path, json=body)
    answer.raise_for_status()
    return answer.json()


def _spread(times: Sequence[float]) -> Spread:
    ordered = sorted(times)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99)]
    return Spread(median=round(at[0], 1), p99=round(at[1], 1), longest=round(ordered[-1], 1))


def _leave(signum: int, _frame: object) -> None:
    raise SystemExit(128 + signum)


def main(argv: list[str]) -> int:
    """0 if it was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.bite", description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--period", type=float, default=PERIOD)
    parser.add_argument("--publish", action="store_true", help="keep it for docs/benchmarks.md")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            with ground(Path(folder)) as on:
                got = measure(
                    on,
                    build_crowd(),
                    connections=given.connections,
                    blocks=given.blocks,
                    period=given.period,
                )
        except (NotBuilt, DidNotStart) as problem:
            print(f"bench: {problem}", file=sys.stderr)
            return 2
    text = json.dumps(dataclasses.asdict(got), indent=1)
    print(text)
    if given.publish:
        BITE.write_text(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
