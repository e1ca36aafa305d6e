"""The plug-ins, asked as the gateway asks them."""

from datetime import UTC, datetime

import pytest
from office_hours.hours import BusinessHours
from office_hours.tenant import TenantOfCertificate

from ostiary.plugins import Continue, Refuse
from ostiary.plugins.testing import BadAnswer, ask, identity_of

MONDAY = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


def test_hours_are_those_of_the_time_zone() -> None:
    assert BusinessHours(zone="Europe/Vienna").at(MONDAY)
    assert not BusinessHours(zone="UTC").at(MONDAY)


def test_a_day_that_is_not_listed_is_closed() -> None:
    assert not BusinessHours(zone="Europe/Vienna", days=("Sat", "Sun")).at(MONDAY)


def test_never_open_is_answered_with_false() -> None:
    assert ask(BusinessHours(days=())) is False


def test_a_zone_that_there_is_not_is_refused_when_the_configuration_is_read() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        BusinessHours(zone="Mars/Olympus")


def test_the_tenant_is_the_organizational_unit() -> None:
    answer = ask(TenantOfCertificate(), identity=identity_of(CN="a", OU="north"))
    assert answer == Continue(set_headers={"x-tenant": "north"})


@pytest.mark.parametrize("names", [{"CN": "a"}, {"CN": "a", "OU": "south"}])
def test_whoever_is_of_no_tenant_that_may_pass_is_refused(names: dict[str, str]) -> None:
    policy = TenantOfCertificate(tenants=("north",))
    assert isinstance(ask(policy, identity=identity_of(**names)), Refuse)


def test_a_unit_that_fits_no_header_is_an_error() -> None:
    with pytest.raises(BadAnswer):
        ask(TenantOfCertificate(), identity=identity_of(CN="a", OU="nörth"))
