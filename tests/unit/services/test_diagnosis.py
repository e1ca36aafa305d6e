from datetime import UTC, datetime, timedelta

import pytest

from ostiary.services.diagnosis import (
    Level,
    certificates,
    engine_support,
    library_support,
    memory,
    open_files,
    secret_mode,
)
from tests.unit.services.support import NOW, prepared

LTS = "HAProxy version 2.6.12\nStatus: long-term supported branch - will stop receiving fixes around Q2 2027.\n"  # noqa: E501


@pytest.mark.parametrize(
    ("said", "now", "level"),
    [
        (LTS, datetime(2026, 11, 1, tzinfo=UTC), Level.OK),
        (LTS, datetime(2027, 6, 30, tzinfo=UTC), Level.OK),
        (LTS, datetime(2027, 7, 1, tzinfo=UTC), Level.WARN),
        (LTS.replace("Q2", "Q4"), datetime(2027, 12, 31, tzinfo=UTC), Level.OK),
        (LTS.replace("Q4", "Q2"), datetime(2028, 1, 1, tzinfo=UTC), Level.WARN),
        ("Status: development branch - not safe for use in production.", NOW, Level.WARN),
        ("HAProxy version 2.6.12\n", NOW, Level.WARN),
    ],
)
def test_a_branch_is_supported_until_the_end_of_its_quarter(
    said: str, now: datetime, level: Level
) -> None:
    assert engine_support(said, now).level is level


def test_the_bundled_library_is_doubtful_and_the_systems_is_not() -> None:
    assert library_support("OpenSSL 3.0.15", bundled=True).level is Level.WARN
    assert library_support("OpenSSL 3.0.19", bundled=False).level is Level.OK


@pytest.mark.parametrize(
    ("mode", "level"),
    [(0o100600, Level.OK), (0o100400, Level.OK), (0o100640, Level.WARN), (0o100604, Level.WARN)],
)
def test_a_key_is_for_its_owner_alone(mode: int, level: Level) -> None:
    found = secret_mode("/a.key", mode)
    assert found.level is level
    assert (found.way_out == "chmod 600 /a.key") is (level is Level.WARN)


def test_limits_are_measured_by_what_is_wanted() -> None:
    assert open_files(4096, None).level is Level.OK
    assert open_files(4095, None).level is Level.WARN
    assert open_files(4096, 10_000).level is Level.WARN
    assert memory(2**30).level is Level.OK
    assert memory(2**20).level is Level.WARN


@pytest.mark.parametrize(
    ("days", "server", "anchor"),
    [
        (0, Level.OK, Level.OK),
        (380, Level.WARN, Level.OK),
        (398, Level.FAIL, Level.OK),
        (3630, Level.FAIL, Level.WARN),
        (3651, Level.FAIL, Level.WARN),
        (-1, Level.FAIL, Level.WARN),
    ],
)
def test_certificates_are_watched_before_and_after_their_time(
    days: int, server: Level, anchor: Level
) -> None:
    found = list(certificates(prepared().materials, NOW + timedelta(days=days)))
    assert {one.level for one in found if "server certificate" in one.message} == {server}
    assert {one.level for one in found if "trust anchor" in one.message} == {anchor}
