"""The demo's life: set up, run the gateway as a child, try everything, clean up."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ostiary.ca.dice import SystemDice
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.store.files import make_folder
from ostiary.supervisor import leash
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.ports import Address, ensure_free
from ostiary.wiring import world
from ostiary.wiring.demo.scene import Scene, make_certificates, write_config
from ostiary.wiring.demo.service import sample_service
from ostiary.wiring.demo.trials import TRIALS, Outcome, run_trial
from ostiary.wiring.ground import choose_engine, prepare_file

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_RUN = "from ostiary.cli import main; main()"


class DemoFailed(OstiaryError):
    """The gateway of the demo did not start, or ended by itself."""


class FolderNotEmpty(WrongUse):
    """The demo writes into a folder of its own, never among other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator chose; everything may be left out."""

    port: int = 0
    service_port: int = 0
    keep: Path | None = None
    """Folder to keep everything in; None: a temporary one, removed at the end."""
    engine: Path | None = None


@contextmanager
def staged(wishes: Wishes, progress: Callable[[str], None]) -> Iterator["Stage"]:
    """The demo, running, until the end of the block; then nothing of it is left.

    Raises DemoFailed, FolderNotEmpty, PortUnavailable, FileTrouble, EngineMissing, EngineTooOld.
    """
    ports = [Address("127.0.0.1", one) for one in (wishes.port, wishes.service_port) if one]
    ensure_free(ports)
    with _folder(wishes.keep) as folder, sample_service(wishes.service_port) as service_port:
        scene = Scene(
            folder=folder,
            port=wishes.port or _free_port(),
            service_port=service_port,
            admin_port=_free_port(),
            engine=wishes.engine.absolute() if wishes.engine else None,
        )
        progress("making a certificate authority, a server and three clients")
        make_certificates(scene, world.now(), SystemDice())
        write_config(scene)
        engine = choose_engine(prepare_file(scene.config))
        progress(f"starting the gateway on HAProxy {engine.version_text}: {engine.why}")
        gateway = _start(scene)
        try:
            _wait_until_ready(scene, gateway)
            yield Stage(scene, engine, gateway)
        finally:
            _stop(gateway)


class Stage:
    """The running demo."""

    def __init__(
        self, scene: Scene, engine: EngineBinary, gateway: subprocess.Popen[bytes]
    ) -> None:
        self.scene = scene
        self.engine = engine
        self._gateway = gateway

    def outcomes(self) -> Iterator[Outcome]:
        """Try everything, one after the other."""
        return (run_trial(trial, self.scene) for trial in TRIALS)

    def stay(self) -> None:
        """Return only when interrupted. Raises DemoFailed if the gateway ends by itself."""
        while self._gateway.poll() is None:
            time.sleep(0.2)
        raise DemoFailed(f"the gateway ended by itself:\n{_last_words(self.scene)}")


def interruptible() -> None:
    """Have SIGTERM do what Ctrl-C does, so that nothing is left behind; and Ctrl-C what it says,
    also where a shell had it ignored (in the background of a script)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="ostiary-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    keep = keep.absolute()
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise FolderNotEmpty(f"{str(keep)!r} is not an empty folder (name another with --keep)")
    make_folder(keep)
    yield keep


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(scene: Scene) -> subprocess.Popen[bytes]:
    python = (sys.executable, "-c", _RUN)
    with scene.access_log.open("ab") as access, scene.program_log.open("ab") as log:
        # On a leash: should the demo be killed, the gateway ends, and with it the engine.
        return subprocess.Popen(
            (
                *(sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid())),
                *(*python, "run", "--config", str(scene.config), "--state", str(scene.state)),
            ),
            stdin=subprocess.DEVNULL,
            stdout=access,
            stderr=log,
            start_new_session=True,  # a Ctrl-C at the terminal is ours to handle
        )


def _wait_until_ready(scene: Scene, gateway: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while b"ready\n" not in scene.access_log.read_bytes():
        if gateway.poll() is not None:
            raise DemoFailed(f"the gateway did not start:\n{_last_words(scene)}")
        if time.monotonic() > end:
            raise DemoFailed(f"the gateway was not ready in {_START_SECONDS:g} seconds")
        time.sleep(0.02)


def _stop(gateway: subprocess.Popen[bytes]) -> None:
    gateway.terminate()
    try:
        gateway.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.kill()
        gateway.wait()


def _last_words(scene: Scene) -> str:
    text = scene.program_log.read_text(errors="replace")
    return "\n".join(text.splitlines()[-10:])
