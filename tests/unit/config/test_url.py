"""Addresses of services are taken apart strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.model.base import Wrong
from ostiary.config.model.url import Url, is_host, parse_url


def url(scheme: str, host: str, port: int, path: str) -> Url:
    return Url(scheme=scheme, host=host, port=port, path=path)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://a", url("http", "a", 80, "/")),
        ("HTTPS://A.Example/", url("https", "a.example", 443, "/")),
        ("http://127.0.0.1:3000/base/x", url("http", "127.0.0.1", 3000, "/base/x")),
        ("http://[::1]:8080/a%20b", url("http", "::1", 8080, "/a%20b")),
        ("http://my_service:1", url("http", "my_service", 1, "/")),
    ],
)
def test_an_address_is_taken_apart(text: str, parts: Url) -> None:
    assert parse_url(text) == parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://a", "isn't a URL"),
        ("a:80", "isn't a URL"),
        ("http://u:p@a", "user name or password"),
        ("http://a?x=1", "query or fragment"),
        ("http://a/#x", "query or fragment"),
        ("http://a:0", "between 1 and 65535"),
        ("http://a:65536", "between 1 and 65535"),
        ("http://a:999999", "between 1 and 65535"),
        ("http://::1/", "the host"),
        ("http://[::1", "the host"),
        ("http://[fe80::1%25eth0]/", "the host"),
        ("http://", "the host"),
        ("http://256.1.1.1", "the host"),
        ("http://a b", "the host"),
        ("http://a/../b", "the path"),
        ("http://a/%zz", "the path"),
        ("http://a/b c", "the path"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    with pytest.raises(Wrong, match=words):
        parse_url(text)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_wrong(text: str) -> None:
    try:
        parts = parse_url("http://" + text)
    except Wrong:
        return
    assert is_host(parts.host)
    assert 1 <= parts.port <= 65535
    assert parts.path.startswith("/")


def test_a_query_is_taken_where_it_may_be() -> None:
    found = parse_url("http://[::1]:81/certdist?cmd=crl&issuer=CN=a,O=b", query=True)
    assert found.query == "?cmd=crl&issuer=CN=a,O=b"
    assert str(found) == "http://[::1]:81/certdist?cmd=crl&issuer=CN=a,O=b"
    assert str(parse_url("HTTPS://A:443")) == "https://a/"
    with pytest.raises(Wrong, match="query"):
        parse_url("http://a/?a b", query=True)
