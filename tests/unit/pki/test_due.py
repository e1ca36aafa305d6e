"""What is due is found by looking at the files, and the authority's keys are needed for it."""

from pathlib import Path

import pytest

from ostiary.ca.signing import Reason
from ostiary.management.authority.house import House
from ostiary.management.authority.place import Place
from ostiary.management.authority.profile import Profile
from ostiary.management.authority.renewing import renew_due
from ostiary.management.authority.revoking import revoke, sought
from ostiary.pki.due import anything_due, late_without_key
from tests.unit.management.authority.scene import DAY, NOW
from tests.unit.pki.scene import Site, site_in


def due(site: Site) -> bool:
    site.catalog.look()
    return anything_due(site.catalog, site.world.now)


def test_after_it_was_made_nothing_is_due_until_half_of_its_time_is_gone(tmp_path: Path) -> None:
    with site_in(tmp_path) as site:
        assert not due(site)
        site.world.now = NOW + 3 * DAY
        assert not due(site)
        site.world.now = NOW + 4 * DAY
        assert due(site)
        renew_due(site.house)
        assert not due(site)


@pytest.mark.parametrize("lost", ["whole", "delta", "responder"])
def test_what_lacks_is_due(tmp_path: Path, lost: str) -> None:
    with site_in(tmp_path) as site:
        path: Path = getattr(site.catalog.files, lost)(site.house.issuing().fingerprint)
        path.unlink()
        assert due(site)
        renew_due(site.house)
        assert path.exists()
        assert not due(site)


def test_a_responder_that_is_revoked_is_due(tmp_path: Path) -> None:
    with site_in(tmp_path) as site:
        revoke(site.house, sought(site.house, "Example OCSP"), Reason.KEY_COMPROMISE)
        assert due(site)


def test_an_address_that_is_written_into_the_profile_later_makes_deltas_due(tmp_path: Path) -> None:
    with site_in(tmp_path, Profile()) as site:
        assert not due(site)
        (site.world.folder / "profile.yml").write_text("publish: {url: 'http://pki.example'}")
        assert due(site)
        # Whoever renews reads the profile as it is then.
        with_it = House(Place(site.world.folder, None), site.house.ledger, site.world.hands())
        renew_due(with_it)
        assert not due(site)


def test_without_the_key_nothing_is_due_but_told(tmp_path: Path) -> None:
    with site_in(tmp_path) as site:
        site.house.place.public.key(site.house.root().fingerprint).unlink()
        site.world.now = NOW + 80 * DAY
        renew_due(site.house)
        assert list(late_without_key(site.catalog, site.world.now)) == []
        site.world.now = NOW + 95 * DAY
        renew_due(site.house)
        assert not due(site)
        ((one, end),) = late_without_key(site.catalog, site.world.now)
        assert (one.authority.name, end) == ("Example", NOW + 180 * DAY)
