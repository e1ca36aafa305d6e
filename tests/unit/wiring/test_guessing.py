"""Many wrong credentials from one address turn it away for a while, and nobody else."""

from ostiary.wiring.guessing import AWAY_SECONDS, MOST_WRONG, Guessing


def test_an_address_is_turned_away_after_many_wrong_ones_and_comes_back() -> None:
    told: list[tuple[int, str, int]] = []
    guessing = Guessing(lambda *one: told.append(one))
    for _ in range(MOST_WRONG):
        guessing.failed("192.0.2.1", 7, 100.0)
    assert guessing.may_try("192.0.2.1", 100.0)
    assert told == []
    guessing.failed("192.0.2.1", 7, 100.5)
    assert not guessing.may_try("192.0.2.1", 100.5)
    assert guessing.may_try("192.0.2.2", 100.5)
    assert told == [(7, "192.0.2.1", 100 + AWAY_SECONDS)]
    assert guessing.may_try("192.0.2.1", 100.5 + AWAY_SECONDS)


def test_wrong_ones_of_another_minute_do_not_add_up() -> None:
    guessing = Guessing(lambda *_: None)
    for minute in range(5):
        for _ in range(MOST_WRONG):
            guessing.failed("192.0.2.1", 7, minute * 60.0)
    assert guessing.may_try("192.0.2.1", 240.0)
