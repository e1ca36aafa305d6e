"""Whom the gateway may ask: by scheme, host, port and address."""

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.model.base import Wrong
from ostiary.config.model.fetch_hosts import host_pattern
from ostiary.config.model.url import parse_url
from ostiary.services.addresses import Reach, meant, reach_of
from ostiary.services.fetching import (
    FetchRules,
    NotFetched,
    Request,
    Why,
    redirected,
    refuse_address,
    url_of,
)

ANY = "0.0.0.0/0 ::/0"


def rules(*hosts: str, own: int = 0, networks: str = "") -> FetchRules:
    return FetchRules(
        hosts=tuple(map(host_pattern, hosts)),
        networks=tuple(map(ip_network, networks.split())),
        own_ports=frozenset({own} - {0}),
    )


def why(url: str, by: FetchRules) -> Why | None:
    try:
        url_of(url, by)
    except NotFetched as refused:
        return refused.why
    return None


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        (
            "crl.example.com",
            [
                "http://crl.example.com/a",
                "https://CRL.example.com:443/",
                "http://crl.example.com./",
            ],
            ["http://crl.example.com:8080/", "http://x.crl.example.com/", "http://example.com/"],
        ),
        (
            "*.example.com",
            ["http://a.example.com/", "http://a.b.example.com/?cmd=crl&issuer=CN=x,O=y"],
            ["http://example.com/", "http://badexample.com/", "http://a.example.com.evil/"],
        ),
        ("*", ["http://a/", "https://1.2.3.4/"], ["http://a:81/", "https://a:80/"]),
        ("a:8080", ["http://a:8080/"], ["http://a/", "http://a:8081/"]),
        ("[2001:DB8::1]:81", ["http://[2001:db8::1]:81/"], ["http://[2001:db8::2]:81/"]),
        ("10.1.2.3", ["http://10.1.2.3/"], ["http://10.1.2.30/"]),
    ],
)
def test_a_host_is_asked_if_a_pattern_names_it(
    pattern: str, fitting: list[str], others: list[str]
) -> None:
    by = rules(pattern)
    assert [why(one, by) for one in fitting] == [None] * len(fitting)
    assert {why(one, by) for one in others} == {Why.HOST_NOT_ALLOWED}


@pytest.mark.parametrize(
    "text", ["", "http://a", "a b", "a/b", "*.", "*a", "a.*", "a:0", "a:65536", "::1", "a@b", "[a]"]
)
def test_what_is_no_host_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(Wrong) as refused:
        host_pattern(text)
    assert "*.example.com" in refused.value.way_out


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/", "file:///etc/passwd", "ldap://a/cn=x", "gopher://a/", "unix:/run/x", "//a/",
        "http://user@a/", "http://user:word@a/", "http://a@b/", "http://a\\@b/", "http://a#@b/",
        "http://a/\r\nHost: b", "http://a/ b", "http://a b/", "http://a%2eb/", "http://[::1%25lo]/",
        "http://2130706433/", "http://0177.1/", "http://127.1/", "http:a", "http:///a", "",
        "http://\uff41/", "http://a/\x00", "http://a:99999/", "http://a/../b",
    ],
)  # fmt: skip
def test_no_other_url_is_followed(url: str) -> None:
    assert why(url, rules("*", "a", "b")) in (Why.BAD_URL, Why.HOST_NOT_ALLOWED)


def test_nobody_may_be_asked_by_default() -> None:
    assert why("http://crl.example.com/", FetchRules()) is Why.HOST_NOT_ALLOWED


def test_the_host_of_a_url_in_the_file_is_allowed_by_being_written() -> None:
    written = parse_url("http://crl.example.com:8080/a")
    by = FetchRules().with_url(written)
    assert why("http://crl.example.com:8080/b", by) is None
    assert why("https://crl.example.com/b", by) is None
    assert why("http://crl.example.com:9876/b", by) is Why.HOST_NOT_ALLOWED
    assert why("http://other.example.com/b", by) is Why.HOST_NOT_ALLOWED


def refusal(address: str, by: FetchRules, *, here: bool = False, port: int = 80) -> str:
    url = parse_url(f"http://a.example:{port}/")
    try:
        refuse_address(ip_address(address), url, by, here=here)
    except NotFetched as refused:
        return refused.sentence
    return ""


def test_a_private_address_is_asked_where_it_is_allowed_only() -> None:
    assert "10.1.2.3) port 80 is a private address" in refusal("10.1.2.3", rules("*"))
    assert not refusal("10.1.2.3", rules("*", networks=ANY))
    assert not refusal("10.1.2.3", rules("*", networks="10.1.0.0/16"))
    assert not refusal("::ffff:10.1.2.3", rules("*", networks="10.1.0.0/16"))
    assert refusal("10.2.2.3", rules("*", networks="10.1.0.0/16"))
    assert not refusal("93.184.216.34", rules("*"))


def test_an_address_in_the_file_s_url_is_allowed_but_not_what_a_name_there_leads_to() -> None:
    literal = FetchRules().with_url(parse_url("http://10.1.2.3/ca.crl"))
    assert not refusal("10.1.2.3", literal)
    assert refusal("10.1.2.4", literal)
    assert refusal("10.1.2.3", FetchRules().with_url(parse_url("http://a.example/ca.crl")))


def test_metadata_is_never_asked_whatever_is_allowed() -> None:
    everything = rules("*", networks=ANY)
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "0.0.0.0"):
        assert "never asked" in refusal(address, everything)


def test_our_own_listeners_are_never_asked() -> None:
    by = rules("*", networks=ANY, own=9876)
    assert "the gateway itself" in refusal("127.0.0.1", by, here=True, port=9876)
    assert "the gateway itself" in refusal("93.184.216.34", by, here=True, port=9876)
    assert not refusal("127.0.0.1", by, here=True, port=9877)
    assert not refusal("93.184.216.34", by, here=False, port=9876)


@given(st.ip_addresses(), st.booleans(), st.integers(1, 65535))
def test_no_address_that_may_not_be_asked_gets_by(
    address: IPv4Address | IPv6Address, here: bool, port: int
) -> None:
    by = rules("*", own=9876, networks="10.0.0.0/8")
    if not refusal(str(address), by, here=here, port=port):
        known = meant(address)
        assert reach_of(address) is Reach.PUBLIC or known in ip_network("10.0.0.0/8")
        assert not (here and port == 9876)


@given(st.text(max_size=60), st.sampled_from(["http://", "https://", "http:", "", "HTTP://a@"]))
def test_whatever_the_text_is_the_parts_that_are_asked_passed_the_rules(
    text: str, before: str
) -> None:
    by = rules("crl.example.com", "*.example.org")
    with contextlib.suppress(NotFetched):
        host = url_of(before + text, by).host.rstrip(".")
        assert host == "crl.example.com" or host.endswith(".example.org")


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("/b", "http://a:81/b"),
        ("//c/b", "http://c/b"),
        ("https://c/", "https://c/"),
        ("gopher://c/", "gopher://c/"),
    ],
)
def test_a_redirection_is_a_new_url_to_be_looked_at(location: str, to: str) -> None:
    request = Request(url="http://a:81/x", most_bytes=1, seconds=1)
    assert redirected(request, parse_url("http://a:81/x"), 302, location) == to


def test_a_question_with_a_body_is_not_sent_elsewhere() -> None:
    request = Request(url="http://a/x", method="POST", body=b"x", most_bytes=1, seconds=1)
    with pytest.raises(NotFetched, match="302"):
        redirected(request, parse_url("http://a/x"), 302, "/b")
