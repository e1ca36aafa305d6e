"""Every balancer's spelling comes back as the DER that went in; anything else is a fault."""

import base64
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ostiary.forwarded.decode import LARGEST_VALUE, decode, detect
from ostiary.forwarded.encodings import LARGEST_DECODED, MOST_CERTIFICATES
from ostiary.forwarded.formats import HeaderFormat
from ostiary.forwarded.outcome import FaultKind, Forwarded, HeaderFault
from tests.unit.forwarded import writers
from tests.unit.forwarded.writers import chains, ders, sequence

Writer = Callable[[Sequence[bytes]], bytes]

WHOLE_CHAIN: list[tuple[Writer, HeaderFormat]] = [
    (writers.aws, HeaderFormat.URLENCODED_PEM),
    (writers.form, HeaderFormat.URLENCODED_PEM),
    (writers.blanks, HeaderFormat.PEM),
    (writers.nginx_folded, HeaderFormat.PEM),
    (writers.nothing_between, HeaderFormat.PEM),
    (writers.pem, HeaderFormat.PEM),
    (writers.base64_pem, HeaderFormat.BASE64_DER),
    (writers.traefik, HeaderFormat.BASE64_DER),
    (writers.traefik_escaped, HeaderFormat.BASE64_DER),
    (writers.envoy, HeaderFormat.XFCC),
]
LEAF_ALONE: list[tuple[Writer, HeaderFormat]] = [
    (writers.nginx_escaped, HeaderFormat.URLENCODED_PEM),
    (writers.base64_der, HeaderFormat.BASE64_DER),
    (writers.rfc9440, HeaderFormat.RFC9440),
]
ALL = WHOLE_CHAIN + LEAF_ALONE
# Of SEQUENCE { OCTET STRING … }; its base64 has a plus, a slash and padding.
PLUS = sequence(b"\x04\x05\xfb\xef\xbe\xff\xff" + b"\xfb" * 121 + b"\xff" * 3)


def fault(value: bytes, written: HeaderFormat = HeaderFormat.AUTO) -> HeaderFault:
    outcome = decode(value, written)
    assert isinstance(outcome, HeaderFault)
    return outcome


@pytest.mark.parametrize(("write", "written"), WHOLE_CHAIN)
@given(chain=chains)
def test_a_chain_comes_back_whole_and_in_order(
    write: Writer, written: HeaderFormat, chain: list[bytes]
) -> None:
    expected = Forwarded(leaf=chain[0], chain=tuple(chain[1:]))
    value = write(chain)
    assert decode(value, written) == expected
    assert decode(value, HeaderFormat.AUTO) == expected
    assert detect(value) is written


@pytest.mark.parametrize(("write", "written"), LEAF_ALONE)
@given(der=ders)
def test_a_certificate_comes_back(write: Writer, written: HeaderFormat, der: bytes) -> None:
    value = write([der])
    assert decode(value, written) == Forwarded(leaf=der)
    assert decode(value, HeaderFormat.AUTO) == Forwarded(leaf=der)
    assert detect(value) is written


def test_the_sample_has_all_that_is_easily_mistaken() -> None:
    assert {"+", "/", "="} <= set(base64.b64encode(PLUS).decode())


@pytest.mark.parametrize(("write", "written"), ALL)
def test_a_plus_is_never_taken_for_a_blank(write: Writer, written: HeaderFormat) -> None:
    assert decode(write([PLUS]), written) == Forwarded(leaf=PLUS)


@pytest.mark.parametrize(("write", "written"), ALL)
def test_blanks_around_the_value_do_not_count(write: Writer, written: HeaderFormat) -> None:
    assert decode(b" \t" + write([PLUS]) + b" ", written) == Forwarded(leaf=PLUS)


@pytest.mark.parametrize(("write", "written"), ALL)
@pytest.mark.parametrize("how", [HeaderFormat.AUTO, None])
def test_every_strict_beginning_of_a_value_is_a_fault(
    write: Writer, written: HeaderFormat, how: HeaderFormat | None
) -> None:
    # The sample's base64 ends in padding, so without any of it nothing fits. The last line end
    # of PEM may go.
    value = write([PLUS]).strip().removesuffix(b"%0A")
    readable = [
        size
        for size in range(len(value))
        if isinstance(decode(value[:size], how or written), Forwarded)
    ]
    assert readable == []


@pytest.mark.parametrize(("write", "written"), ALL)
@pytest.mark.parametrize(
    "rest", [b"x", b"=", b" x", b"\0", b"%", b"%00", b"%0", b"%2B", b"\xff", b'"', b":", b"\\"]
)
def test_nothing_may_be_left_over(write: Writer, written: HeaderFormat, rest: bytes) -> None:
    assert fault(write([PLUS]).strip() + rest, written).kind is FaultKind.MALFORMED


