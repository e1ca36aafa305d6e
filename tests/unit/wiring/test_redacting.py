"""What receivers repeat of the URL they were asked by is not kept."""

import pytest

from ostiary.wiring.redacting import HIDDEN, without_secrets_of

URL = "https://hooks.example/services/T00000001/Sec%2Fret-in-path?v=1&key=in-the-url"


@pytest.mark.parametrize(
    "told",
    [
        "no such hook: /services/T00000001/Sec%2Fret-in-path?v=1&key=in-the-url",
        "no such hook: /services/T00000001/Sec/ret-in-path",
        '{"path":"\\/services\\/T00000001\\/Sec%2Fret-in-path"}',
        "the key in-the-url is unknown",
        "the key in-the-u",
        "no /services/T00000001/Sec%2Fre",
    ],
)
def test_what_a_url_has_behind_its_host_is_not_repeated(told: str) -> None:
    shown = without_secrets_of(URL, told)
    assert HIDDEN in shown
    for secret in ("T00000001", "Sec", "in-the"):
        assert secret not in shown, shown


def test_other_words_stay_as_they_are() -> None:
    told = "api: 503 at hooks.example, try v1 later"
    assert without_secrets_of("https://hooks.example/api/v1", told) == told
