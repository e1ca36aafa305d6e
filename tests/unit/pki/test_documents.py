"""What HTTP says of a document: how long it may be kept, and who has it already."""

from datetime import UTC, datetime, timedelta

import pytest

from ostiary.pki.documents import Answer, Media, answer_of, document, http_date

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MADE = NOW - timedelta(minutes=5)
LIST = document(b"a list", Media.CRL, MADE, NOW + timedelta(days=7))


def header(answer: Answer, name: bytes) -> bytes | None:
    return dict(answer.headers).get(name)


def asked(**headers: bytes) -> dict[bytes, bytes]:
    return {name.replace("_", "-").encode(): value for name, value in headers.items()}


def test_it_is_served_with_what_caches_need() -> None:
    answer = answer_of(LIST, {}, NOW)
    assert (answer.status, answer.body) == (200, b"a list")
    assert header(answer, b"content-type") == b"application/pkix-crl"
    assert header(answer, b"content-length") == b"6"
    assert header(answer, b"last-modified") == b"Sun, 22 Nov 2026 11:55:00 GMT"


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(days=7), b"max-age=3600"),
        (timedelta(minutes=10), b"max-age=600"),
        (timedelta(0), b"no-cache"),
        (timedelta(days=-1), b"no-cache"),
    ],
)
def test_it_is_kept_for_an_hour_and_never_beyond_its_end(left: timedelta, seconds: bytes) -> None:
    answer = answer_of(document(b"", Media.CRL, MADE, NOW + left), {}, NOW)
    assert (header(answer, b"cache-control") or b"").split(b",")[0] == seconds
    expires = header(answer, b"expires")
    assert expires == (
        None if seconds == b"no-cache" else http_date(NOW + min(left, timedelta(hours=1)))
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (asked(if_none_match=LIST.tag), 304),
        (asked(if_none_match=b'"other", W/' + LIST.tag), 304),
        (asked(if_none_match=b"*"), 304),
        (asked(if_none_match=b'"other"'), 200),
        (asked(if_modified_since=http_date(MADE)), 304),
        (asked(if_modified_since=http_date(NOW)), 304),
        (asked(if_modified_since=http_date(MADE - timedelta(seconds=1))), 200),
        # The tag counts: another list of the same second is another list.
        (asked(if_none_match=b'"other"', if_modified_since=http_date(NOW)), 200),
        (asked(if_modified_since=b"yesterday"), 200),
        (asked(if_modified_since=b"\xff"), 200),
        (asked(if_modified_since=b"Sun, 99 Nov 99999999999 11:55:00 GMT"), 200),
    ],
)
def test_who_has_it_is_told_so(headers: dict[bytes, bytes], status: int) -> None:
    answer = answer_of(LIST, headers, NOW)
    assert answer.status == status
    assert header(answer, b"etag") == LIST.tag
    assert answer.body == (b"" if status == 304 else b"a list")


def test_within_its_own_second_it_has_no_date_to_ask_by() -> None:
    new = document(b"", Media.CRL, NOW, None)
    assert header(answer_of(new, {}, NOW + timedelta(milliseconds=900)), b"last-modified") is None
    assert header(answer_of(new, {}, NOW + timedelta(seconds=2)), b"last-modified")
