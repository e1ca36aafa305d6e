"""WebSockets that were let in, and which of them may stay.

Once a request has become a WebSocket (RFC 6455) nothing on it is judged any more. So each is
remembered here with the certificate it was let in by, and that is looked at again whenever what is
trusted or blocked has changed, and when its verdict's time is up.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ostiary.kernel.blocked import Blocked
from ostiary.trust.blocks import marks_of
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.reason import Reason

CAPACITY: Final = 100_000
"""Tunnels remembered; with a certificate each, 4 KB for one."""

_SWEPT_FROM: Final = 1_000
"""Tunnels; fewer are not worth asking which of them are still there."""


def sweep_at(count: int, capacity: int) -> int:
    """Of so many tunnels remembered: from how many on to ask the engine which are still there.

    Never beyond what can be remembered: those that have ended would fill it for ever.
    """
    return max(_SWEPT_FROM, min(2 * count, (count + capacity) // 2))


Judge = Callable[[str, bytes, tuple[bytes, ...]], Decision]
"""Decides now about a scope, a certificate (DER) and the chain that came with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A request that asked for a WebSocket, as the engine knows it."""

    worker: int
    """The process id of the engine's worker."""
    stream: int
    """Number of the request in its worker, in the request's id (``%rt``, HAProxy manual 8.2.6)."""
    client: str
    """Address and port, as the service is told it."""
    only_reported: bool = False
    """The policy of its request refuses nobody; only a block ends it."""
    refuses: bool = False
    """The policy of its request refuses whoever is not welcome, so that none begins for them. Else
    they may pass as nobody: by a policy that only reports, or where pipelines decide."""


_WRITTEN: Final = re.compile(r"([0-9]{1,10}) ([0-9]{1,10}) (\S{1,100})", re.ASCII)


def tunnel_of(told: object) -> Tunnel | None:
    """``WORKER STREAM CLIENT``, as ``compiler.guards`` has the engine tell it; None for anything
    else."""
    found = _WRITTEN.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return None
    worker, stream, client = found.groups()
    return Tunnel(worker=int(worker), stream=int(stream), client=client)


@dataclass(frozen=True, slots=True)
class Ending:
    """A tunnel that may not stay, and why."""

    tunnel: Tunnel
    refused: Refused
    fingerprint: str
    """Of the certificate, lower-case hex."""


@dataclass(slots=True)
class Holder:
    """One certificate in one scope, and the tunnels it was shown for."""

    scope: str
    leaf: bytes
    chain: tuple[bytes, ...]
    marks: tuple[bytes, ...]
    admitted: bool
    """Else it was let in without being welcome, as nobody: only a block ends that."""
    until: datetime | None
    """Until when its verdict holds."""
    tunnels: dict[tuple[int, int], Tunnel] = field(default_factory=dict)


class Tunnels:
    """The memory of tunnels, bounded. One event loop uses it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """None is open yet."""
        self.capacity = capacity
        """How many can be remembered."""
        self._count = 0
        self._holders: dict[tuple[str, bytes], Holder] = {}

    def __len__(self) -> int:
        return self._count

    def remember(
        self,
        tunnel: Tunnel,
        scope: str,
        leaf: bytes,
        chain: tuple[bytes, ...],
        decision: Decision,
    ) -> bool:
        """The certificate ``leaf`` (DER) was judged for this tunnel. False: there are too many, so
        this one could not be ended later and may not begin.

        A tunnel may have two: the load balancer's of the handshake, and that of a header.
        """
        if not _may_begin(tunnel, decision):
            return True
        key = (scope, hashlib.sha256(leaf).digest())
        holder = self._holders.get(key)
        new = holder is None or (tunnel.worker, tunnel.stream) not in holder.tunnels
        if new and self._count >= self.capacity:
            return False
        admitted = isinstance(decision, Admitted)
        if holder is None:
            holder = self._holders[key] = Holder(
                scope, leaf, chain, marks_of(leaf), admitted, decision.until
            )
        elif admitted:
            holder.chain, holder.admitted, holder.until = chain, True, decision.until
        self._count += new
        holder.tunnels[tunnel.worker, tunnel.stream] = tunnel
        return True

    def holders(self) -> list[Holder]:
        """All as they are now."""
        return list(self._holders.values())

    def due(self, now: datetime) -> list[Holder]:
        """Those whose verdict's time is up at ``now`` (aware)."""
        return [
            one
            for one in self._holders.values()
            if one.admitted and one.until is not None and one.until <= now
        ]

    def forget(self, gone: Iterable[tuple[int, int]]) -> None:
        """These have ended: worker and stream."""
        ended = set(gone)
        for key, holder in list(self._holders.items()):
            for one in ended & holder.tunnels.keys():
                del holder.tunnels[one]
                self._count -= 1
            if not holder.tunnels:
                del self._holders[key]

    def by_worker(self) -> Mapping[int, frozenset[int]]:
        """The streams remembered of each worker."""
        found: dict[int, set[int]] = {}
        for holder in self._holders.values():
            for worker, stream in holder.tunnels:
                found.setdefault(worker, set()).add(stream)
        return {worker: frozenset(streams) for worker, streams in found.items()}


def _may_begin(tunnel: Tunnel, decision: Decision) -> bool:
    if isinstance(decision, Admitted):
        return True
    return decision.reason is not Reason.BLOCKED and not tunnel.refuses


def blocked_now(holder: Holder, blocked: Blocked, now: datetime) -> Iterator[Ending]:
    """Its tunnels, if the certificate is blocked: all of them, whatever their policies."""
    found = blocked.find(holder.marks, now)
    if found is None:
        return
    refused = Refused(Reason.BLOCKED, found.told, None)
    for tunnel in holder.tunnels.values():
        yield Ending(tunnel, refused, holder.marks[0].hex())


def judged_again(holder: Holder, judge: Judge) -> Iterator[Ending]:
    """Its tunnels, if the certificate was welcome and is not any more."""
    if not holder.admitted:
        return
    decision = judge(holder.scope, holder.leaf, holder.chain)
    holder.until = decision.until
    if isinstance(decision, Admitted):
        return
    for tunnel in holder.tunnels.values():
        if decision.reason is Reason.BLOCKED or not tunnel.only_reported:
            yield Ending(tunnel, decision, holder.marks[0].hex())
