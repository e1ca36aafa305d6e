"""Killed at any moment, the ledger has every certificate that anybody could have got."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.orders import Order
from ostiary.store.ledger.records import Kind, State
from ostiary.x509.keys import KeyKind
from tests.unit.management.authority.scene import DICE, NOW, World, issued, order

ISSUER = """
import sys
from pathlib import Path
from tests.unit.management.authority.scene import *
world = World(Path(sys.argv[1]))
with world.opened() as house:
    number = 0
    while True:
        number += 1
        done = issued(house, *(order(f"{sys.argv[2]}-{number}-{each}") for each in range(20)))
        for one in done:
            sys.stdout.write(f"{one.name} {one.serial:x}\\n")
        sys.stdout.flush()
"""

ENROLLER = """
import sys
from pathlib import Path
from ostiary.management.authority.enrolling import Invited, enrol
from tests.unit.management.authority.scene import *
world = World(Path(sys.argv[1]))
with world.opened() as house:
    number = 0
    while True:
        number += 1
        token = house.ledger.enrolments.token(1)
        done = enrol(house, Invited(token, approval=False), request(f"{sys.argv[2]}-{number}"))
        print(done.name, flush=True)
"""

FOUNDER = """
import sys
from pathlib import Path
from tests.unit.management.authority.scene import *
print(flush=True)
with World(Path(sys.argv[1])).founded():
    pass
"""


def test_what_left_before_a_kill_9_is_in_the_ledger(tmp_path: Path) -> None:
    world = World(tmp_path / "ca")
    with world.founded():
        pass
    out: dict[str, int] = {}
    for round_ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", ISSUER, str(world.folder), str(round_)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        with child.stdout:
            lines = [child.stdout.readline() for _ in range(1 + 30 * round_)]
            time.sleep(0.004 * round_)
            child.kill()
            lines += child.stdout.readlines()
        child.wait()
        for line in lines:
            if line.endswith("\n"):
                name, serial = line.split()
                out[name] = int(serial, 16)
    assert len(out) > 60
    with world.opened() as house:
        written = {one.entry.name: one.entry.serial for one in house.ledger.named(out)}
        assert written == out
        known = house.ledger.page(search="", state=State.ALL, now=NOW, before=None, limit=100_000)
        assert len({one.entry.serial for one in known}) == len(known)
        issued(house, order("goes on"))


def test_a_token_is_used_for_just_the_certificates_there_are_after_a_kill_9(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "ca")
    with world.founded() as house:
        invite(house, Invitation(name="*", uses=10_000))
    for round_ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", ENROLLER, str(world.folder), str(round_)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        with child.stdout:
            given = [child.stdout.readline() for _ in range(3 + 20 * round_)]
            time.sleep(0.003 * round_)
            child.kill()
            given += child.stdout.readlines()
        child.wait()
        with world.opened() as house:
            names = [line.strip() for line in given if line.endswith("\n")]
            assert {one.entry.name for one in house.ledger.named(names)} == set(names)
            known = house.ledger.page(
                search="", state=State.ALL, now=NOW, before=None, limit=100_000
            )
            token = house.ledger.enrolments.token(1)
            assert token is not None
            assert token.used == len(known) - 2


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2, 0.4, 0.6])
def test_killed_while_it_begins_an_authority_is_whole_or_can_be_begun(
    tmp_path: Path, delay: float
) -> None:
    world = World(tmp_path / "ca")
    child = subprocess.Popen(
        [sys.executable, "-c", FOUNDER, str(world.folder)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        time.sleep(delay)
        child.kill()
    child.wait()
    try:
        with world.opened() as house:
            kinds = [one.entry.kind for one in house.authorities()]
            begun = bool(kinds)
    except Exception:  # noqa: BLE001 - whatever lacks, beginning anew must work
        begun = False
    if not begun:
        with world.founded():
            pass
    with world.opened() as house:
        assert [one.entry.kind for one in house.authorities()] == [Kind.ROOT, Kind.ISSUING]
        issued(house, Order(name="device", key=DICE.key(KeyKind.EC).public_der()))
