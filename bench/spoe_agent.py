"""How many questions a second the agent answers, with a decision that costs nothing.

python bench/spoe_agent.py frames a made-up client, pipelining as HAProxy does python
bench/spoe_agent.py haproxy /usr/sbin/haproxy a real HAProxy under wrk

The agent runs in a process of its own, on uvloop. The time it used of its processor is told
beside the rate, because on a small machine the clients compete with it: "per core" is the number
to compare.
"""

import argparse
import asyncio
import multiprocessing
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import uvloop

from ostiary.agent.answers import Answer
from ostiary.agent.questions import Question
from ostiary.agent.server import AgentServer
from ostiary.spoe.frames import (
    FIN,
    Frame,
    FrameType,
    Message,
    encode_frame,
    encode_messages,
    encode_pairs,
)
from ostiary.spoe.values import Kind, Value, encode_integer, encode_value

CERTIFICATE = b"\x30\x82\x03\x84" + bytes(900)

CONFIG = """
global
    maxconn 2000
    nbthread 1
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend front
    bind 127.0.0.1:{port}
    filter spoe engine gate config {folder}/spoe.cfg
    http-request send-spoe-group gate ask
    http-request deny unless {{ var(txn.gate.code) -m int 1 }}
    http-request return status 200
backend agents
    mode tcp
    timeout server 60s
    server agent unix@{folder}/agent.sock
"""

SPOE = """
[gate]
spoe-agent gate
    groups ask
    option var-prefix gate
    option pipelining
    no option async
    no option send-frag-payload
    timeout hello 500ms
    timeout idle 30s
    timeout processing 2s
    use-backend agents
spoe-group ask
    messages judge
spoe-message judge
    args entry=str(orders) cert=bin({blob}) chain=bin({blob})
"""


def admit(_: Question) -> Answer:
    return Answer(code=1, until=2_000_000_000)


def serve(
    path: Path, ready: Event, done: Event, told: "multiprocessing.Queue[tuple[int, float]]"
) -> None:
    """Run the agent until told to stop; tell the questions answered and the seconds used."""

    async def main() -> None:
        async with AgentServer(path, admit) as server:
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.05)
            used = resource.getrusage(resource.RUSAGE_SELF)
            told.put((server.counters.questions, used.ru_utime + used.ru_stime))

    uvloop.run(main())


def frame(kind: int, payload: bytes, stream: int = 0) -> bytes:
    return encode_frame(Frame(type=kind, flags=FIN, stream_id=stream, frame_id=1, payload=payload))


def hello() -> bytes:
    pairs = (
        ("supported-versions", encode_value("2.0")),
        ("max-frame-size", encode_integer(Kind.UINT32, 16380)),
        ("capabilities", encode_value("pipelining")),
    )
    return frame(FrameType.HAPROXY_HELLO, encode_pairs(pairs))


def batch(depth: int) -> bytes:
    arguments: dict[str, Value] = {"entry": "orders", "cert": CERTIFICATE, "chain": CERTIFICATE}
    payload = encode_messages((Message("judge", arguments),))
    return b"".join(frame(FrameType.NOTIFY, payload, 100_000 + number) for number in range(depth))


def read_frames(peer: socket.socket, wanted: int) -> None:
    """Read until this many whole frames have come."""
    data = bytearray()
    seen = at = 0
    while seen < wanted:
        part = peer.recv(65536)
        if not part:
            raise SystemExit("the agent closed")
        data += part
        while len(data) >= at + 4:
            end = at + 4 + int.from_bytes(data[at : at + 4], "big")
            if end > len(data):
                break
            at = end
            seen += 1


def by_frames(path: Path, seconds: float, depth: int) -> None:
    """Ask in batches on one connection; ``depth`` is HAProxy's max-waiting-frames."""
    questions = batch(depth)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(hello())
        read_frames(peer, 1)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            peer.sendall(questions)
            read_frames(peer, depth)


def by_haproxy(folder: Path, seconds: float, engine: str, connections: int) -> None:
    """Put wrk before a real HAProxy that asks for each request."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "haproxy.cfg").write_text(CONFIG.format(port=port, folder=folder))
    (folder / "spoe.cfg").write_text(SPOE.format(blob=CERTIFICATE.hex()))
    process = subprocess.Popen([engine, "-db", "-f", str(folder / "haproxy.cfg")])
    try:
        time.sleep(0.5)
        load = [wrk, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency"]
        subprocess.run([*load, f"http://127.0.0.1:{port}/"], check=True)
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("client", choices=["frames", "haproxy"])
    parser.add_argument("engine", nargs="?", default="haproxy", help="path of HAProxy")
    parser.add_argument("--seconds", type=float, default=4, help="at most 30")
    parser.add_argument("--depth", type=int, default=20, help="questions under way (frames)")
    parser.add_argument("--connections", type=int, default=64, help="of wrk (haproxy)")
    options = parser.parse_args()
    seconds = min(options.seconds, 30)
    context = multiprocessing.get_context("spawn")
    ready, done, told = context.Event(), context.Event(), context.Queue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        agent = context.Process(target=serve, args=(folder / "agent.sock", ready, done, told))
        agent.start()
        if not ready.wait(10):
            raise SystemExit("the agent did not start")
        started = time.monotonic()
        if options.client == "frames":
            by_frames(folder / "agent.sock", seconds, options.depth)
        else:
            by_haproxy(folder, seconds, options.engine, options.connections)
        elapsed = time.monotonic() - started
        done.set()
        questions, used = told.get(timeout=10)
        agent.join(10)
    print(f"{questions} questions, {questions / elapsed:,.0f}/s,")
    print(f"agent used {used:.2f} s of processor: {questions / used:,.0f}/s per core")


if __name__ == "__main__":
    main()
