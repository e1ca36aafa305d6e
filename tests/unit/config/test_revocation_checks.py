"""``clientCertificateAuth.revocation``: what is written, what acts, what is doubtful."""

from datetime import timedelta

import pytest

from ostiary.config.effective import Source
from ostiary.config.load import Loaded, load
from ostiary.kernel.problems import ConfigRefused, Problem

HEAD = """\
https:
  port: 4444
  tls: {default: {key: s.key, cert: s.crt}}
apiEndpoints:
  a: {paths: /a%s}
clientCertificateAuth:
  type: certificate
"""


def loaded(revocation: str, api: str = "", head: str = HEAD) -> Loaded:
    own = f", clientCertificateAuth: {{revocation: {api}}}" if api else ""
    return load(head % own + (f"  revocation: {revocation}\n" if revocation else ""), "f.yml", {})


def told(*parts: str, head: str = HEAD) -> list[Problem]:
    return [one for one in loaded(*parts, head=head).warnings if "revocation" in one.path]


def refused(*parts: str) -> Problem:
    with pytest.raises(ConfigRefused) as caught:
        loaded(*parts)
    (problem,) = caught.value.problems
    return problem


def test_an_api_takes_from_the_gateway_what_it_does_not_give() -> None:
    acts = loaded("{mode: strict, grace: 24h, crl: a.crl}", "{mode: soft}").effective
    assert (acts.gateway.revocation.value, acts.gateway.revocation.source) == (
        "strict",
        Source.FILE,
    )
    assert acts.gateway.grace.value == timedelta(hours=24)
    assert acts.apis["a"].revocation.value == "soft"
    assert (acts.apis["a"].grace.value, acts.apis["a"].grace.source) == (
        timedelta(hours=24),
        Source.GATEWAY,
    )
    assert acts.overriding == {"a"}


def test_nothing_given_is_no_mode_and_no_grace() -> None:
    acts = loaded("").effective.gateway
    assert (acts.revocation.value, acts.grace.value) == (None, timedelta())
    assert not told("")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("90s", timedelta(seconds=90)), ("15m", timedelta(minutes=15)), ("7d", timedelta(days=7))],
)
def test_a_duration_is_a_number_with_a_unit(text: str, meant: timedelta) -> None:
    assert loaded(f"{{grace: {text}, crl: a.crl}}").effective.gateway.grace.value == meant


@pytest.mark.parametrize("text", ["24", "1.5h", "-1h", "24 h", "null", "[]", "9999999d", "h"])
def test_what_is_no_duration_is_told_with_the_way_to_write_one(text: str) -> None:
    problem = refused(f"{{grace: {text}}}")
    assert problem.path == "clientCertificateAuth.revocation.grace"
    assert problem.position.line == 8
    assert "isn't a duration" in problem.message
    assert "24h" in problem.way_out


def test_what_is_no_mode_and_what_is_empty_is_refused() -> None:
    assert refused("{mode: softly}").path == "clientCertificateAuth.revocation.mode"
    for empty in ("null", "{mode: null}"):
        assert "is empty" in refused(empty).message
    assert refused("{crl: null}").path == "clientCertificateAuth.revocation.crl"


def test_only_the_gateway_names_lists() -> None:
    assert refused("", "{crl: [a.crl]}").path.endswith("clientCertificateAuth.revocation.crl")


@pytest.mark.parametrize(
    ("parts", "paths", "words"),
    [
        (("{mode: strict}",), ["mode"], "every client certificate is refused"),
        (("{mode: soft}",), ["mode"], "nobody is known as revoked"),
        (("{mode: off, crl: a.crl}",), ["mode"], "are not looked in"),
        (("{mode: soft, grace: 1h, crl: a.crl}",), ["grace"], "grace does nothing with mode soft"),
        (("{mode: strict, grace: 1h, crl: a.crl}",), [], ""),
        (("{mode: off}",), [], ""),
        (("{crl: a.crl}", "{mode: off}"), [], ""),
        (("{crl: a.crl}", "{mode: off, grace: 1h}"), ["grace"], "with mode off"),
        (("", "{mode: strict}"), ["mode"], "every client certificate is refused"),
    ],
)
def test_what_would_not_act_is_told_where_it_is_written(
    parts: tuple[str, ...], paths: list[str], words: str
) -> None:
    found = told(*parts)
    assert [one.path.rpartition(".")[2] for one in found] == paths
    assert all(words in one.message for one in found)


def test_lists_of_the_https_options_count_too() -> None:
    head = HEAD.replace("port: 4444", "port: 4444\n  options: {crl: [a.crl]}")
    assert not told("{mode: strict}", head=head)


def test_it_does_nothing_without_a_type() -> None:
    head = HEAD.replace("type: certificate", "type: none")
    (found,) = told("{mode: strict, crl: a.crl}", head=head)
    assert "does nothing without a type" in found.message


URL = "http://crl.example.com/a.crl"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("{crl: [a.crl, 'ftp://a/b']}", "crl[1]", "isn't a URL"),
        ("{crl: ['http://u:p@a/']}", "crl[0]", "user name or password"),
        ("{fetch: {hosts: [a b]}}", "fetch.hosts[0]", "isn't a host"),
        ("{fetch: {private: [10.0.0.0/33]}}", "fetch.private[0]", "isn't an IP address"),
        ("{fetch: {private: maybe}}", "fetch.private[0]", "isn't an IP address"),
        ("{fetch: {every: 1s}}", "fetch.every", "between 30s and 30d"),
        ("{fetch: {timeout: 1h}}", "fetch.timeout", "between 1s and 10m"),
        ("{fetch: {maxBytes: 1}}", "fetch.maxBytes", "too small"),
        ("{fetch: {distributionPoints: on}}", "fetch.distributionPoints", "true or false"),
        ("{fetch: null}", "fetch", "is empty"),
    ],
)
def test_what_is_wrong_with_fetching_is_told_where_it_is_written(
    text: str, path: str, words: str
) -> None:
    problem = refused(text)
    assert problem.path == f"clientCertificateAuth.revocation.{path}"
    assert problem.position.line == 8
    assert words in problem.message


def test_private_addresses_are_all_some_or_none() -> None:
    def private(text: str) -> object:
        auth = loaded(f"{{crl: '{URL}', fetch: {{private: {text}}}}}").document
        revocation = auth.client_certificate_auth.revocation
        assert revocation is not None
        assert revocation.fetch is not None
        return revocation.fetch.private

    assert private("true") == ("0.0.0.0/0", "::/0")
    assert private("false") == private("[]") == ()
    assert private("10.1.2.3") == ("10.1.2.3/32",)


def test_a_url_is_a_list_and_a_mode_needs_nothing_else() -> None:
    assert not told(f"{{mode: strict, crl: ['{URL}']}}")
    points = "{mode: strict, fetch: {distributionPoints: true, hosts: '*'}}"
    assert not told(points)


def test_distribution_points_without_a_host_are_told() -> None:
    (found,) = told("{mode: strict, fetch: {distributionPoints: true}}")
    assert found.path.endswith("fetch.distributionPoints")
    assert "no host is allowed" in found.message
