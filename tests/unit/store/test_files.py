import os
import stat
from pathlib import Path

import pytest

from ostiary.store.files import (
    FileTrouble,
    Trouble,
    make_folder,
    read_bounded,
    sweep_leftovers,
    write_atomically,
)


def trouble(path: Path, limit: int = 100) -> Trouble:
    with pytest.raises(FileTrouble) as caught:
        read_bounded(path, limit=limit)
    assert repr(str(path)) in str(caught.value)
    return caught.value.trouble


def test_what_was_written_is_read_back_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_atomically(path, b"secret")
    assert read_bounded(path, limit=6) == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"one")
    write_atomically(path, b"two", mode=0o640)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_reader_who_holds_the_old_file_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")
    with path.open("rb") as held:
        write_atomically(path, b"new")
        assert held.read() == b"old"


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "inside").touch()
    with pytest.raises(FileTrouble) as caught:
        write_atomically(folder, b"a file can't replace a folder")
    assert caught.value.trouble is Trouble.NOT_WRITTEN
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_writing_into_a_missing_folder_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="can't be written: No such file"):
        write_atomically(tmp_path / "nowhere" / "a", b"")


def test_each_trouble_in_reading_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 101)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert trouble(tmp_path / "none") is Trouble.MISSING
    assert trouble(tmp_path / "file" / "below") is Trouble.MISSING
    assert trouble(tmp_path) is Trouble.A_FOLDER
    assert trouble(tmp_path / "pipe") is Trouble.NOT_A_FILE
    assert trouble(tmp_path / "large") is Trouble.TOO_LARGE
    assert trouble(tmp_path / "loop") is Trouble.UNREADABLE
    assert trouble(Path("/proc/self/mem")) is Trouble.UNREADABLE
    assert trouble(tmp_path / "nul\0") is Trouble.UNREADABLE


def test_a_file_that_hides_its_size_is_still_bounded() -> None:
    # Files under /proc say they are empty; the limit must hold on what is read.
    assert trouble(Path("/proc/self/environ"), limit=1) is Trouble.TOO_LARGE


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert read_bounded(tmp_path / "link", limit=1) == b"x"


def test_new_folders_are_closed_to_others_and_old_ones_kept(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_below_a_file_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileTrouble):
        make_folder(tmp_path / "file" / "folder")


def test_sweeping_removes_interrupted_writes_only(tmp_path: Path) -> None:
    (tmp_path / ".a.x1.partial-write").touch()
    (tmp_path / ".hidden").touch()
    sweep_leftovers(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [".hidden"]
