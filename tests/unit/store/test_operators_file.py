"""The operator's file is replaced whole, keeps what it is, and is left alone in doubt."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostiary.store.files import FileTrouble, Trouble
from ostiary.store.operators_file import rewrite


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.config.yml"
    path.write_bytes(b"old")
    return path


def test_the_content_changes_and_mode_and_owner_stay(file: Path) -> None:
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 12, 34)
    before = file.stat()
    os.utime(file, (1, 1))
    rewrite(file, b"old", b"new")
    after = file.stat()
    assert file.read_bytes() == b"new"
    assert [after.st_mode, after.st_uid, after.st_gid] == [
        before.st_mode, before.st_uid, before.st_gid,
    ]  # fmt: skip
    assert after.st_mtime > 1
    assert list(file.parent.iterdir()) == [file]


def test_a_link_goes_on_leading_to_its_target(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.yml"
    link.symlink_to("../gateway.config.yml")
    rewrite(link, b"old", b"new")
    assert link.is_symlink()
    assert (file.read_bytes(), file.is_symlink()) == (b"new", False)


@pytest.mark.parametrize("now", [b"other", None])
def test_what_somebody_else_has_changed_is_left_alone(file: Path, now: bytes | None) -> None:
    file.unlink()
    if now is not None:
        file.write_bytes(now)
    with pytest.raises(FileTrouble) as told:
        rewrite(file, b"old", b"new")
    assert told.value.trouble is (Trouble.CHANGED if now else Trouble.MISSING)
    assert (file.read_bytes() if now else None) == now


def test_a_file_that_is_marked_read_only_is_left_alone(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(FileTrouble, match="read-only") as told:
        rewrite(file, b"old", b"new")
    assert told.value.trouble is Trouble.NOT_WRITTEN
    assert file.read_bytes() == b"old"


def test_a_full_disk_leaves_the_file_and_nothing_beside_it(file: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from ostiary.store.operators_file import rewrite\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "rewrite(Path(sys.argv[1]), b'old', b'x' * 5000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, file], capture_output=True, text=True, check=False
    )
    assert "FileTrouble" in done.stderr
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_whoever_is_killed_while_writing_leaves_one_of_the_two(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from ostiary.store.operators_file import rewrite\n"
        "path, one, other = Path(sys.argv[1]), b'a' * 100_000, b'b' * 200_000\n"
        "rewrite(path, b'old', one)\n"
        "while True:\n    rewrite(path, one, other); rewrite(path, other, one)\n"
    )
    whole = {b"old", b"a" * 100_000, b"b" * 200_000}
    writer = subprocess.Popen([sys.executable, "-c", program, file])
    try:
        until = time.monotonic() + 30
        seen: set[bytes] = set()
        while len(seen) < 3 and time.monotonic() < until:
            seen.add(file.read_bytes())
        assert len(seen & whole) >= 2
    finally:
        writer.kill()
        writer.wait()
    content = file.read_bytes()
    assert seen | {content} <= whole
    rewrite(file, content, b"after")
    assert list(file.parent.iterdir()) == [file]
