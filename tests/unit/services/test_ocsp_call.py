"""How questions go over HTTP: short ones in the URL, long ones in the body."""

import base64
import urllib.parse

from ostiary.services.ocsp_call import LONGEST_GET, call_of


def test_a_short_question_is_in_the_url() -> None:
    question = bytes(range(240, 256)) * 4
    call = call_of("http://a.example/ocsp/", question)
    assert call.body == b""
    text = call.url.removeprefix("http://a.example/ocsp/")
    assert not set(text) & set("+/=")
    assert base64.b64decode(urllib.parse.unquote(text)) == question
    assert call_of("http://a.example/ocsp", question) == call


def test_a_long_question_is_the_body() -> None:
    for size in range(30, 80):
        question = b"\xfe\0\0" * size
        call = call_of("http://a.example/", question)
        if call.body:
            assert (call.url, call.body) == ("http://a.example/", question)
        else:
            assert len(call.url) <= LONGEST_GET
    assert call_of("http://a.example/", b"\0" * 249).body
    assert not call_of("http://a.example/", b"\0" * 100).body


def test_an_address_with_a_query_is_asked_by_post() -> None:
    assert call_of("http://a.example/?ca=1", b"x").body == b"x"
