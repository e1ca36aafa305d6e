"""The configuration rewritten for Ostiary: what stays, what is changed, what is left to decide."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.load import load
from ostiary.config.text.reading import read
from ostiary.config.text.tree import plain
from ostiary.migration.configuration import judge
from ostiary.migration.rewriting import TO_DO, Rewritten, rewrite

PREFIX = "../old/"
WHOLE = """\
# Of the bank
http:
  port: ${PORT:-8080}   # plain
https:
  port: 8443
  tls:
    default:
      key: certs/a.key
      cert: "certs/a.crt"
      ca: ['certs/ca.crt', /etc/ca.crt]
apiEndpoints:
  api:
    owner: jane
    tags:
      - bank

      - iot
    paths: /a   # the only one
    team:
    - payments
policies: [proxy]
pipelines:
  all:
    apiEndpoints: [api]
    policies:
      - proxy: {action: {serviceEndpoint: backend}}
serviceEndpoints:
  backend: {url: 'http://${HOST:-127.0.0.1}:3000'}
"""


def rewritten(text: str, prefix: str = PREFIX) -> Rewritten:
    return rewrite(judge(text, "old.yml", {}), text, {}, source="old.yml", prefix=prefix)


def test_comments_and_variables_stay_and_the_result_is_accepted() -> None:
    made = rewritten(WHOLE)
    assert made.remarks == 0
    for kept in ("# Of the bank", "port: ${PORT:-8080}   # plain", "paths: /a   # the only one"):
        assert kept in made.text
    assert "url: 'http://${HOST:-127.0.0.1}:3000'" in made.text
    assert load(made.text, "new.yml", {}).document.http is not None


def test_relative_file_names_lead_to_where_express_gateway_was_started() -> None:
    text = rewritten(WHOLE).text
    for changed in (
        "key: ../old/certs/a.key",
        'cert: "../old/certs/a.crt"',
        "ca: ['../old/certs/ca.crt', /etc/ca.crt]",
    ):
        assert f"{changed}\n" in text
    assert "certs/a.key" in rewritten(WHOLE, prefix="").text
    assert "../old" not in rewritten(WHOLE, prefix="").text


def test_what_was_ignored_becomes_a_comment_with_all_that_is_under_it() -> None:
    text = rewritten(WHOLE).text
    gone = ("# owner: jane", "# tags:", "# - bank", "# - iot", "# team:", "# - payments")
    for line in gone:
        assert f"{line}\n" in text
    assert TO_DO not in text


def test_what_cannot_be_honoured_stays_under_a_remark_and_is_refused_until_decided() -> None:
    text = WHOLE.replace("  tls:\n", "  options: {secureOptions: 1}\n  tls:\n").replace(
        "      - proxy:", "      - nonsense:\n      - proxy:"
    )
    made = rewritten(text)
    assert made.remarks == 2
    assert made.text.count(TO_DO) == 2
    lines = made.text.splitlines()
    assert TO_DO in lines[lines.index("  options: {secureOptions: 1}") - 1]
    assert TO_DO in lines[lines.index("      - nonsense:") - 1]


def test_a_key_between_others_on_a_line_is_left_to_be_decided() -> None:
    made = rewritten(WHOLE.replace("    paths: /a", "    colour: {red: 1}\n    paths: /a"))
    assert made.remarks == 0
    made = rewritten(WHOLE.replace("{serviceEndpoint: b", "{colour: red, serviceEndpoint: b"))
    assert made.remarks == 1
    assert "colour: red, serviceEndpoint" in made.text


def test_json_stays_what_it_is_even_with_tabs() -> None:
    text = '{\n\t"http": {"port": 8080},\n\t"apiEndpoints": {"a": {"paths": "/a"}}\n}\n'
    made = rewritten(text)
    assert load(made.text, "f", {}).document.http is not None


def test_where_a_remark_would_change_the_meaning_all_stand_at_the_beginning() -> None:
    # The remark would stand within the text in quotes.
    text = WHOLE.replace(
        "  backend: {url", "  odd: {url: 'http://h/a\n    b', colour: red}\n  backend: {url"
    )
    made = rewritten(text)
    head, _, rest = made.text.partition("# Of the bank")
    assert head.count(TO_DO) == made.remarks > 0
    assert "https.tls.default.key: write ../old/ in front of the name" in head
    assert TO_DO not in rest


@pytest.mark.parametrize("sign", ["\\n", "\\u2028", "\\r", "\\x85"])
def test_a_line_break_in_a_key_adds_nothing_to_the_file(sign: str) -> None:
    made = rewritten(WHOLE.replace("    owner: jane", f'    "a{sign}http: b": jane'))
    assert (
        load(made.text, "f", {}).document.https
        == load(rewritten(WHOLE).text, "f", {}).document.https
    )
    assert [line for line in made.text.splitlines() if line.startswith("http: ")] == []


@settings(max_examples=40)
@given(st.text(alphabet=" \n\t-:{}[],#'\"|>&*!abk/$", max_size=60))
def test_no_text_makes_it_fail_or_change_what_is_not_marked(text: str) -> None:
    made = rewritten(f"tls:\n{text}")
    before, after = read(f"tls:\n{text}", "", {}).tree, read(made.text, "", {}).tree
    if before is not None and after is not None and f"{TO_DO} line" in made.text:
        assert plain(before) == plain(after)


@pytest.mark.parametrize("name", ["&x certs/k", "!!str certs/k"])
def test_a_file_name_behind_a_tag_or_an_anchor_is_left_to_be_decided(name: str) -> None:
    made = rewritten(WHOLE.replace("key: certs/a.key", f"key: {name}"))
    assert f"key: {name}\n" in made.text
    assert made.remarks > 0
