"""Who of the clients seen is blocked, now and after a change."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from ostiary.kernel.blocked import NOBODY, Block, Blocked
from ostiary.telemetry.facts import FactsDamaged, decode
from ostiary.telemetry.foresight import Foreseen
from ostiary.telemetry.regimes import Name
from ostiary.trust.blocks import find_block_of
from ostiary.trust.reason import Reason


def block_on(
    blocked: Blocked, fingerprint: bytes, facts: bytes, serial: int, at: datetime
) -> Block | None:
    """The block that acts on a certificate that was seen; ``facts`` as they are stored.

    Names are looked at only where somebody is blocked under this serial number.
    """
    issuer: Name = ()
    if serial in blocked.serials:
        with contextlib.suppress(FactsDamaged):
            issuer = decode(facts).names.issuer
    return find_block_of(blocked, fingerprint, issuer, serial, at)


@dataclass(frozen=True, slots=True)
class Blocking:
    """Who is blocked now, and who will be."""

    now: Blocked = NOBODY
    then: Blocked = NOBODY


@dataclass(frozen=True, slots=True)
class Struck:
    """What it is for one client, whatever the policies."""

    now: Block | None
    then: Block | None

    def __bool__(self) -> bool:
        return bool(self.now or self.then)

    @property
    def stays(self) -> bool:
        """Blocked before and after: nothing else counts."""
        return bool(self.now and self.then)

    def over(self, before: Foreseen, after: Foreseen) -> tuple[Foreseen, Foreseen]:
        """What else is foreseen, with what the blocks make of it."""
        return _by(self.now) or before, _by(self.then) or after


def _by(block: Block | None) -> Foreseen | None:
    return Foreseen(False, block.told, Reason.BLOCKED) if block else None
