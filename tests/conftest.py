"""What holds for every test."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """The log is set up for a whole process: a test that did so must not decide for the next."""
    yield
    structlog.reset_defaults()
