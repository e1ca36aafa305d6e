"""All that is managed about consumers."""

from dataclasses import dataclass

from ostiary.consumers.model import ConsumerKind
from ostiary.management.changes import Changes
from ostiary.management.consumers.accounts import Accounts
from ostiary.management.consumers.credentials import Credentials
from ostiary.management.consumers.importing import Importing
from ostiary.management.consumers.scopes import Scopes
from ostiary.management.ports import Dice


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """Users, apps, credentials and scopes."""

    users: Accounts
    apps: Accounts
    credentials: Credentials
    scopes: Scopes
    importing: Importing
    """Of consumers that were another gateway's."""


def make_consumers(changes: Changes, dice: Dice) -> Consumers:
    """All of it; whom ``Changes`` tells of changes is its own business."""
    return Consumers(
        users=Accounts(ConsumerKind.USER, changes, dice),
        apps=Accounts(ConsumerKind.APP, changes, dice),
        credentials=Credentials(changes, dice),
        scopes=Scopes(changes),
        importing=Importing(changes, dice),
    )
