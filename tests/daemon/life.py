"""What tests of the gateway's life need: its log read, its processes, one who tries the door."""

import asyncio
import json
import os
import signal
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import yaml

from ostiary.supervisor.runtime import MasterSocket, Processes
from tests.daemon.clients import context
from tests.daemon.gateway import Running, World
from tests.support.pki import Made

__all__ = ["Log", "Siege", "alive", "processes", "rewrite", "until", "ways_to_replace"]


def until(reached: Callable[[], object], seconds: float = 30, what: str = "") -> float:
    """Wait; returns how long it took, in seconds."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < seconds, what or "it never came"
        time.sleep(0.01)
    return time.monotonic() - began


def alive(pid: int) -> bool:
    """Whether that process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def processes(gateway: Running) -> Processes:
    """Master and workers of the engine."""
    return asyncio.run(MasterSocket(gateway.state / "run" / "master.sock").processes())


def rewrite(gateway: Running, text: str | None = None) -> None:
    """Write the configuration anew: the gateway's ``config``, or this text."""
    content = text if text is not None else yaml.safe_dump(gateway.config, sort_keys=False)
    (gateway.folder / "gateway.config.yml").write_text(content)


class Log:
    """The program's log from here on."""

    def __init__(self, gateway: Running) -> None:
        self._file = gateway.folder / "err.log"
        self._start = self._file.stat().st_size

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """The lines since, of that event or of all."""
        with self._file.open("rb") as file:
            file.seek(self._start)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1].splitlines()
        found = [json.loads(line) for line in whole if line.startswith(b"{")]
        return [line for line in found if event in ("", line.get("event"))]

    def wait(self, event: str, seconds: float = 30) -> dict[str, Any]:
        """The first line of that event; waits for it."""
        until(lambda: self.lines(event), seconds, f"no {event!r} in {self.lines()[-12:]}")
        return self.lines(event)[0]


def apply(gateway: Running, change: Callable[[], object]) -> dict[str, Any]:
    """Do it and wait until the gateway says that it was applied."""
    log = Log(gateway)
    change()
    return log.wait("change-applied")


def refuse(gateway: Running, change: Callable[[], object]) -> str:
    """Do it and wait until the gateway says that it is refused; all it said."""
    log = Log(gateway)
    change()
    until(lambda: log.lines("configuration-refused") or log.lines("change-not-applied"))
    time.sleep(0.05)
    assert not log.lines("change-applied")
    lines = [*log.lines("configuration-refused"), *log.lines("change-not-applied")]
    return "\n".join(str(line.get("problem") or line.get("error")) for line in lines)


def in_place(path: Path, content: bytes) -> None:
    """Overwrite, as an editor without a temporary file does; through a link if it is one."""
    path.write_bytes(content)


def renamed(path: Path, content: bytes) -> None:
    """Write beside it and rename, as certificate tools do."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def relinked(path: Path, content: bytes) -> None:
    """A new file, and a link swapped to it, as mounted secrets do."""
    target = path.with_name(f"{path.name}.{time.monotonic_ns()}")
    target.write_bytes(content)
    link = path.with_name(f".{path.name}.link")
    link.symlink_to(target.name)
    link.replace(path)


ways_to_replace = (in_place, renamed, relinked)


def presented(gateway: Running, sni: str) -> bytes | None:
    """The DER of the certificate that the gateway shows at that name."""
    with gateway.connect(context(), sni) as connection:
        assert isinstance(connection.socket, ssl.SSLSocket)
        return connection.socket.getpeercert(binary_form=True)


class Siege:
    """Somebody unknown and somebody without a certificate try the door without a pause."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ending = threading.Event()
        self.seen: Counter[str] = Counter()
        """How each try ended: a status, or the name of an error."""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._besiege, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(30)

    def never_entered(self) -> bool:
        """Nothing but refusals and errors, and enough of them to tell."""
        return "200" not in self.seen and sum(self.seen.values()) >= 10

    def _besiege(self) -> None:
        turns = [
            (client, sni, version)
            for client in (None, self._world.stranger, self._world.of_b)
            for sni in ("a.example", "strict.example")
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
        ]
        while not self._ending.is_set():
            for client, sni, version in turns:
                self.seen[self._try(client, sni, version)] += 1

    def _try(self, client: Made | None, sni: str, version: ssl.TLSVersion) -> str:
        try:
            return str(self._world.gateway.status(client, sni, version=version))
        except (OSError, EOFError, ssl.SSLError) as error:
            time.sleep(0.01)
            return type(error).__name__


def end_by(gateway: Running, number: signal.Signals = signal.SIGTERM) -> int:
    """Signal the gateway and wait for its end; its exit code."""
    gateway.process.send_signal(number)
    return gateway.process.wait(60)


def resident(pid: int) -> int:
    """Resident memory in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
