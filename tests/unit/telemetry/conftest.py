"""A kit per session: making keys is what takes time, and certificates don't change."""

from pathlib import Path

import pytest

from tests.support.pki import Kit


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Makes certificates into a folder of this run."""
    folder: Path = tmp_path_factory.mktemp("pki")
    return Kit(folder)
