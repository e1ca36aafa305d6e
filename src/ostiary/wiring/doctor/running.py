"""The gateway on this state folder: does it run, does its engine answer, are its ports its own?"""

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ostiary.services.diagnosis import Finding, fine, wrong
from ostiary.supervisor.engine import REVISION_VARIABLE
from ostiary.supervisor.ports import Address, PortUnavailable, ensure_free
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble

_SECONDS = 3.0
_EVERYWHERE = {"*": "127.0.0.1", "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway holds the state folder's lock."""

    pid: int | None
    """None if it has not written it yet."""


def gateway_on(state: Path) -> Running | None:
    """The gateway that works in the state folder, or None. Leaves no trace there."""
    try:
        descriptor = os.open(state / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A shared lock, for a moment: only the gateway's own exclusive one stands against it.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).strip()
        return Running(int(text) if text.isdigit() else None)
    finally:
        os.close(descriptor)
    return None


def examine_gateway(state: Path, running: Running | None) -> Finding:
    """Whether it runs, and what its engine says."""
    if running is None:
        return fine("gateway", f"none runs on the state folder {str(state)!r}")
    try:
        told = asyncio.run(_ask(MasterSocket(state / "run" / "master.sock", seconds=_SECONDS)))
    except RuntimeTrouble as error:
        return wrong(
            "gateway",
            f"process {running.pid} runs, and its engine does not answer: {error}",
            "see its log; it restarts the engine by itself",
        )
    return fine("gateway", f"process {running.pid} runs; {told}")


async def _ask(master: MasterSocket) -> str:
    processes = await master.processes()
    current = [worker for worker in processes.workers if not worker.draining]
    revisions = [await master.variable(worker.pid, REVISION_VARIABLE) for worker in current]
    draining = len(processes.workers) - len(current)
    old = f", {draining} drain" if draining else ""
    return f"its engine serves revision {', '.join(map(str, revisions)) or 'none'}{old}"


def examine_ports(addresses: Iterable[Address], running: Running | None) -> Iterator[Finding]:
    """Free for a gateway to come, or answering for the one that runs."""
    for address in addresses:
        if running is not None:
            yield _answers(address)
            continue
        try:
            ensure_free([address])
        except PortUnavailable as error:
            yield wrong("ports", str(error), "stop what listens there, or choose another port")
        else:
            yield fine("ports", f"{address} is free")


def own_address(host: str) -> str:
    """Where to reach a listener of this host by itself."""
    return _EVERYWHERE.get(host, host)


def _answers(address: Address) -> Finding:
    try:
        with socket.create_connection((own_address(address.host), address.port), _SECONDS):
            return fine("ports", f"{address} answers")
    except OSError as error:
        return wrong(
            "ports",
            f"a gateway runs, and {address} does not answer: {error.strerror or error}",
            "was the port changed? a running gateway applies it; see its log",
        )
