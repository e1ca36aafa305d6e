import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.store.files import FileTrouble, Trouble
from ostiary.store.revisions import MarkerDamaged, Revision, RevisionMisused, Revisions

FILES = {"haproxy.cfg": b"global\n", "maps/hosts.map": b"a b\n"}


def serve(revisions: Revisions, files: dict[str, bytes] = FILES) -> Revision:
    revision = revisions.next_revision()
    revisions.stage(revision, files)
    revisions.promote(revision)
    return revision


def names(state: Path) -> set[str]:
    return {entry.name for entry in (state / "revisions").iterdir()}


def test_the_folder_is_known_before_the_files_and_holds_them_after_staging(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    revision = revisions.next_revision()
    assert revision == Revision(1, tmp_path / "revisions" / "r1")
    assert not revision.folder.exists()
    revisions.stage(revision, FILES)
    assert (revision.folder / "haproxy.cfg").read_bytes() == b"global\n"
    assert (revision.folder / "maps" / "hosts.map").read_bytes() == b"a b\n"
    assert stat.S_IMODE(revision.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((revision.folder / "maps/hosts.map").stat().st_mode) == 0o600


def test_nothing_is_current_until_something_is_promoted(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    revisions.stage(revisions.next_revision(), FILES)
    assert revisions.current() is None
    assert revisions.last_good() is None


def test_the_one_promoted_before_is_the_last_known_good(tmp_path: Path) -> None:
    first = serve(Revisions(tmp_path))
    assert Revisions(tmp_path).last_good() == first
    second = serve(Revisions(tmp_path))
    again = Revisions(tmp_path)
    again.promote(second)
    assert (again.current(), again.last_good()) == (second, first)


def test_a_number_is_never_used_twice_even_if_its_folder_is_gone(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    first, second = serve(revisions), revisions.next_revision()
    assert Revisions(tmp_path).next_revision().number == 3
    assert (first.number, second.number) == (1, 2)


def test_a_lost_counter_does_not_reuse_the_number_of_a_folder(tmp_path: Path) -> None:
    serve(Revisions(tmp_path))
    (tmp_path / "revisions" / "counter").unlink()
    assert Revisions(tmp_path).next_revision().number == 2


def test_pruning_spares_current_last_good_and_draining_ones(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    for _ in range(6):
        serve(revisions)
    assert revisions.prune({3}) == (1, 2, 4)
    assert names(tmp_path) == {"r3", "r5", "r6", "promoted", "counter"}
    assert revisions.prune(()) == (3,)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "a\0b"])
def test_a_file_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    revisions = Revisions(tmp_path)
    with pytest.raises(RevisionMisused):
        revisions.stage(revisions.next_revision(), {"ok": b"", name: b""})
    assert names(tmp_path) == {"counter"}


def test_a_revision_is_staged_once_and_promoted_only_when_staged(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    revision = revisions.next_revision()
    with pytest.raises(RevisionMisused):
        revisions.promote(revision)
    revisions.stage(revision, FILES)
    with pytest.raises(RevisionMisused):
        revisions.stage(revision, FILES)


def test_two_names_for_one_place_are_a_refusal_not_half_a_revision(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path)
    revision = revisions.next_revision()
    with pytest.raises(FileTrouble):
        revisions.stage(revision, {"a": b"", "a/b": b""})
    assert not revision.folder.exists()


@pytest.mark.parametrize("damage", [b"", b"current 1\n", b"current x\nlast-good 1\n", b"z" * 300])
def test_a_damaged_marker_is_told_with_the_way_out(tmp_path: Path, damage: bytes) -> None:
    serve(Revisions(tmp_path))
    (tmp_path / "revisions" / "promoted").write_bytes(damage)
    with pytest.raises((MarkerDamaged, FileTrouble)):
        Revisions(tmp_path).current()


def test_a_promoted_revision_that_vanished_is_told(tmp_path: Path) -> None:
    revision = serve(Revisions(tmp_path))
    (revision.folder).rename(tmp_path / "elsewhere")
    with pytest.raises(FileTrouble) as caught:
        Revisions(tmp_path).current()
    assert caught.value.trouble is Trouble.MISSING


# Ends itself, as by kill -9, just before the n-th touch of the state folder: the interpreter tells
# an audit hook of every open, mkdir, rename, remove and rmdir before it happens.
CUT = """
import os, sys
from pathlib import Path
from ostiary.store.revisions import Revisions
state, cut = Path(sys.argv[1]), int(sys.argv[2])
steps = 0
def hook(event, args):
    global steps
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"):
        if any(str(state) in str(arg) for arg in args):
            steps += 1
            if steps == cut:
                os._exit(9)
sys.addaudithook(hook)
revisions = Revisions(state)
new = revisions.next_revision()
revisions.stage(new, {"haproxy.cfg": b"new", "maps/m": b"new"})
revisions.promote(new)
revisions.prune(())
"""


def cut_at(state: Path, step: int) -> int:
    return subprocess.run(
        [sys.executable, "-c", CUT, str(state), str(step)], check=False, timeout=20
    ).returncode


def test_a_crash_before_any_step_loses_nothing_promoted_and_the_next_start_works(
    tmp_path: Path,
) -> None:
    step, code = 0, 9
    seen: set[int] = set()
    while code == 9:
        step += 1
        state = tmp_path / f"cut{step}"
        old = [serve(Revisions(state), {"haproxy.cfg": b"%d" % n}) for n in (1, 2, 3)]
        code = cut_at(state, step)
        after = Revisions(state)
        current, good = after.current(), after.last_good()
        assert current is not None
        assert good is not None
        seen.add(current.number)
        if current.number == 4:
            assert (current.folder / "maps" / "m").read_bytes() == b"new"
            assert good == old[2]
        else:
            assert (current, good) == (old[2], old[1])
        assert (good.folder / "haproxy.cfg").read_bytes() == b"%d" % good.number
        assert not [name for name in names(state) if "." in name]
        newest = serve(after)
        assert newest.number in {4, 5}
        after.prune(())
        assert names(state) == {
            f"r{current.number}",
            f"r{newest.number}",
            "promoted",
            "counter",
        }
    assert code == 0
    assert step > 15
    assert seen == {3, 4}
