"""The truststore: damage is found, told and mended; nobody is added by it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ostiary.management.actors import Actor
from ostiary.management.errors import Forbidden, Unavailable
from ostiary.management.sights import BannerKind, StoreState
from ostiary.store.database.records import Role
from ostiary.store.soundness import Sound
from tests.support.desk import DeskRig, run


def bundles(desk: DeskRig) -> list[Path]:
    return sorted((desk.state / "truststore" / "current").glob("*.pem"))


def corrupt(desk: DeskRig) -> None:
    bundles(desk)[0].write_text("not what was written")


def missing(desk: DeskRig) -> None:
    shutil.rmtree(desk.state / "truststore")


def manifest_gone(desk: DeskRig) -> None:
    (desk.state / "truststore" / "current" / "manifest").unlink()


def a_folder_instead(desk: DeskRig) -> None:
    file = bundles(desk)[0]
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [corrupt, missing, manifest_gone, a_folder_instead])
def test_a_damaged_truststore_is_rebuilt_from_the_library(desk: DeskRig, damage) -> None:  # type: ignore[no-untyped-def] # one of the above
    desk.trusting("partners")
    before = desk.gatekeeper.applied[:]
    run(desk.management.recovery.verify())
    damage(desk)
    view = run(desk.management.recovery.verify())
    assert view.state is StoreState.SOUND
    assert view.recovery is not None
    assert view.recovery.by == "automatic"
    assert view.recovery.certificates == 1
    assert view.recovery.damage
    assert desk.management.recovery.rebuilt() == 1
    assert isinstance(desk.shelf.verify(), Sound)
    assert desk.gatekeeper.applied == before


def test_a_stranger_among_the_files_is_never_trusted(desk: DeskRig) -> None:
    desk.trusting("partners")
    stranger = desk.kit.root("stranger")
    (desk.state / "truststore" / "current" / "stranger.pem").write_bytes(stranger.pem)
    run(desk.management.recovery.verify())
    loaded = desk.shelf.load()
    assert stranger.pem not in getattr(loaded, "bundles", ())
    assert len(desk.gatekeeper.applied[-1][1]) == 1


def test_a_damaged_database_is_told_and_refuses_writes_but_what_acts_goes_on(
    desk: DeskRig,
) -> None:
    desk.trusting("partners")
    run(desk.management.recovery.verify())
    file = desk.state / "ostiary.db"
    file.with_name("ostiary.db-wal").unlink(missing_ok=True)
    file.write_bytes(b"no database at all" * 1000)
    view = run(desk.management.recovery.verify())
    assert view.database is StoreState.DAMAGED
    assert view.state is StoreState.SOUND
    with pytest.raises(Unavailable):
        run(desk.management.settings.set_gateway(desk.order(), {"required": True}))
    assert desk.management.settings.gateway().trusted == 1
    assert len(desk.gatekeeper.applied[-1][1]) == 1


def test_recovery_goes_back_to_the_last_good_database(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    run(desk.management.recovery.verify())
    file = desk.state / "ostiary.db"
    file.with_name("ostiary.db-wal").unlink(missing_ok=True)
    file.write_bytes(b"no database at all" * 1000)
    run(desk.management.recovery.verify())
    done = run(desk.management.recovery.recover(desk.order()))
    assert done.applied
    assert desk.management.recovery.state().database is StoreState.SOUND
    assert desk.management.trusted.one(row).name == "partners"
    assert desk.management.audit.page().items[0].action == "truststore.recover"
    run(desk.management.settings.set_gateway(desk.order(), {"required": True}))


def test_the_condition_is_on_the_first_page(desk: DeskRig) -> None:
    file = desk.state / "ostiary.db"
    run(desk.management.recovery.verify())
    assert desk.management.sightings.overview().banners == ()
    saved = file.read_bytes()
    file.with_name("ostiary.db-wal").unlink(missing_ok=True)
    file.write_bytes(b"no database at all" * 1000)
    run(desk.management.recovery.verify())
    file.write_bytes(saved)
    (banner,) = desk.management.sightings.overview().banners
    assert banner.kind is BannerKind.DATABASE
    assert "recover" in banner.way_out


def test_an_older_database_is_never_put_in_force_by_the_next_change(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    desk.trusting("others")
    with closing(sqlite3.connect(desk.state / "ostiary.db")) as raw:
        older = "\n".join(raw.iterdump())
    run(desk.management.trusted.remove(desk.order(), row))
    assert len(desk.gatekeeper.applied[-1][1]) == 1
    with closing(sqlite3.connect(desk.state / "ostiary.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys=OFF")
        for kind, name in raw.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY type DESC"
        ).fetchall():
            raw.execute(f'DROP {kind} IF EXISTS "{name}"')
        raw.executescript(older)
    for dry_run in (True, False):
        with pytest.raises(Unavailable, match="changes made since are missing"):
            run(
                desk.management.settings.set_gateway(
                    desk.order(dry_run=dry_run), {"required": True}
                )
            )
    assert len(desk.gatekeeper.applied[-1][1]) == 1
    run(desk.management.recovery.recover(desk.order()))
    assert len(desk.gatekeeper.applied[-1][1]) == 2
    run(desk.management.settings.set_gateway(desk.order(), {"required": True}))


def test_only_an_admin_recovers(desk: DeskRig) -> None:
    operator = Actor(name="token:ops", role=Role.OPERATOR)
    with pytest.raises(Forbidden):
        run(desk.management.recovery.recover(desk.order(actor=operator)))


def test_at_a_first_start_it_is_built_quietly(
    desk: DeskRig, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.changes.load()
    assert not desk.shelf.built
    desk.management.recovery.rebuild_at_start(forced=False)
    assert isinstance(desk.shelf.verify(), Sound)
    view = desk.management.recovery.state()
    assert (view.state, view.recovery) == (StoreState.SOUND, None)
    assert "truststore-damaged" not in "".join(capsys.readouterr())