@pytest.mark.parametrize(("write", "written"), ALL)
@given(data=st.data())
def test_a_changed_byte_never_gives_another_certificate_silently(
    write: Writer, written: HeaderFormat, data: st.DataObject
) -> None:
    """What differs decodes to other bytes or to a fault; never to the same by leniency."""
    value = write([PLUS]).strip()
    place = data.draw(st.integers(0, len(value) - 1))
    byte = data.draw(st.integers(0, 255))
    assume(value[place] != byte)
    changed = value[:place] + bytes([byte]) + value[place + 1 :]
    outcome = decode(changed, written)
    if isinstance(outcome, Forwarded) and outcome.leaf == PLUS:
        assert _is_free(value, place, written), (value[max(0, place - 9) : place + 9], byte)


def _is_free(value: bytes, place: int, written: HeaderFormat) -> bool:
    """Whether spelling is free there: letter case of escapes and keys, kinds of blanks, By."""
    if written is HeaderFormat.XFCC and (place <= value.index(b";") or value[place] in b";"):
        return True
    return value[place : place + 1].isalnum() or value[place] in b":/ \t\r\n+"


@given(value=st.binary(max_size=300), written=st.sampled_from(HeaderFormat))
def test_any_bytes_give_an_outcome(value: bytes, written: HeaderFormat) -> None:
    assert isinstance(decode(value, written), Forwarded | HeaderFault)


_FRAGMENTS = st.sampled_from(
    [
        b"-----BEGIN CERTIFICATE-----",
        b"-----END CERTIFICATE-----",
        b"-----BEGIN%20CERTIFICATE-----%0A",
        b"-----",
        b"MAA=",
        b"MIIB",
        b":",
        b",",
        b";",
        b'"',
        b"\\",
        b"Cert=",
        b"Chain=",
        b"Hash=",
        b"URI=",
        b"By=",
        b"%",
        b"%2C",
        b" ",
        b"\n\t",
        b"=",
    ]
)


@given(parts=st.lists(_FRAGMENTS, max_size=30), written=st.sampled_from(HeaderFormat))
def test_broken_pieces_in_any_order_give_an_outcome(
    parts: list[bytes], written: HeaderFormat
) -> None:
    outcome = decode(b"".join(parts), written)
    assert isinstance(outcome, HeaderFault) or outcome.leaf == b"\x30\x00"


@pytest.mark.parametrize("written", HeaderFormat)
@pytest.mark.parametrize("value", [b"", b" ", b"\t \t"])
def test_an_empty_header_is_malformed(value: bytes, written: HeaderFormat) -> None:
    assert fault(value, written) == HeaderFault(FaultKind.MALFORMED, "the header is empty")


@pytest.mark.parametrize(
    "value", [b"-", b"(null)", b"null", b"undefined", b"NONE", b"%", b":", b"::"]
)
def test_what_balancers_write_for_nothing_is_malformed(value: bytes) -> None:
    assert fault(value).kind is FaultKind.MALFORMED


@pytest.mark.parametrize(
    ("write", "written"),
    [
        (writers.nginx_escaped, HeaderFormat.URLENCODED_PEM),
        (writers.blanks, HeaderFormat.PEM),
        (writers.rfc9440, HeaderFormat.RFC9440),
    ],
)
@pytest.mark.parametrize("how", [HeaderFormat.AUTO, None])
def test_two_headers_joined_by_a_comma_are_told_as_repeated(
    write: Writer, written: HeaderFormat, how: HeaderFormat | None
) -> None:
    value = write([PLUS]).strip()
    assert fault(value + b", " + value, how or written).kind is FaultKind.REPEATED


@pytest.mark.parametrize(
    ("write", "written"),
    [one for one in WHOLE_CHAIN if one[1] is not HeaderFormat.XFCC],
)
def test_sixteen_certificates_are_read_and_seventeen_are_not(
    write: Writer, written: HeaderFormat
) -> None:
    chain = [sequence(bytes([number]) * 3) for number in range(MOST_CERTIFICATES + 1)]
    assert decode(write(chain[:-1]), written) == Forwarded(leaf=chain[0], chain=tuple(chain[1:-1]))
    assert fault(write(chain), written).kind is FaultKind.TOO_LARGE


