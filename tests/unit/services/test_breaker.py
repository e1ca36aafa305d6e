"""A responder that fails is left alone, longer each time, and tried again."""

from datetime import UTC, datetime, timedelta

from ostiary.services.breaker import Breaker

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.failed(NOW)
    return breaker


def test_a_failure_or_two_are_borne() -> None:
    assert failing(2).may_ask(NOW)


def test_after_three_in_a_row_it_is_left_alone_and_then_one_question_tries_it() -> None:
    breaker = failing(3)
    assert not breaker.may_ask(NOW + 9 * SECOND)
    assert breaker.may_ask(NOW + 10 * SECOND)
    assert not breaker.may_ask(NOW + 10 * SECOND)
    breaker.succeeded()
    assert breaker.may_ask(NOW + 10 * SECOND)
    assert breaker.failures == 0


def test_each_further_failure_doubles_the_pause_up_to_five_minutes() -> None:
    for times, seconds in ((4, 20), (5, 40), (8, 300), (1000, 300)):
        breaker = failing(times)
        assert not breaker.may_ask(NOW + (seconds - 1) * SECOND)
        assert breaker.may_ask(NOW + seconds * SECOND)


def test_what_one_certificate_may_have_caused_counts_once() -> None:
    breaker = Breaker()
    for _ in range(9):
        breaker.failed(NOW, b"odd")
    assert breaker.failures == 1
    assert breaker.may_ask(NOW)
    breaker.succeeded()
    for about in (b"one", b"two", b"three"):
        breaker.failed(NOW, about)
    assert not breaker.may_ask(NOW)


def test_a_trial_that_shows_nothing_leaves_it_to_the_next_question() -> None:
    for shown_nothing in (
        lambda one: one.undecided(NOW + 10 * SECOND),
        lambda one: one.failed(NOW + 10 * SECOND, b"odd"),
    ):
        breaker = Breaker()
        breaker.failed(NOW, b"odd")
        breaker.failed(NOW)
        breaker.failed(NOW)
        assert breaker.may_ask(NOW + 10 * SECOND)
        shown_nothing(breaker)
        assert breaker.failures == 3
        assert breaker.may_ask(NOW + 10 * SECOND)
        breaker.failed(NOW + 10 * SECOND)
        assert not breaker.may_ask(NOW + 29 * SECOND)


def test_a_late_answer_that_shows_nothing_ends_no_pause() -> None:
    breaker = failing(3)
    breaker.undecided(NOW)
    assert not breaker.may_ask(NOW + 9 * SECOND)


def test_success_between_failures_forgets_them() -> None:
    breaker = failing(2)
    breaker.succeeded()
    breaker.failed(NOW)
    assert breaker.may_ask(NOW)
