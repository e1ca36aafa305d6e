"""Sightings, a store that keeps batches, and other small things for these tests."""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ParamSpec

from ostiary.kernel.errors import OstiaryError
from ostiary.telemetry.seen import SeenClient, Sighting
from ostiary.trust.decision import Admitted, Refused
from ostiary.trust.reason import Reason
from tests.support.pki import Made

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = ParamSpec("P")
HOUR = timedelta(hours=1)
ENTRY = "0123456789abcdef"


class Full(OstiaryError):
    """The store's disk."""


@dataclass
class Batches:
    """A store that keeps what it is given; refuses while ``broken``."""

    broken: bool = False
    batches: list[tuple[SeenClient, ...]] = field(default_factory=list)

    def merge(self, batch: tuple[SeenClient, ...]) -> None:
        if self.broken:
            raise Full("no space left on device")
        self.batches.append(batch)

    @property
    def clients(self) -> list[SeenClient]:
        return [client for batch in self.batches for client in batch]


def admitted(*path: Made, api: str = "", at: datetime = NOW, key: bytes = b"") -> Sighting:
    certificates = tuple(made.certificate for made in path)
    return Sighting(
        entry=ENTRY,
        api=api,
        leaf=path[0].der,
        chain=(),
        decision=Admitted(certificates, at + HOUR),
        at=at,
        key=key,
    )


def refused(
    leaf: bytes,
    reason: Reason = Reason.UNTRUSTED_ISSUER,
    *,
    chain: Sequence[bytes] = (),
    at: datetime = NOW,
) -> Sighting:
    return Sighting(
        entry=ENTRY,
        api="",
        leaf=leaf,
        chain=tuple(chain),
        decision=Refused(reason, "", at + HOUR),
        at=at,
    )


def in_a_loop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run an asynchronous test to its end."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
