"""A certificate authority for pages: the real one, in a folder, at a time that stands still."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ostiary.ca.signing import Reason
from ostiary.config.model.pki import Est, Pki
from ostiary.management.authority.authority import Authority
from ostiary.management.authority.desk import Desk
from ostiary.management.authority.enrolling import Invited, enrol
from ostiary.management.authority.foundation import Foundation
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import Allowed, Lists, Profile
from ostiary.management.authority.publishing import make_lists
from ostiary.management.authority.reception import Reception
from ostiary.management.authority.revoking import revoke
from ostiary.management.changes import Changes
from ostiary.management.library import Library
from ostiary.management.trusted import TrustedList
from tests.doors.console.sample import NOW, days
from tests.unit.management.authority.scene import World, issued, order, request

_SERIAL = 0x1F3A9C40E7B25D8861C0F4A29B7D03E5
"""Of 128 bits; pictures show the beginning."""


class _Written:
    """What would be in the audit log."""

    def __init__(self) -> None:
        self.actions: list[str] = []
        document = SimpleNamespace(pki=Pki(port=8080, est=Est(port=8447)))
        lists = SimpleNamespace(lists=SimpleNamespace(files=()))
        prepared = SimpleNamespace(document=document, folder=Path(), gathered=lists)
        self.gatekeeper = SimpleNamespace(prepared=prepared)

    async def make(self, _order: Any, _need: Any, edit: Any) -> None:
        self.actions.append(edit(None, None).action)


class Chamber:
    """Made when it is first looked at: most pages have nothing to do with it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ostiary-chamber-")) / "ca"
        self.written = _Written()
        self.world = World(self._folder)
        self.world.dice.serials = [_SERIAL * number for number in range(3, 9)]
        desk = Desk(cast(Changes, self.written), self)
        self.authority, self.reception = Authority(desk), Reception(desk)
        changes = cast(Changes, self.written)
        self.foundation = Foundation(desk, Library(changes), TrustedList(changes))
        self.world.now = days(-40)
        allowed = Allowed(distinguished_names=("CN=*,O=Example",))
        profile = Profile(allowed=allowed, crl=Lists(files=("clients.crl",)))
        with self.world.founded(profile, name="Example devices") as house:
            house.hands = replace(house.hands, secret=secrets.token_bytes)
            self._fill(house)

    @contextmanager
    def open(self, actor: str) -> Iterator[House]:
        with self.world.opened() as house:
            house.hands = replace(house.hands, actor=actor, secret=secrets.token_bytes)
            yield house

    def found(
        self, actor: str, founding: Founding, profile: Profile
    ) -> AbstractContextManager[House]:
        raise AssertionError(f"{actor} makes {founding.name}, where there is one")

    def _fill(self, house: House) -> None:
        for number in range(1, 5):
            name = f"device-{number}"
            asked = request(name, f"{number}.devices.example", O="Example")
            issued(house, order(name, request=asked, days=20 if number == 1 else None))
            self.world.now = days(-40 + 8 * number)
        revoke(house, house.ledger.named(["device-2"]), Reason.KEY_COMPROMISE)
        self.world.now = NOW
        make_lists(house)
        kept, _ = invite(house, Invitation(name="device-*", uses=50, approval=True))
        invite(house, Invitation(name="gateway-2"))
        for asked in (
            request("device-17", "17.devices.example", O="Example"),
            request("device-18", O="Elsewhere"),
        ):
            enrol(house, Invited(kept, approval=True), asked)
