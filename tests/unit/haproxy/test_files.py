"""Sections, maps and crt-lists as text."""

import pytest

from ostiary.haproxy.files import (
    CrtListEntry,
    Section,
    render_crt_list,
    render_map,
    render_ordered_map,
    render_sections,
)
from ostiary.haproxy.quote import Unquotable


def test_a_section_tells_where_it_comes_from() -> None:
    text = render_sections([Section("backend a", ("balance x",), "pipelines.a"), Section("b", ())])
    assert text == b"# pipelines.a\nbackend a\n    balance x\n\nb\n"


def test_an_origin_can_not_open_a_line() -> None:
    text = render_sections([Section("backend a", (), "pipelines.a\nlisten b\x85\u2028")])
    assert text == b"# pipelines.a?listen b??\nbackend a\n"


def test_a_map_is_sorted_and_an_ordered_map_is_not() -> None:
    assert render_map({"b": "2", "a": "1 2"}) == b"a 1 2\nb 2\n"
    assert render_ordered_map([("b", "2"), ("a", "1")]) == b"b 2\na 1\n"


def test_a_key_of_two_words_is_refused() -> None:
    with pytest.raises(Unquotable):
        render_map({"a b": "1"})


def test_a_certificate_without_names_is_the_fallback_and_never_matched_by_its_own_names() -> None:
    assert render_crt_list([]) == b""
    assert render_crt_list([CrtListEntry("/f/a.pem", (), ())]) == b"/f/a.pem [] !*\n"
    assert (
        render_crt_list([CrtListEntry("/f/a.pem", ("alpn", "h2"), ("a.com", "*.b.com"))])
        == b"/f/a.pem [alpn h2] a.com *.b.com\n"
    )
