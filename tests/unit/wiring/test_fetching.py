"""Questions by HTTP against real servers that answer late, too much, elsewhere or nonsense."""

import asyncio
import gzip
import os
import resource
import ssl
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from ostiary.config.model.fetch_hosts import host_pattern
from ostiary.services.addresses import Address
from ostiary.services.fetching import FetchRules, NotFetched, Request, Response, Why
from ostiary.wiring.fetching import Fetcher, Resolve, is_here_by_binding
from tests.support.pki import Kit
from tests.support.web import Site, endless, raw, status

LOOPBACK = ip_network("127.0.0.1/32")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as found:
        yield found


def rules_of(*ports: int, own: int = 0) -> FetchRules:
    return FetchRules(
        hosts=tuple(host_pattern(f"*:{port}") for port in ports),
        networks=(LOOPBACK,),
        own_ports=frozenset({own} - {0}),
    )


def always(*texts: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ip_address(text) for text in texts]

    return resolve


def ask(
    url: str,
    rules: FetchRules,
    fetcher: Fetcher | None = None,
    *,
    most: int = 1_000_000,
    seconds: float = 20.0,
    **more: object,
) -> Response:
    async def work() -> Response:
        asked = Request(url=url, most_bytes=most, seconds=seconds, **more)  # type: ignore[arg-type]
        return await (fetcher or Fetcher()).fetch(asked, rules)

    return asyncio.run(work())


def refusal(url: str, rules: FetchRules, *args: object, **more: object) -> NotFetched:
    with pytest.raises(NotFetched) as refused:
        ask(url, rules, *args, **more)  # type: ignore[arg-type]
    return refused.value


def test_an_answer_comes_whole_and_is_not_sent_again_to_whoever_has_it(site: Site) -> None:
    content = b"x" * 700_000
    site.put("/a.crl?cmd=crl&n=1", content)
    url, rules = site.url("/a.crl?cmd=crl&n=1", "crl.test"), rules_of(site.port)
    first = ask(url, rules, Fetcher(always("127.0.0.1")))
    assert (first.status, first.content) == (200, content)
    assert site.headers[0]["host"] == f"crl.test:{site.port}"
    assert site.headers[0]["accept-encoding"] == "identity"
    again = {"If-None-Match": first.headers["etag"]}
    second = ask(url, rules, Fetcher(always("127.0.0.1")), headers=again)
    assert (second.status, second.content) == (304, b"")


def test_a_question_may_have_a_body(site: Site) -> None:
    site.put("/ocsp", b"good")
    found = ask(
        site.url("/ocsp"),
        rules_of(site.port),
        method="POST",
        body=b"who?",
        headers={"Content-Type": "application/ocsp-request"},
    )
    assert (found.content, site.bodies) == (b"good", [b"who?"])
    assert site.headers[0]["content-type"] == "application/ocsp-request"


@pytest.mark.parametrize("said", ["", "Content-Length: 209715200\r\n"])
def test_two_hundred_megabytes_are_not_taken_in(site: Site, said: str) -> None:
    site.answers["/long"] = endless(b"\0" * 65_536, most=200 << 20, said=said)
    begun = time.monotonic()
    found = refusal(site.url("/long"), rules_of(site.port), most=1 << 20)
    assert (found.why, time.monotonic() - begun < 10) == (Why.TOO_LARGE, True)


def test_an_answer_that_drips_is_given_up_when_the_time_is_over(site: Site) -> None:
    site.answers["/slow"] = endless(b"x", pause=0.05, most=600)
    found = refusal(site.url("/slow"), rules_of(site.port), seconds=0.6)
    assert found.why is Why.TIMED_OUT
    site.answers["/head"] = raw(b"HTTP/1.1 200 OK\r\nX: ", *[b"y"] * 600, pause=0.05)
    assert refusal(site.url("/head"), rules_of(site.port), seconds=0.6).why is Why.TIMED_OUT


def test_a_packed_answer_is_not_unpacked(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    site.put("/bomb", bomb, Content_Encoding="gzip")
    found = refusal(site.url("/bomb"), rules_of(site.port))
    assert (found.why, "gzip" in found.sentence) == (Why.BAD_ANSWER, True)


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"\x00\x01garbage\r\n\r\n"),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
    ids=["garbage", "nothing", "half", "two-lengths", "headers", "chunks"],
)
def test_an_answer_that_is_no_http_is_refused(site: Site, answer: object) -> None:
    site.answers["/x"] = answer  # type: ignore[assignment]
    assert refusal(site.url("/x"), rules_of(site.port)).why is Why.BAD_ANSWER


@pytest.mark.parametrize("code", [204, 206, 304, 401, 404, 500, 503])
def test_no_other_status_is_an_answer(site: Site, code: int) -> None:
    site.answers["/x"] = status(code)
    found = refusal(site.url("/x"), rules_of(site.port))
    assert (found.why, found.status) == (Why.STATUS, code)


