"""Management over a real store in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk import DeskRig, make_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()