def test_64_kib_of_certificates_are_read_and_a_byte_more_is_not() -> None:
    largest = sequence(bytes(LARGEST_DECODED - 4))
    assert len(largest) == LARGEST_DECODED
    for write, written in ALL:
        assert decode(write([largest]), written) == Forwarded(leaf=largest)
        above = fault(write([sequence(bytes(LARGEST_DECODED - 3))]), written)
        assert above.kind is FaultKind.TOO_LARGE
    for write, written in WHOLE_CHAIN:
        assert fault(write([largest, b"\x30\x00"]), written).kind is FaultKind.TOO_LARGE


def test_a_value_beyond_all_spellings_is_not_even_looked_at() -> None:
    assert fault(b"M" * (LARGEST_VALUE + 1)).kind is FaultKind.TOO_LARGE
    escaped = b"".join(b"%%%02x" % byte for byte in base64.b64encode(PLUS))
    assert decode(escaped, HeaderFormat.BASE64_DER) == Forwarded(leaf=PLUS)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x31\x00",
        b"\x30\x01",
        b"\x30\x00\x00",
        b"\x30\x80\x00\x00",  # indefinite: BER
        b"\x30\x81\x7f" + bytes(127),  # not the shortest length
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x84\x00\x00\x00\x80" + bytes(128),
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x30\xff" + bytes(127),
        sequence(b"a") * 2,
    ],
)
@pytest.mark.parametrize(("write", "written"), ALL)
def test_what_is_not_one_whole_der_sequence_is_malformed(
    write: Writer, written: HeaderFormat, der: bytes
) -> None:
    assert fault(write([der]), written).kind is FaultKind.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        b"MAA",  # no padding
        b"MAA==",
        b"MAB=",  # bits that don't count are set
        b"MA A=",
        b"MA\nA=",
        b"MAA=MAA=",
        b"M\nAA=",
        b"MA-_",
        b"=MAA",
    ],
)
@pytest.mark.parametrize("around", [b":%b:", b"%b,MAA=", b"MAA=,%b"])
def test_base64_has_one_spelling(text: bytes, around: bytes) -> None:
    assert isinstance(decode(around % b"MAA=", HeaderFormat.AUTO), Forwarded)
    assert fault(around % text).kind is FaultKind.MALFORMED


@pytest.mark.parametrize(
    "label", [b"TRUSTED CERTIFICATE", b"PRIVATE KEY", b"X509 CRL", b"CERTIFICATE REQUEST", b""]
)
def test_pem_of_other_things_is_malformed(label: bytes) -> None:
    value = b"-----BEGIN %b----- MAA= -----END %b-----" % (label, label)
    assert fault(value).kind is FaultKind.MALFORMED
    good = writers.blanks([PLUS])
    assert fault(good + value).kind is FaultKind.MALFORMED
    assert fault(value + good).kind is FaultKind.MALFORMED


def test_text_around_pem_is_malformed_in_a_header() -> None:
    good = writers.blanks([PLUS])
    for value in (b"subject=x " + good, good + b" x", good + b"x " + good):
        assert fault(value, HeaderFormat.PEM).kind is FaultKind.MALFORMED


def test_percent_encoding_is_undone_once() -> None:
    twice = writers.nginx_escaped([PLUS]).replace(b"%", b"%25")
    assert fault(twice, HeaderFormat.URLENCODED_PEM).kind is FaultKind.MALFORMED


def test_a_format_that_is_given_is_kept_to() -> None:
    for write, written in ALL:
        for other in HeaderFormat:
            compatible = other in (written, HeaderFormat.AUTO)
            if not compatible:
                outcome = decode(write([PLUS]), other)
                assert isinstance(outcome, HeaderFault) or (
                    # Plain PEM without a blank or an escape is percent-encoded PEM, too.
                    other is HeaderFormat.URLENCODED_PEM and b" " not in write([PLUS])
                ), (write, other)


@pytest.mark.parametrize(
    "value",
    [
        b"-----BEGIN CERTIFICATE-----" * 9000,
        b"-----BEGIN CERTIFICATE-----" + b"A" * 260_000,
        b" " * 130_000 + b"-" * 130_000,
        b"%" * LARGEST_VALUE,
        b"%20" * 87_000,
        b"," * LARGEST_VALUE,
        b"MAA=," * 50_000,
        b'Cert="' + b"\\" * 260_000,
        b'Cert="' + b'\\"' * 130_000,
        b"By=," * 65_000,
        b"By=" + b" " * 260_000,
        b"DNS=a;" * 43_000,
        b":" * LARGEST_VALUE,
    ],
    ids=lambda value: value[:30].decode() + f"… {len(value)}",
)
@pytest.mark.parametrize("written", HeaderFormat)
def test_no_value_takes_long(value: bytes, written: HeaderFormat) -> None:
    begin = time.process_time()
    assert isinstance(decode(value, written), HeaderFault)
    assert time.process_time() - begin < 1