def test_a_redirection_is_followed_by_the_same_rules(site: Site) -> None:
    site.put("/there", b"list")
    site.answers["/here"] = status(302, Location="/there")
    assert ask(site.url("/here"), rules_of(site.port)).content == b"list"
    for location in (
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://crl.test:9876/api/v1/gateway",
        "file:///etc/passwd",
        "//elsewhere.test:81/",
    ):
        site.answers["/here"] = status(302, Location=location)
        found = refusal(site.url("/here"), rules_of(site.port))
        assert found.why in (Why.HOST_NOT_ALLOWED, Why.ADDRESS_NOT_ALLOWED, Why.BAD_URL)


def test_a_redirection_to_metadata_is_refused_where_every_host_is_allowed(site: Site) -> None:
    site.answers["/"] = status(301, Location="http://169.254.169.254/latest/meta-data/")
    rules = FetchRules(
        hosts=(host_pattern("*"), host_pattern(f"*:{site.port}")),
        networks=(ip_network("0.0.0.0/0"),),
    )
    assert refusal(site.url("/"), rules).why is Why.ADDRESS_NOT_ALLOWED


def test_redirections_in_a_circle_come_to_an_end(site: Site) -> None:
    site.answers["/"] = status(307, Location="/")
    assert refusal(site.url("/"), rules_of(site.port)).why is Why.REDIRECTED
    assert len(site.asked) == 4


def test_a_private_address_is_not_asked(site: Site) -> None:
    rules = FetchRules(hosts=(host_pattern(f"*:{site.port}"),))
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1"):
        assert refusal(site.url("/", host), rules).why in (
            Why.ADDRESS_NOT_ALLOWED,
            Why.NO_ADDRESS,
        )
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    # As it is; mapped, compatible; translated by NAT64 and by 6to4.
    ["127.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)
def test_our_own_listener_is_not_asked_by_any_name(site: Site, address: str) -> None:
    rules = rules_of(site.port, own=site.port)
    found = refusal(site.url("/", "crl.test"), rules, Fetcher(always(address)))
    assert "the gateway itself" in found.sentence
    assert site.asked == []


def test_an_address_is_elsewhere_only_if_the_system_says_so() -> None:
    assert not is_here_by_binding(ip_address("192.0.2.1"))
    assert not is_here_by_binding(ip_address("2001:db8::1"))
    assert is_here_by_binding(ip_address("127.0.0.1"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path(os.devnull).open() as lowest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno(), limits[1]))
        try:
            # No more files may be open, so nothing can be tried.
            assert is_here_by_binding(ip_address("192.0.2.1"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_name_that_changes_its_meaning_is_asked_where_it_was_looked_at(site: Site) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address(text) for text in answers[len(asked) - 1]]

    site.put("/", b"list")
    rules, fetcher = rules_of(site.port), Fetcher(rebinding)
    assert ask(site.url("/", "evil.test"), rules, fetcher).content == b"list"
    assert asked == ["evil.test"]
    assert refusal(site.url("/", "evil.test"), rules, fetcher).why is Why.ADDRESS_NOT_ALLOWED


def test_of_a_name_s_addresses_those_that_are_allowed_are_asked(site: Site) -> None:
    site.put("/", b"list")
    fetcher = Fetcher(always("169.254.169.254", "127.0.0.2", "127.0.0.1"))
    assert ask(site.url("/", "crl.test"), rules_of(site.port), fetcher).content == b"list"


def test_whoever_does_not_answer_is_told(site: Site) -> None:
    with Site() as gone:
        port = gone.port
    found = refusal(f"http://127.0.0.1:{port}/", rules_of(port))
    assert (found.why, str(port) in found.sentence) == (Why.NOT_REACHED, True)
    found = refusal("http://no-such-name.invalid/", FetchRules(hosts=(host_pattern("*"),)))
    assert found.why is Why.NO_ADDRESS


def test_the_environment_has_no_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.put("/", b"list")
    assert ask(site.url("/"), rules_of(site.port)).content == b"list"


def test_https_is_verified_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    root = kit.root("web-root")
    server = kit.server(root, "crl.test")
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(server.chain_file, server.key_file)

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cadata=root.pem.decode())

    with Site(inside) as site:
        site.put("/", b"list")
        rules = rules_of(site.port)
        fetcher = Fetcher(always("127.0.0.1"), context=trusting)
        assert ask(site.url("/", "crl.test"), rules, fetcher).content == b"list"
        other = refusal(site.url("/", "other.test"), rules, fetcher)
        assert (other.why, "match" in other.sentence) == (Why.NOT_REACHED, True)
        stranger = Fetcher(always("127.0.0.1"))
        assert refusal(site.url("/", "crl.test"), rules, stranger).why is Why.NOT_REACHED
