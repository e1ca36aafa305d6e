from pathlib import Path

import pytest

from ostiary.store.intermediates_file import (
    Damaged,
    Kept,
    NeverSaved,
    load_intermediates,
    save_intermediates,
)


@pytest.mark.parametrize("content", [b"", b"abc", b"\n\n\0" * 1000])
def test_saved_bytes_come_back(tmp_path: Path, content: bytes) -> None:
    save_intermediates(tmp_path / "i", content)
    assert load_intermediates(tmp_path / "i") == Kept(content)


def test_before_the_first_save_there_is_nothing(tmp_path: Path) -> None:
    assert load_intermediates(tmp_path / "i") == NeverSaved()


def test_every_change_of_one_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "i"
    save_intermediates(path, b"content")
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        path.write_bytes(changed)
        assert isinstance(load_intermediates(path), Damaged), position


def test_every_truncation_is_noticed_and_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "i"
    save_intermediates(path, b"content")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        loaded = load_intermediates(path)
        assert isinstance(loaded, Damaged)
        assert loaded.aside is not None
        assert loaded.aside.read_bytes() == whole[:length]
        assert load_intermediates(path) == NeverSaved()


def test_a_folder_in_its_place_is_damage_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "i").mkdir()
    loaded = load_intermediates(tmp_path / "i")
    assert isinstance(loaded, Damaged)
    assert "folder" in loaded.why
