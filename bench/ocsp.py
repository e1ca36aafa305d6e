"""The OCSP responder: answers for each second of a core, remembered ones and fresh ones.

    python -m bench.ocsp [certificates]

An authority with so many certificates, served by the process that the gateway starts. Each way of
asking goes over a few kept connections, and is counted by the processor time that the responder
used: what else the machine does doesn't matter. Prints one line of JSON.
"""

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ostiary.ca.dice import SystemDice
from ostiary.management.authority.issuing import issue
from ostiary.management.authority.orders import Certified, Founding, Order
from ostiary.management.authority.profile import Profile
from ostiary.management.authority.renewing import renew_due
from ostiary.wiring.certifying import found_house
from ostiary.x509.keys import KeyKind

CERTIFICATES = 2_000
CONNECTIONS = 16


def authority(folder: Path, count: int) -> list[Certified]:
    """Made, with what answers for it."""
    key = SystemDice().key(KeyKind.EC).public_der()
    with found_house(folder, None, Founding(name="bench"), Profile()) as house:
        done = issue(house, [Order(name=f"device-{n}", key=key) for n in range(count)])
        renew_due(house)
    return [one for one in done if isinstance(one, Certified)]


def questions(several: Sequence[Certified], *, nonce: bool) -> list[bytes]:
    """Requests of HTTP: POST with a nonce, GET without."""
    issuer = x509.load_der_x509_certificate(several[0].chain[0])
    found = []
    for one in several:
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            x509.load_der_x509_certificate(one.der), issuer, hashes.SHA1()
        )
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(os.urandom(16)), critical=False)
        der = builder.build().public_bytes(Encoding.DER)
        found.append(_post(der) if nonce else _get(der))
    return found


def _post(der: bytes) -> bytes:
    head = "POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\n"
    return f"{head}Content-Length: {len(der)}\r\n\r\n".encode() + der


def _get(der: bytes) -> bytes:
    path = quote(base64.b64encode(der).decode(), safe="")
    return f"GET /ocsp/{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """Process id and port."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        descriptor, port = sock.fileno(), sock.getsockname()[1]
        command = (sys.executable, "-P", "-m", "ostiary.wiring.publishing.serving")
        process = subprocess.Popen(
            [*command, str(descriptor), str(folder), "json"], pass_fds=(descriptor,)
        )
    try:
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def processor_seconds(pid: int) -> float:
    """Used so far, by the process itself."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(port: int, asked: Sequence[bytes]) -> None:
    """All of them, over one connection, one after the other; each must be answered well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in asked:
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        body = await reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 200 "), head
        assert body[4:9] == b"\x0a\x01\x00\xa0\x82", body[:16]  # OCSPResponse: successful
    writer.close()


async def measured(pid: int, port: int, asked: Sequence[bytes]) -> dict[str, float]:
    """Rates of one way of asking."""
    before, begun = processor_seconds(pid), time.perf_counter()
    await asyncio.gather(*(ask(port, asked[n::CONNECTIONS]) for n in range(CONNECTIONS)))
    used, took = processor_seconds(pid) - before, time.perf_counter() - begun
    return {
        "answers": len(asked),
        "per_core_second": round(len(asked) / used),
        "per_second": round(len(asked) / took),
    }


def main() -> None:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CERTIFICATES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "ca")
        several = authority(folder, count)
        plain, fresh = questions(several, nonce=False), questions(several, nonce=True)
        with serving(folder) as (pid, port):
            asyncio.run(ask(port, plain[:1]))
            told = {
                "certificates": count,
                "first_time": asyncio.run(measured(pid, port, plain)),
                "remembered": asyncio.run(measured(pid, port, plain * 5)),
                "with_nonce": asyncio.run(measured(pid, port, fresh)),
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
