"""An engine that outlived its gateway: the next start waits for its end, or says whom to stop.

After a kill -9 of the gateway the leash ends the engine within moments, but a restart can be
quicker than that, and would find its ports in use.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

from ostiary.kernel.errors import OstiaryError
from ostiary.supervisor.ports import Address, PortInUse, ensure_free
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble

_POLL_SECONDS = 0.02
_ANSWER_SECONDS = 0.5


class EngineLeftBehind(OstiaryError):
    """The engine of a gateway that is gone still runs; ``pid`` is its master's."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        super().__init__(
            f"the engine of an earlier run still runs as process {pid} (stop it: kill {pid})"
        )


async def ensure_gone(
    master_socket: Path, addresses: Collection[Address], *, seconds: float = 3.0
) -> None:
    """Wait until the engine of an earlier run is gone: its master, and from these addresses.

    Only the holder of the state lock may ask: then whoever answers belongs to nobody. Where the
    socket is missing the earlier run ended in good order, and nothing is waited for.

    Raises EngineLeftBehind if its master still answers after ``seconds``. That an address is in
    use is not told here: its holder may be a stranger.
    """
    if not master_socket.exists():
        return
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        master = await _master(master_socket)
        if master is None and _are_free(addresses):
            return
        if loop.time() > until:
            break
        await asyncio.sleep(_POLL_SECONDS)
    if master is not None:
        raise EngineLeftBehind(master)


async def _master(socket: Path) -> int | None:
    try:
        return (await MasterSocket(socket, seconds=_ANSWER_SECONDS).processes()).master.pid
    except RuntimeTrouble:
        return None  # if it is there all the same, its addresses show it


def _are_free(addresses: Collection[Address]) -> bool:
    try:
        ensure_free(addresses)
    except PortInUse:
        return False
    return True
