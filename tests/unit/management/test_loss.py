"""What going back to the last good copy has lost is told."""

import sqlite3

import pytest
from structlog.testing import capture_logs

from ostiary.management.sights import ChangeView
from tests.support.desk import DeskRig, run


def damage(desk: DeskRig) -> None:
    file = desk.state / "ostiary.db"
    file.with_name("ostiary.db-wal").unlink(missing_ok=True)
    file.write_bytes(b"no database at all" * 1000)


def change(desk: DeskRig, times: int) -> None:
    for number in range(times):
        run(desk.management.names.add(desk.order(), None, [f"CN=n{number}"]))


def recover(desk: DeskRig) -> ChangeView:
    return run(desk.management.recovery.recover(desk.order()))


@pytest.mark.parametrize("later", [1, 3])
def test_recovery_tells_how_many_changes_the_copy_lacks(desk: DeskRig, later: int) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    change(desk, later)
    damage(desk)
    with capture_logs() as logs:
        (lost,) = recover(desk).warnings
    assert lost == (
        f"the database is of revision 2, but revision {2 + later} was in force: changes made "
        f"since are missing from it, {later} in all"
    )
    assert [one["lost"] for one in logs if one["event"] == "database-recovered"] == [lost]
    assert desk.management.audit.page().items[0].after == lost
    told = desk.management.recovery.state().recovery
    assert told is not None
    assert lost in told.damage


def test_what_recovery_would_lose_is_told_before_it_is_done(desk: DeskRig) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    change(desk, 3)
    damage(desk)
    run(desk.management.recovery.verify())
    file = desk.state / "ostiary.db"
    before, beside = file.read_bytes(), sorted(desk.state.iterdir())
    done = run(desk.management.recovery.recover(desk.order(dry_run=True)))
    assert not done.applied
    assert done.warnings == (
        "the database would go back to revision 2; revision 5 was in force: 3 changes would be "
        "lost",
    )
    assert file.read_bytes() == before
    assert sorted(desk.state.iterdir()) == beside
    assert run(desk.management.recovery.recover(desk.order())).warnings


def test_an_older_copy_put_in_place_is_foreseen_too(desk: DeskRig) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    change(desk, 2)
    with sqlite3.connect(desk.state / "ostiary.db") as other:
        other.execute("UPDATE revision SET number = number - 2")
    other.close()
    (told,) = run(desk.management.recovery.recover(desk.order(dry_run=True))).warnings
    assert "2 changes would be lost" in told


def test_recovery_that_lost_nothing_says_so(desk: DeskRig) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    damage(desk)
    with capture_logs() as logs:
        assert recover(desk).warnings == ()
    assert [one["lost"] for one in logs if one["event"] == "database-recovered"] == ["nothing"]
    assert desk.management.audit.page().items[0].after is None


def test_once_the_loss_is_accepted_it_is_not_told_again(desk: DeskRig) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    change(desk, 1)
    damage(desk)
    assert recover(desk).warnings
    assert recover(desk).warnings == ()
