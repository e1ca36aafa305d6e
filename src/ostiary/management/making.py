"""Management put together from its ports."""

from dataclasses import dataclass

from ostiary.consumers.changes import Listener, nobody
from ostiary.management.attempts import Attempts
from ostiary.management.audit import Audit
from ostiary.management.authority.authority import Authority
from ostiary.management.authority.desk import Desk, Founder
from ostiary.management.authority.foundation import Foundation
from ostiary.management.authority.reception import Reception
from ostiary.management.blocking import Blocking
from ostiary.management.changes import Changes
from ostiary.management.configuration import Configuration
from ostiary.management.consumers.consumers import make_consumers
from ostiary.management.flows import Flows
from ostiary.management.keeping import Keeping
from ostiary.management.library import Library
from ostiary.management.management import Management
from ostiary.management.names import Names
from ostiary.management.notifications import Notifications, Post
from ostiary.management.ports import Clock, Dice, Explain, Gatekeeper
from ostiary.management.previews import Previews
from ostiary.management.revocation import Revocations
from ostiary.management.settings import Settings
from ostiary.management.sightings import Sightings
from ostiary.management.tokens import Tokens
from ostiary.management.trusted import TrustedList
from ostiary.management.truststore import Ground, Recovery, Shelf
from ostiary.telemetry.hub import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What management reaches the world with."""

    keeping: Keeping
    ground: Ground
    """The same database, beneath its transactions."""
    shelf: Shelf
    gatekeeper: Gatekeeper
    telemetry: Telemetry
    explain: Explain
    clock: Clock
    dice: Dice
    authority: Founder
    """The way to the certificate authority in the state folder."""
    post: Post
    consumers_changed: Listener = nobody
    """Withdraws what is remembered about consumers and their credentials."""


def make_management(hands: Hands) -> tuple[Management, Changes]:
    """All of it; call ``Changes.load`` before anything else."""
    previews = Previews(hands.keeping, hands.telemetry, hands.clock, hands.gatekeeper.intermediates)
    changes = Changes(
        hands.keeping, hands.gatekeeper, hands.clock, previews, hands.consumers_changed
    )
    recovery = Recovery(changes, hands.shelf, hands.ground)
    desk = Desk(changes, hands.authority)
    library, trusted = Library(changes), TrustedList(changes)
    management = Management(
        settings=Settings(changes),
        library=library,
        trusted=trusted,
        names=Names(changes),
        blocking=Blocking(changes),
        revocations=Revocations(changes),
        notifications=Notifications(changes, hands.dice, hands.post),
        recovery=recovery,
        sightings=Sightings(changes, recovery, hands.telemetry, hands.explain),
        flows=Flows(changes),
        tokens=Tokens(changes, hands.dice, Attempts()),
        audit=Audit(changes),
        authority=Authority(desk),
        foundation=Foundation(desk, library, trusted),
        reception=Reception(desk),
        configuration=Configuration(changes),
        consumers=make_consumers(changes, hands.dice),
    )
    return management, changes
