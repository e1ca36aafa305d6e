import hashlib
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ostiary.store.truststore as module
from ostiary.store.files import FileTrouble
from ostiary.store.soundness import Condition, Damaged, Sound, Soundness
from ostiary.store.truststore import Current, LastGood, Lost, NeverBuilt, TrustStore

ONE, TWO, THREE = b"PEM one", b"PEM two", b"PEM three"


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    """With two bundles in force."""
    store = TrustStore(tmp_path)
    store.rebuild([ONE, TWO], revision=7)
    return store


@pytest.fixture
def current(tmp_path: Path) -> Path:
    return tmp_path / "truststore" / "current"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "truststore" / "last-good"


def file_of(folder: Path, bundle: bytes) -> Path:
    return folder / f"{hashlib.sha256(bundle).hexdigest()}.pem"


def condition(found: Soundness) -> Condition:
    assert isinstance(found, Damaged), found
    return found.condition


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def unreadable(path: Path) -> None:
    # What a bad disk gives, EIO, for everyone: root reads any mode.
    path.unlink()
    path.symlink_to("/proc/self/mem")


DAMAGES: list[tuple[Callable[[Path], None], Condition]] = [
    (flipped, Condition.CORRUPT),
    (emptied, Condition.CORRUPT),
    (removed, Condition.MISSING),
    (a_folder, Condition.CORRUPT),
    (unreadable, Condition.UNREADABLE),
]


def test_what_was_built_is_in_force_in_its_order(store: TrustStore) -> None:
    assert store.load() == Current(bundles=(ONE, TWO), revision=7)
    assert store.verify() == store.verify_last_good() == Sound()
    store.rebuild([TWO, ONE, TWO], revision=8)
    assert store.load() == Current(bundles=(TWO, ONE), revision=8)


def test_before_the_first_build_there_is_nothing(tmp_path: Path) -> None:
    store = TrustStore(tmp_path)
    assert store.load() == NeverBuilt()
    assert condition(store.verify()) is Condition.MISSING


def test_an_empty_set_is_a_set(store: TrustStore) -> None:
    store.rebuild([], revision=8)
    assert store.load() == Current(bundles=(), revision=8)


@pytest.mark.parametrize(("damage", "wanted"), DAMAGES)
@pytest.mark.parametrize("what", ["manifest", "bundle"])
def test_damage_is_found_and_the_last_good_copy_used(
    store: TrustStore,
    current: Path,
    damage: Callable[[Path], None],
    wanted: Condition,
    what: str,
) -> None:
    damage(current / "manifest" if what == "manifest" else file_of(current, TWO))
    assert condition(store.verify()) is wanted
    loaded = store.load()
    assert isinstance(loaded, LastGood)
    assert (loaded.bundles, loaded.revision) == ((ONE, TWO), 7)
    assert loaded.damage.condition is wanted
    store.rebuild([ONE, TWO], revision=7)
    assert store.verify() == store.verify_last_good() == Sound()


@pytest.mark.parametrize(("damage", "wanted"), DAMAGES)
def test_a_damaged_copy_is_found_and_never_used(
    store: TrustStore, current: Path, copy: Path, damage: Callable[[Path], None], wanted: Condition
) -> None:
    damage(file_of(copy, ONE))
    assert store.verify() == Sound()
    assert condition(store.verify_last_good()) is wanted
    removed(current / "manifest")
    assert isinstance(store.load(), Lost)


def test_every_flipped_bit_of_a_manifest_is_noticed(store: TrustStore, current: Path) -> None:
    manifest = current / "manifest"
    whole = manifest.read_bytes()
    for position in range(len(whole)):
        for bit in (0, 5):
            changed = bytearray(whole)
            changed[position] ^= 1 << bit
            manifest.write_bytes(changed)
            assert condition(store.verify()) is Condition.CORRUPT, (position, bit)
    for length in range(len(whole)):
        manifest.write_bytes(whole[:length])
        assert condition(store.verify()) is Condition.CORRUPT, length


def test_a_file_the_manifest_does_not_name_is_never_used(store: TrustStore, current: Path) -> None:
    file_of(current, b"evil").write_bytes(b"evil")
    (current / "evil.pem").write_bytes(b"evil")
    assert store.load() == Current(bundles=(ONE, TWO), revision=7)
    store.rebuild([ONE], revision=8)
    assert sorted(one.name for one in current.iterdir()) == sorted(
        ["manifest", file_of(current, ONE).name]
    )


def test_what_was_taken_away_does_not_come_back_with_the_copy(
    store: TrustStore, current: Path
) -> None:
    store.rebuild([ONE], revision=8)
    emptied(current / "manifest")
    loaded = store.load()
    assert isinstance(loaded, LastGood)
    assert loaded.bundles == (ONE,)


def test_interrupted_at_any_write_it_leaves_one_set_and_no_older_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of a rebuild is cut in turn, as a full disk or a crash would."""
    outcomes = set()
    for cut in range(20):
        store = TrustStore(tmp_path / str(cut))
        store.rebuild([ONE, TWO], revision=1)
        steps = iter(range(100))
        with monkeypatch.context() as patch:
            for name in ("_put", "_remove", "write_atomically", "sync_folder"):
                patch.setattr(module, name, _cut(getattr(module, name), steps, cut))
            try:
                store.rebuild([THREE, ONE], revision=2)
                whole = True
            except FileTrouble:
                whole = False
        loaded = store.load()
        assert isinstance(loaded, Current)
        assert loaded.bundles in {(ONE, TWO), (THREE, ONE)}
        assert not whole or loaded.revision == 2
        emptied(tmp_path / str(cut) / "truststore/current/manifest")
        fallen_back = store.load()
        assert isinstance(fallen_back, Lost) or (
            isinstance(fallen_back, LastGood) and fallen_back.revision == loaded.revision
        )
        outcomes.add((whole, loaded.revision, type(fallen_back)))
    assert {(False, 1, Lost), (False, 2, Lost), (True, 2, LastGood)} <= outcomes


def _cut(real: Callable[..., None], steps: Iterator[int], cut: int) -> Callable[..., None]:
    def step(*args: object, **more: object) -> None:
        if next(steps) == cut:
            raise OSError(28, "No space left on device")
        real(*args, **more)

    return step


def test_files_are_closed_to_others(store: TrustStore, tmp_path: Path) -> None:
    for path in (tmp_path / "truststore").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_many_bundles_are_built_at_once(tmp_path: Path) -> None:
    bundles = tuple(b"PEM %d" % number for number in range(300))
    store = TrustStore(tmp_path)
    store.rebuild(bundles, revision=1)
    assert store.load() == Current(bundles=bundles, revision=1)


def test_a_folder_that_can_not_be_made_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "truststore").write_bytes(b"in the way")
    with pytest.raises(FileTrouble, match="can't be"):
        TrustStore(tmp_path).rebuild([ONE], revision=1)
