"""What is changed at one gateway acts at another one on the same database."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.kernel.errors import OstiaryError
from ostiary.management.consumers.accounts import Patch
from ostiary.management.consumers.credentials import CredentialPatch
from ostiary.management.consumers.making import Wanted
from ostiary.management.errors import NotApplied, Unavailable
from ostiary.management.following import Following
from ostiary.store.database.engines import sqlite_url
from ostiary.wiring.following import follow
from tests.support.desk import DeskRig, make_desk, run

KEY = CredentialType.KEY_AUTH


@dataclass
class Pair:
    """Two gateways; the second one follows."""

    here: DeskRig
    there: DeskRig
    following: Following
    told: list[Changed] = field(default_factory=list)

    def look(self) -> list[Changed]:
        """What was withdrawn at the second one by a look."""
        self.told.clear()
        run(self.following.look())
        return [*self.told]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    # The same file twice stands for PostgreSQL, whose transactions look the same from here.
    url = sqlite_url(tmp_path / "shared.db")
    desks = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        desks.append(make_desk(tmp_path / name, url=url))
    told: list[Changed] = []
    made = Pair(*desks, Following(desks[1].changes, told.append), told)
    run(made.here.management.consumers.users.create(made.here.order(), "ada"))
    made.look()
    yield made
    for desk in desks:
        desk.database.close()


def keyed(desk: DeskRig, name: str = "k1") -> int:
    """A key of ada's; its number."""
    made = desk.management.consumers.credentials.create(
        desk.order(), "ada", Wanted(type=KEY, name=name)
    )
    return run(made).id


def test_nothing_new_is_nothing_to_do(pair: Pair) -> None:
    applied = len(pair.there.gatekeeper.applied)
    assert pair.look() == []
    assert len(pair.there.gatekeeper.applied) == applied


def test_a_deactivated_credential_is_withdrawn_by_its_name(pair: Pair) -> None:
    number = keyed(pair.here)
    assert pair.look() == [Changed(credentials=frozenset({(KEY, "k1")}))]
    credentials = pair.here.management.consumers.credentials
    run(credentials.change(pair.here.order(), number, CredentialPatch(active=False)))
    assert pair.look() == [Changed(credentials=frozenset({(KEY, "k1")}))]


def test_a_removed_credential_too_whatever_came_before(pair: Pair) -> None:
    number = keyed(pair.here)
    credentials = pair.here.management.consumers.credentials
    run(credentials.change(pair.here.order(), number, CredentialPatch(active=False)))
    run(credentials.remove(pair.here.order(), number))
    assert pair.look() == [Changed(credentials=frozenset({(KEY, "k1")}))]


def test_a_user_is_withdrawn_with_all_apps(pair: Pair) -> None:
    management = pair.here.management.consumers
    run(management.apps.create(pair.here.order(), "phone", user="ada"))
    assert pair.look() == []
    run(management.users.change(pair.here.order(), "ada", Patch(active=False)))
    both = {management.users.one("ada").id, management.apps.one("phone").id}
    assert pair.look() == [Changed(consumers=frozenset(both))]


def removed_user(desk: DeskRig) -> None:
    run(desk.management.consumers.users.remove(desk.order(), "ada"))


def removed_scope(desk: DeskRig) -> None:
    run(desk.management.consumers.scopes.create(desk.order(), ["read"]))
    run(desk.management.consumers.scopes.remove(desk.order(), "read"))


def far_too_many(desk: DeskRig) -> None:
    with desk.database.begin() as work:
        last = work.audit.page(limit=1)[0].entry
        for _ in range(1_001):
            work.audit.append(last)
        work.revision.grow()


def imported_certificates(desk: DeskRig) -> None:
    line = {"credential": "certificate", "user": "ada", "name": "laptop"}
    text = json.dumps({**line, "rules": [{"fingerprint": "ab" * 32}]}).encode()
    run(desk.management.consumers.importing.take_lines(desk.order(), text))


@pytest.mark.parametrize("act", [removed_user, removed_scope, far_too_many, imported_certificates])
def test_everybody_is_withdrawn_where_it_cannot_be_said_who(
    pair: Pair, act: Callable[[DeskRig], None]
) -> None:
    act(pair.here)
    assert pair.look() == [Changed(everybody=True)]
    assert pair.look() == []


def test_an_import_withdraws_only_what_was_refused_before(pair: Pair) -> None:
    lines = json.dumps({"user": "eve"}).encode()
    run(pair.here.management.consumers.importing.take_lines(pair.here.order(), lines))
    assert pair.look() == [Changed(only_new=True)]


def test_ones_own_changes_are_not_followed(pair: Pair) -> None:
    keyed(pair.there)
    applied = len(pair.there.gatekeeper.applied)
    assert pair.look() == []
    assert len(pair.there.gatekeeper.applied) == applied


def test_trusted_certificates_and_names_act_and_then_nothing_is_left_to_do(pair: Pair) -> None:
    pair.here.trusting()
    applied = len(pair.there.gatekeeper.applied)
    assert pair.look() == []
    assert len(pair.there.gatekeeper.applied) == applied + 1
    _, trusted = pair.there.gatekeeper.applied[-1]
    assert [one.subject for one in trusted] == [
        one.subject for one in pair.here.gatekeeper.applied[-1][1]
    ]
    pair.look()
    assert len(pair.there.gatekeeper.applied) == applied + 1


def test_what_the_other_changed_acts_also_where_ones_own_change_comes_first(pair: Pair) -> None:
    pair.here.trusting()
    keyed(pair.there)
    _, trusted = pair.there.gatekeeper.applied[-1]
    assert len(trusted) == 1


def test_what_cannot_be_put_in_force_is_tried_again(pair: Pair) -> None:
    pair.here.trusting()
    number = keyed(pair.here)
    pair.there.gatekeeper.fails_with = OstiaryError("the engine is away")
    with pytest.raises(NotApplied):
        pair.look()
    pair.there.gatekeeper.fails_with = None
    assert (KEY, "k1") in pair.look()[0].credentials
    assert len(pair.there.gatekeeper.applied[-1][1]) == 1
    assert number


def test_changes_between_the_start_and_the_first_look_act_too(pair: Pair) -> None:
    keyed(pair.here)
    told: list[Changed] = []
    run(Following(pair.there.changes, told.append).look())
    assert told == [Changed(everybody=True)]


def test_a_database_that_went_back_is_not_believed(pair: Pair) -> None:
    keyed(pair.here)
    pair.look()
    with pair.here.database.begin() as work:
        from ostiary.store.database.tables import revision  # noqa: PLC0415

        work._kept().execute(revision.update().values(number=1))
    with pytest.raises(Unavailable):
        pair.look()


def test_a_look_that_fails_is_followed_by_the_next() -> None:
    looks: list[int] = []

    class Failing:
        async def look(self) -> None:
            looks.append(len(looks))
            if len(looks) == 1:
                raise Unavailable("the server is away")
            if len(looks) == 2:
                raise RuntimeError("a bug")

    async def until_third() -> None:
        task = asyncio.create_task(ended(follow(Failing(), 0.001)))
        while len(looks) < 3:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def ended(work: Coroutine[Any, Any, None]) -> None:
        await work

    asyncio.run(asyncio.wait_for(until_third(), 30))
    assert len(looks) >= 3
