"""Headers are decoded once, and what can't be read has a reason."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.agent.facts import Facts, facts_of, header_hash
from ostiary.agent.headers import Headers, Readable, Unusable
from ostiary.forwarded.formats import HeaderFormat
from ostiary.trust.reason import Reason
from tests.support.pki import Kit


def test_a_certificate_is_read_with_its_facts(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    made = kit.client(kit.root("root"), "client")
    value = base64.b64encode(made.der)
    facts = facts_of(header_hash(value), made.certificate)
    expected = Readable(leaf=made.der, chain=(), facts=facts, actions=facts.actions)
    assert Headers().read(value, HeaderFormat.AUTO) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"x", Reason.HEADER_MALFORMED),
        (b"\xff", Reason.HEADER_MALFORMED),
        (b"-----BEGIN CERTIFICATE-----,", Reason.HEADER_REPEATED),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_nobody_s_facts(value: bytes, reason: Reason) -> None:
    found = Headers().read(value, HeaderFormat.AUTO)
    assert isinstance(found, Unusable)
    assert found.reason is reason
    assert found.facts == Facts(header=header_hash(value))


def test_what_is_no_certificate_is_left_to_the_judge_without_facts() -> None:
    value = base64.b64encode(b"\x30\x00")
    found = Headers().read(value, HeaderFormat.BASE64_DER)
    assert isinstance(found, Readable)
    assert found.facts == Facts(header=header_hash(value))


def test_the_same_header_is_looked_up_and_the_oldest_forgotten() -> None:
    headers = Headers(capacity=2)
    first = headers.read(b"a", HeaderFormat.AUTO)
    headers.read(b"b", HeaderFormat.AUTO)
    assert headers.read(b"a", HeaderFormat.AUTO) is first
    headers.read(b"c", HeaderFormat.AUTO)
    assert headers.read(b"a", HeaderFormat.AUTO) is first
    b = headers.read(b"b", HeaderFormat.AUTO)
    assert headers.read(b"b", HeaderFormat.AUTO) is b
    assert headers.read(b"a", HeaderFormat.AUTO) is not headers.read(b"a", HeaderFormat.PEM)


def test_very_large_headers_are_not_kept() -> None:
    headers = Headers()
    large = b"A" * 8_193
    assert headers.read(large, HeaderFormat.AUTO) is not headers.read(large, HeaderFormat.AUTO)


@given(st.binary(max_size=200), st.sampled_from(HeaderFormat))
def test_any_bytes_are_read_to_an_end(value: bytes, written: HeaderFormat) -> None:
    assert isinstance(Headers().read(value, written), Readable | Unusable)
