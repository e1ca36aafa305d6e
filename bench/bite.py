"""How fast revocation bites: thousands of open connections, and clients refused one after another.

    python -m bench.bite [--connections 10000] [--blocks 100] [--period 5]

Every connection has a certificate of its own and sends a request every few seconds. The client that
is meant asks without a pause. It is *blocked*: measured is the time from the call of the API to the
first 403 on its open connection, and, when the block is taken back, to the first 200. It is
*listed*: from when a newer revocation list is in its place. It has an open *WebSocket*: from the
block's call to the WebSocket's end. Of all others, how long their answers took, and that none
failed. Prints JSON.
"""

import argparse
import dataclasses
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from bench import certificates
from bench.children import DidNotStart, Launch, free_port, serving
from bench.contestants import recipe
from bench.contestants.contestant import Site
from bench.contestants.ostiary import launch
from bench.crowds import Crowd, gathered, room
from bench.lists import Lists
from bench.load.tools import NotBuilt, build_crowd
from bench.paths import BITE
from bench.stage import Ground, ground
from bench.tunnels import Tunnel, service

CONNECTIONS = 10_000
BLOCKS = 100
PERIOD = 5.0
"""Seconds between two requests of one connection."""
BETWEEN = 0.3
"""Seconds from the first 403 until the block is taken back, and from that until the next one."""
_KEEP = 900_000
"""Milliseconds."""

POLICY = """
clientCertificateAuth:
  type: certificate
  required: true
  trustedCertificates: [{ca}]
  revocation: {{mode: soft, crl: [{crl}]}}
apiEndpoints:
  sockets: {{paths: /ws}}
  clientAuthEndpoint: {{paths: '/*'}}
serviceEndpoints:
  backend: {{url: 'http://127.0.0.1:{upstream}'}}
  sockets: {{url: 'http://127.0.0.1:{sockets}'}}
pipelines:
  sockets:
    apiEndpoints: [sockets]
    policies: [proxy: [action: {{serviceEndpoint: sockets}}]]
  default:
    apiEndpoints: [clientAuthEndpoint]
    policies: [proxy: [action: {{serviceEndpoint: backend}}]]
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
    listed: Spread
    """From when the list that names it is in its place to the first 403."""
    tunnels: Spread
    """From the call of the API that blocks it to the end of its WebSocket."""
    quiet: dict[str, float]
    """All connections before the first block: answers, errors, percentiles."""
    others: dict[str, float]
    """All that were not blocked, meanwhile."""


def told(path: Path) -> Bite | None:
    """What was measured last and kept there; None if nothing was."""
    if not path.exists():
        return None
    raw: dict[str, Any] = json.loads(path.read_text())
    spreads = {
        name: Spread(**raw[name])
        for name in ("refused", "answered", "admitted", "listed", "tunnels")
    }
    return Bite(**{**raw, **spreads})


def measure(on: Ground, crowd: Path, *, connections: int, blocks: int, period: float) -> Bite:
    """One gateway, one crowd. Raises DidNotStart."""
    count = min(connections, room())
    folder = on.folder / "bite"
    folder.mkdir()
    many = certificates.many_clients(folder, on.pki, count)
    lists = Lists(on.pki.ca, folder / "revoked.crl")
    with (
        service() as sockets,
        serving(start := _launch(on, folder, lists, sockets), core=on.gateway_core),
        gathered(crowd, on.tools.core, start.port, period, many) as people,
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
        chosen = tuple(_chosen(many.cert, blocks))
        bites = [_bite(people, api, one) for one in chosen]
        listed = [_listed(people, lists, one) for one in chosen]
        held = [(one, Tunnel(start.port, many.key, one.saved(folder))) for one in chosen]
        others = people.tell()  # not after the next: those ask now and then while they are blocked
        tunnels = [_ended(api, one, tunnel) for one, tunnel in held]
    return Bite(
        connections=count,
        blocks=len(bites),
        period=period,
        refused=_spread([one[0] for one in bites]),
        answered=_spread([one[1] for one in bites]),
        admitted=_spread([one[2] for one in bites]),
        listed=_spread(listed),
        tunnels=_spread(tunnels),
        quiet=quiet,
        others=others,
    )


def _launch(on: Ground, folder: Path, lists: Lists, sockets: int) -> Launch:
    site = Site(folder=folder, port=free_port(), upstream_port=on.upstream_port, pki=on.pki)
    config = recipe.write(site, folder)
    listener = config.read_text().partition("apiEndpoints:")[0]
    # On a slow machine the last has come long after the first would have been sent away.
    patient = listener.replace(
        "    requestCert: true\n", f"    requestCert: true\n    keepAliveTimeout: {_KEEP}\n"
    )
    policy = POLICY.format(
        ca=on.pki.ca.cert,
        crl=lists.path,
        upstream=on.upstream_port,
        sockets=sockets,
        port=free_port(),
    )
    config.write_text(patient + policy)
    start = launch(Path(sys.executable), site, config)
    return dataclasses.replace(start, argv=(*start.argv, "--state", str(folder / "state")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One of the crowd, with its place in it."""

    number: int
    certificate: x509.Certificate

    @property
    def mark(self) -> str:
        """SHA-256 in hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def saved(self, folder: Path) -> Path:
        """Its certificate alone, in a file."""
        path = folder / f"chosen-{self.number}.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _chosen(path: Path, count: int) -> Iterator[Chosen]:
    """Some of the certificates, from all over the crowd."""
    found = x509.load_pem_x509_certificates(path.read_bytes())
    for number in range(0, len(found), max(1, len(found) // count)):
        yield Chosen(number=number, certificate=found[number])


def _bite(people: Crowd, api: httpx.Client, one: Chosen) -> tuple[float, float, float]:
    """Block one and take it back; milliseconds to first 403, answer, first 200."""
    with people.probing(one.number):
        called = time.monotonic()
        done = _asked(api, "POST", "/blocked", {"fingerprints": [one.mark]})
        answered = time.monotonic()
        refused = people.wait_for(403)
        time.sleep(BETWEEN)
        freed = time.monotonic()
        _asked(api, "DELETE", f"/blocked/{done['object']}")
        admitted = people.wait_for(200)
    time.sleep(BETWEEN)
    return (refused - called) * 1000, (answered - called) * 1000, (admitted - freed) * 1000


def _listed(people: Crowd, lists: Lists, one: Chosen) -> float:
    """Have a list name one, and the next nobody; milliseconds to the first 403."""
    with people.probing(one.number):
        written = lists.write(one.certificate.serial_number)
        refused = people.wait_for(403)
        time.sleep(BETWEEN)
        lists.write()
        people.wait_for(200)
    time.sleep(BETWEEN)
    return (refused - written) * 1000


def _ended(api: httpx.Client, one: Chosen, tunnel: Tunnel) -> float:
    """Block one that has a WebSocket and take it back; milliseconds until that has ended."""
    called = time.monotonic()
    done = _asked(api, "POST", "/blocked", {"fingerprints": [one.mark]})
    ended = tunnel.end()
    time.sleep(BETWEEN)
    _asked(api, "DELETE", f"/blocked/{done['object']}")
    time.sleep(BETWEEN)
    return (ended - called) * 1000


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
