"""The configuration file changed while the gateway may fail: both stay together."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from ostiary.config.effective import Managed
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused
from ostiary.management.errors import Conflicting
from ostiary.management.ports import FileEdit
from ostiary.services.prepare import Prepared
from ostiary.wiring.applying import Applying
from ostiary.wiring.gateway import Gateway
from ostiary.wiring.ground import prepare_file
from ostiary.wiring.list_shelf import shelf_in
from ostiary.wiring.list_sources import ListSources
from ostiary.wiring.rewriting import Keep
from ostiary.wiring.serving import Served

BEFORE = b"http: {port: 8080}\nserviceEndpoints: {}   # none yet\n"
AFTER = BEFORE.replace(b"{}", b"{s: {url: 'http://127.0.0.1:1'}}")


class FakeGateway:
    """Keeps what it is given, and then fails on demand."""

    def __init__(self, file: Path) -> None:
        self.fails_with: BaseException | None = None
        self.seen: list[bytes] = []
        self._file = file

    async def apply(self, _prepared: Prepared, *, anew: bool, keep: Keep) -> Served:
        await keep()
        await keep()
        self.seen.append(self._file.read_bytes())
        if self.fails_with is not None:
            raise self.fails_with
        return Served(revision=1, reloaded=not anew)


class Rig:
    """What a change goes through, on a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "gateway.config.yml"
        self.file.write_bytes(BEFORE)
        self.gateway = FakeGateway(self.file)
        self.followed: list[Prepared] = []
        self.applying = Applying(
            self.file,
            cast(Gateway, self.gateway),
            prepare_file(self.file),
            ListSources(shelf_in(folder)),
            self.followed.append,
        )

    def edit(self, before: bytes = BEFORE, after: bytes = AFTER) -> None:
        asyncio.run(self.applying.apply(Managed(), (), FileEdit(before, after)))

    @property
    def services(self) -> set[str]:
        """Those in force."""
        return set(self.applying.prepared.document.service_endpoints)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_the_file_is_there_before_it_acts_and_is_followed_from_then_on(rig: Rig) -> None:
    rig.edit()
    assert rig.gateway.seen == [AFTER]
    assert (rig.file.read_bytes(), rig.services) == (AFTER, {"s"})
    assert rig.followed == [rig.applying.prepared]
    assert rig.applying.file().content == AFTER
    assert rig.applying.is_in_force([rig.file])
    rig.file.write_bytes(BEFORE)
    assert not rig.applying.is_in_force([rig.file])
    assert not rig.applying.is_in_force([])


@pytest.mark.parametrize("error", [OstiaryError("dead"), asyncio.CancelledError()])
def test_where_the_engine_fails_the_file_is_as_it_was(rig: Rig, error: BaseException) -> None:
    rig.gateway.fails_with = error
    with pytest.raises(type(error)):
        rig.edit()
    assert (rig.gateway.seen, rig.file.read_bytes()) == ([AFTER], BEFORE)
    assert (rig.services, rig.followed) == (set(), [])
    assert list(rig.file.parent.iterdir()) == [rig.file]


def test_what_is_no_configuration_is_never_written(rig: Rig) -> None:
    with pytest.raises(ConfigRefused):
        rig.edit(after=BEFORE + b"nonsense: 1\n")
    assert (rig.gateway.seen, rig.file.read_bytes()) == ([], BEFORE)


def test_a_file_that_changed_meanwhile_is_left_alone(rig: Rig) -> None:
    changed = BEFORE + b"# by hand\n"
    rig.file.write_bytes(changed)
    for before in (BEFORE, changed):
        with pytest.raises(Conflicting, match="not in force"):
            rig.edit(before)
    with pytest.raises(Conflicting, match="not in force"):
        rig.applying.file()
    assert (rig.gateway.seen, rig.file.read_bytes()) == ([], changed)


def test_a_file_that_is_gone_is_no_traceback(rig: Rig) -> None:
    rig.file.unlink()
    with pytest.raises(Conflicting, match="no such file"):
        rig.applying.file()
    with pytest.raises(Conflicting, match="no such file"):
        rig.edit()
