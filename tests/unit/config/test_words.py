"""Words in messages help and keep secrets."""

from ostiary.config.text.words import did_you_mean, quoted


def test_the_nearest_word_is_offered() -> None:
    assert did_you_mean("requestcrt", ["requestCert", "port"]) == "did you mean 'requestCert'?"


def test_without_a_near_word_the_known_are_listed() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"


def test_values_are_cut_at_eighty_characters() -> None:
    assert len(quoted("x" * 500, "a")) == 82


def test_values_of_secrets_are_hidden() -> None:
    assert quoted("hunter2", "a.clientSecret") == "(hidden)"
    assert quoted("hunter2", "a.passwordFile") == "(hidden)"


def test_null_and_true_are_shown_as_written() -> None:
    assert quoted(None, "a") == "null"
    assert quoted(True, "a") == "'true'"
