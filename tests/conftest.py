"""What holds for every test."""

from collections.abc import Iterator

import hypothesis
import pytest
import structlog

# What a busy machine does slowly it does right all the same.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """The log is set up for a whole process: a test that did so must not decide for the next."""
    yield
    structlog.reset_defaults()
