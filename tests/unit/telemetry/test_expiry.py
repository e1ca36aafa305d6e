"""What ends soon."""

from datetime import UTC, datetime, timedelta

from ostiary.telemetry.expiry import Dated, Held, expiring

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def dated(days: float, name: str = "a", held: Held = Held.TRUSTED) -> Dated:
    return Dated(
        held=held,
        fingerprint=name.encode().ljust(32),
        subject=f"CN={name}",
        where=name,
        not_after=NOW + days * DAY,
    )


def test_the_nearest_end_comes_first_and_what_has_time_is_left_out() -> None:
    found = expiring([dated(89, "b"), dated(200, "c"), dated(-1, "d"), dated(2, "a")], NOW)
    assert [one.certificate.where for one in found] == ["d", "a", "b"]
    assert [one.expired for one in found] == [True, False, False]


def test_ninety_days_to_the_second_is_near() -> None:
    assert len(expiring([dated(90)], NOW)) == 1
    assert expiring([dated(90 + 1 / 86_400)], NOW) == ()


def test_the_last_second_still_counts_as_valid() -> None:
    assert [one.expired for one in expiring([dated(0)], NOW)] == [False]


def test_the_same_certificate_in_the_same_place_is_told_once() -> None:
    found = expiring([dated(1), dated(1), dated(1, held=Held.CLIENT)], NOW)
    assert len(found) == 2


def test_no_more_are_told_than_wanted() -> None:
    found = expiring((dated(n, str(n)) for n in range(50)), NOW, most=3)
    assert [one.certificate.where for one in found] == ["0", "1", "2"]
