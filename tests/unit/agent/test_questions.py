"""From a NOTIFY to a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.agent.questions import (
    MAX_CHAIN,
    ChainMalformed,
    Flaw,
    Header,
    Question,
    Unanswerable,
    read_question,
    split_chain,
)
from ostiary.agent.tunnels import Tunnel
from ostiary.forwarded.formats import HeaderFormat
from ostiary.spoe.events import Notify
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Kind, Value, read_value
from ostiary.spoe.varint import encode_varint


def der(size: int) -> bytes:
    """Make a SEQUENCE of this many bytes inside, with the shortest length (X.690, 10.1)."""
    if size < 128:
        return bytes((0x30, size)) + bytes(size)
    width = (size.bit_length() + 7) // 8
    return bytes((0x30, 0x80 + width)) + size.to_bytes(width, "big") + bytes(size)


def asking(**changes: Value) -> Notify:
    usual: dict[str, Value] = {"entry": "orders", "cert": b"leaf", "chain": der(3)}
    return Notify(1, 1, (Message("judge", usual | changes),))


def test_a_question_names_entry_certificate_and_chain() -> None:
    expected = Question(entry="orders", certificate=b"leaf", chain=der(3))
    assert read_question(asking()) == expected


def test_the_name_of_the_message_says_whether_the_chain_is_to_be_told() -> None:
    arguments: dict[str, Value] = {"entry": "orders", "cert": b"leaf"}
    for name, wanted in (("judge", False), ("chain", True)):
        reading = read_question(Notify(1, 1, (Message(name, arguments),)))
        assert isinstance(reading, Question)
        assert reading.wants_chain is wanted


def test_a_question_may_ask_what_conditions_are_of_the_certificate() -> None:
    for notify in (asking(marks="ab12"), about_header(marks="ab12")):
        reading = read_question(notify)
        assert isinstance(reading, Question)
        assert reading.marks == "ab12"
    assert read_question(asking(marks=5)) == Unanswerable(Flaw.MARKS)


def about_header(name: str = "header", **changes: Value) -> Notify:
    usual: dict[str, Value] = {"entry": "orders", "header": "abc", "format": "auto"}
    return Notify(1, 1, (Message(name, usual | changes),))


@pytest.mark.parametrize(("name", "chain"), [("header", False), ("header-chain", True)])
def test_a_question_may_be_about_a_header(name: str, chain: bool) -> None:
    assert read_question(about_header(name)) == Question(
        entry="orders",
        certificate=b"",
        chain=b"",
        wants_chain=chain,
        header=Header(b"abc", HeaderFormat.AUTO),
    )


@given(st.binary(min_size=1))
def test_a_header_comes_as_the_bytes_that_were_sent(value: bytes) -> None:
    text, _ = read_value(bytes((Kind.STRING,)) + encode_varint(len(value)) + value, 0)
    reading = read_question(about_header(header=text))
    assert isinstance(reading, Question)
    assert reading.header == Header(value, HeaderFormat.AUTO)


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"header": ""}, Flaw.HEADER),
        ({"header": None}, Flaw.HEADER),
        ({"header": 7}, Flaw.HEADER),
        ({"format": "other"}, Flaw.FORMAT),
        ({"format": None}, Flaw.FORMAT),
        ({"entry": ""}, Flaw.ENTRY),
    ],
)
def test_a_question_about_a_header_without_its_parts_is_not_answered(
    changes: dict[str, Value], flaw: Flaw
) -> None:
    assert read_question(about_header(**changes)) == Unanswerable(flaw)


@pytest.mark.parametrize("nothing", [None, b""])
def test_a_chain_may_be_absent(nothing: Value) -> None:
    expected = Question(entry="orders", certificate=b"leaf", chain=b"")
    assert read_question(asking(chain=nothing)) == expected


def test_a_chain_that_was_not_even_sent_is_absent() -> None:
    notify = Notify(1, 1, (Message("judge", {"entry": "orders", "cert": b"leaf"}),))
    assert read_question(notify) == Question(entry="orders", certificate=b"leaf", chain=b"")


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"entry": None}, Flaw.ENTRY),
        ({"entry": ""}, Flaw.ENTRY),
        ({"entry": b"orders"}, Flaw.ENTRY),
        ({"cert": None}, Flaw.CERTIFICATE),
        ({"cert": b""}, Flaw.CERTIFICATE),
        ({"cert": "text"}, Flaw.CERTIFICATE),
        ({"chain": "text"}, Flaw.CHAIN),
        ({"chain": False}, Flaw.CHAIN),
        ({"chain": b"\x31\x00"}, Flaw.CHAIN),
    ],
)
def test_a_question_without_sense_is_told_apart(changes: dict[str, Value], flaw: Flaw) -> None:
    assert read_question(asking(**changes)) == Unanswerable(flaw)


def test_a_notify_without_our_message_asks_nothing() -> None:
    assert read_question(Notify(1, 1, ())) == Unanswerable(Flaw.NO_MESSAGE)
    other = Notify(1, 1, (Message("other", {"entry": "orders", "cert": b"leaf"}),))
    assert read_question(other) == Unanswerable(Flaw.NO_MESSAGE)


def test_two_questions_in_one_notify_get_no_answer() -> None:
    twice = Notify(1, 1, asking().messages * 2)
    assert read_question(twice) == Unanswerable(Flaw.TWO_MESSAGES)
    other = Message("chain", asking().messages[0].arguments)
    both = Notify(1, 1, (*asking().messages, other))
    assert read_question(both) == Unanswerable(Flaw.TWO_MESSAGES)


@given(st.lists(st.integers(0, 70_000), max_size=5))
def test_a_chain_comes_apart_where_it_was_joined(sizes: list[int]) -> None:
    certificates = tuple(der(size) for size in sizes)
    assert split_chain(b"".join(certificates)) == certificates


@given(st.lists(st.integers(0, 300), min_size=1, max_size=4), st.data())
def test_a_chain_cut_inside_a_certificate_is_malformed(
    sizes: list[int], data: st.DataObject
) -> None:
    last = der(sizes[-1])
    whole = b"".join(der(size) for size in sizes[:-1])
    cut = data.draw(st.integers(1, len(last) - 1))
    with pytest.raises(ChainMalformed):
        split_chain(whole + last[:cut])


@given(st.binary(max_size=40))
def test_no_bytes_make_splitting_fall_over(data: bytes) -> None:
    try:
        certificates = split_chain(data)
    except ChainMalformed:
        return
    assert b"".join(certificates) == data


@pytest.mark.parametrize(
    "chain",
    [
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"\x30\xff" + bytes(200),
        b"\x02\x01\x00",
        b"\x30\x84\xff\xff\xff\xff",
    ],
)
def test_what_is_no_der_sequence_is_malformed(chain: bytes) -> None:
    with pytest.raises(ChainMalformed):
        split_chain(chain)


def test_a_chain_longer_than_the_limit_is_malformed() -> None:
    assert len(split_chain(der(3) * MAX_CHAIN)) == MAX_CHAIN
    with pytest.raises(ChainMalformed, match="more than"):
        split_chain(der(3) * (MAX_CHAIN + 1))


def test_a_request_for_a_websocket_tells_where_it_can_be_found() -> None:
    reading = read_question(asking(tunnel="7 12 2001:db8::1:443", mode=3))
    assert isinstance(reading, Question)
    assert reading.tunnel == Tunnel(
        worker=7, stream=12, client="2001:db8::1:443", only_reported=True
    )
    about = read_question(about_header(tunnel="7 12 192.0.2.1:443"))
    assert isinstance(about, Question)
    assert about.tunnel == Tunnel(worker=7, stream=12, client="192.0.2.1:443")


@pytest.mark.parametrize(
    ("told", "refuses"),
    [({}, False), ({"mode": 0}, True), ({"mode": 1}, True), ({"mode": 2}, False)],
)
def test_it_is_known_where_a_policy_refuses_whoever_is_not_welcome(
    told: dict[str, Value], refuses: bool
) -> None:
    """Without a mode pipelines decide, and may let pass."""
    reading = read_question(asking(tunnel="7 12 192.0.2.1:443", **told))
    assert isinstance(reading, Question)
    assert reading.tunnel is not None
    assert reading.tunnel.refuses is refuses


@pytest.mark.parametrize(
    "changes",
    [
        {"tunnel": ""},
        {"tunnel": "7 12"},
        {"tunnel": "7 -12 x"},
        {"tunnel": "7 12 x y"},
        {"tunnel": "7 ١٢ x"},
        {"tunnel": 7},
        {"tunnel": "7 12 x", "mode": 4},
        {"tunnel": "7 12 x", "mode": "1"},
    ],
)
def test_a_websocket_that_could_not_be_found_again_is_not_answered(
    changes: dict[str, Value],
) -> None:
    assert read_question(asking(**changes)) == Unanswerable(Flaw.TUNNEL)
