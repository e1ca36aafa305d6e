import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary.supervisor.watch import Absent, Present, Watch, differs, look

SECOND = 1_000_000_000


def told(watch: Watch, *steps: Callable[[], object]) -> list[set[str]]:
    """What the watch tells after each step, by file name."""

    async def scene() -> list[set[str]]:
        answers: list[set[str]] = []
        changes = watch.changes()
        for act in steps:
            waiting = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0.02)
            act()
            async with asyncio.timeout(3):
                answers.append({path.name for path in await waiting})
        await changes.aclose()  # type: ignore[attr-defined]  # it is a generator
        return answers

    return asyncio.run(scene())


def quick(*paths: Path) -> Watch:
    return Watch(paths, interval=0.01, quiet=0.03)


def silent(watch: Watch, act: Callable[[], object]) -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(_first_after(watch, act), 0.3))


async def _first_after(watch: Watch, act: Callable[[], object]) -> frozenset[Path]:
    changes = watch.changes()
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.02)
    act()
    return await waiting


def swap(path: Path, content: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(content)
    beside.replace(path)


def test_renames_and_writes_in_place_are_seen_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("0")
    assert (
        told(
            quick(path),
            lambda: swap(path, "1"),
            lambda: path.write_text("2"),
            lambda: swap(path, "3"),
            lambda: path.write_text("4"),
        )
        == [{"a"}] * 4
    )


def test_a_write_of_the_same_size_with_the_old_date_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    status = path.stat()

    def sly() -> None:
        path.write_text("two")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert told(quick(path), sly) == [{"a"}]


def test_going_and_coming_back_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("0")
    steps = (path.unlink, lambda: path.write_text("0"))
    assert told(quick(path), *steps) == [{"a"}] * 2


def test_a_file_that_was_never_there_is_seen_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "later" / "a"

    def come() -> None:
        path.parent.mkdir()
        path.write_text("0")

    assert told(quick(path), come) == [{"a"}]


def test_a_mounted_secret_swapped_by_its_data_link_is_seen(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "tls.crt").write_text(version)
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "tls.crt").symlink_to("..data/tls.crt")

    def mount() -> None:
        (tmp_path / "..tmp").symlink_to("v2")
        (tmp_path / "..tmp").replace(tmp_path / "..data")

    assert told(quick(tmp_path / "tls.crt"), mount) == [{"tls.crt"}]


def test_a_new_date_on_the_same_bytes_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("same")
    silent(quick(path), path.touch)
    silent(quick(path), lambda: swap(path, "same"))


def test_a_change_that_is_taken_back_within_the_burst_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("0")
    watch = Watch([path], interval=0.01, quiet=0.15)
    silent(watch, lambda: (path.write_text("1"), path.write_text("0")))


def test_a_burst_is_told_once_with_all_its_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"

    async def scene() -> frozenset[Path]:
        watch = Watch([one, two], interval=0.01, quiet=0.1)
        waiting = asyncio.ensure_future(anext(watch.changes()))
        for number in range(4):
            await asyncio.sleep(0.04)
            one.write_text(str(number))
        two.write_text("x")
        return await waiting

    assert asyncio.run(scene()) == {one, two}


def test_a_file_that_never_rests_is_told_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a"

    async def scene() -> frozenset[Path]:
        waiting = asyncio.ensure_future(anext(quick(path).changes()))
        number = 0
        while not waiting.done():
            number += 1
            assert number < 300
            path.write_text(str(number))
            await asyncio.sleep(0.01)
        return waiting.result()

    assert asyncio.run(scene()) == {path}


def test_the_set_is_replaced_and_what_is_known_is_kept(tmp_path: Path) -> None:
    old, kept, new = (tmp_path / name for name in ("old", "kept", "new"))
    watch = quick(old, kept)
    kept.write_text("changed before the set was replaced")
    watch.replace([kept, new])
    steps = (lambda: None, lambda: (old.write_text("1"), new.write_text("1")))
    assert told(watch, *steps) == [{"kept"}, {"new"}]


def test_a_change_between_the_callers_reading_and_the_watch_is_not_lost(tmp_path: Path) -> None:
    path, same = tmp_path / "a", tmp_path / "b"
    path.write_text("newer than what was used")
    same.write_text("used")
    watch = quick()
    digests = {each: hashlib.sha256(b"used").hexdigest() for each in (path, same)}
    watch.replace([path, same], used=digests)
    assert told(watch, lambda: None) == [{"a"}]


def test_a_file_that_came_between_the_callers_reading_and_the_watch_is_not_lost(
    tmp_path: Path,
) -> None:
    come, missing = tmp_path / "come", tmp_path / "missing"
    come.write_text("it was not there when it was wanted")
    watch = quick()
    watch.replace([come, missing], used={come: "", missing: ""})
    assert told(watch, lambda: None) == [{"come"}]
    silent(watch, lambda: None)


def test_an_unchanged_file_is_read_again_only_while_its_date_is_young(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    born = path.stat().st_ctime_ns
    young = look(path, None, now_ns=born + SECOND)
    old = look(path, young, now_ns=born + 10 * SECOND)
    assert isinstance(old, Present)
    assert old is not young
    assert not differs(young, old)
    assert look(path, old, now_ns=born + 11 * SECOND) is old


def test_a_settled_file_rewritten_with_its_old_size_and_date_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    status = path.stat()
    settled = look(path, None, now_ns=status.st_ctime_ns + 10 * SECOND)
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert differs(settled, look(path, settled, now_ns=status.st_ctime_ns + 11 * SECOND))


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "nul"])
def test_what_is_no_file_is_absent_with_a_reason(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    seen = look(tmp_path / kind.replace("nul", "n\0"), None, now_ns=0)
    assert isinstance(seen, Absent)
    assert seen.why
