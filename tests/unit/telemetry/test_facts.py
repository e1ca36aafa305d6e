"""Facts of certificates: small, exact, and never trusted to be whole."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.telemetry.facts import (
    LARGEST_FACTS,
    SHORT,
    ClientFacts,
    FactsDamaged,
    decode,
    encode,
    entry_of,
)
from ostiary.telemetry.noting import seen_certificate
from ostiary.x509.structure import AlternativeNames, Attribute, Names
from tests.support.pki import Kit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_texts = st.lists(st.text(max_size=8), max_size=2).map(tuple)
_attributes = st.builds(
    Attribute, st.sampled_from(["2.5.4.3", "2.5.4.6", "1.2.3.4", ""]), st.text(max_size=10)
)
_names = st.lists(st.lists(_attributes, max_size=2).map(tuple), max_size=3).map(tuple)
_moments = st.integers(0, 253_402_300_799).map(lambda s: EPOCH + timedelta(seconds=s))
FACTS = st.builds(
    ClientFacts,
    names=st.builds(
        Names,
        subject=_names,
        issuer=_names,
        alternatives=st.builds(AlternativeNames, dns=_texts, uri=_texts, email=_texts, ip=_texts),
        policies=_texts,
    ),
    serial=st.integers(-(2**159), 2**159),
    not_before=_moments,
    not_after=_moments,
    path=st.lists(st.binary(min_size=SHORT, max_size=SHORT), max_size=4).map(tuple),
    verified=st.booleans(),
    entry=st.sampled_from(["", "0123456789abcdef"]),
)


@given(FACTS)
@settings(max_examples=300, deadline=None)
def test_what_is_encoded_is_read_back_or_said_to_be_cut(facts: ClientFacts) -> None:
    data = encode(facts)
    assert len(data) <= LARGEST_FACTS
    assert entry_of(data) == facts.entry
    read = decode(data)
    if not read.cut:
        assert read == facts
    else:
        assert (read.not_after, read.verified) == (facts.not_after, facts.verified)


@given(FACTS, st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_damage_is_told_or_harmless(facts: ClientFacts, place: int, byte: int) -> None:
    data = bytearray(encode(facts))
    data[place % len(data)] = byte
    for damaged in (bytes(data), bytes(data[: place % len(data)]), bytes(data) + b"x"):
        for reading in (decode, entry_of):
            with contextlib.suppress(FactsDamaged):
                reading(damaged)


@pytest.mark.parametrize("data", [b"", b"\x02\x00", b"\x01", b"\x01\x02", bytes(40)])
def test_what_is_no_encoding_is_refused(data: bytes) -> None:
    with pytest.raises(FactsDamaged):
        decode(data)


def test_names_too_long_are_left_out_and_the_rest_stays() -> None:
    long = Names(
        subject=((Attribute("2.5.4.3", "x" * 1000),),),
        issuer=(),
        alternatives=AlternativeNames(),
        policies=(),
    )
    facts = ClientFacts(names=long, serial=7, path=(b"p" * SHORT,), verified=True, entry="e")
    read = decode(encode(facts))
    assert read.cut
    assert (read.serial, read.path, read.verified, read.entry) == (7, (b"p" * SHORT,), True, "e")


def test_absurd_numbers_stay_within_the_bound() -> None:
    facts = ClientFacts(serial=2**100_000, path=tuple(bytes([n]) * SHORT for n in range(200)))
    assert len(encode(facts)) <= LARGEST_FACTS
    assert decode(encode(replace(facts, cut=True))).serial == 0


def test_an_ordinary_certificate_takes_little_room(kit: Kit) -> None:
    root = kit.root("facts root")
    mid = kit.intermediate(root, "facts mid")
    leaf = kit.client(mid, "client-0001.example.com", dns=["client-0001.example.com"])
    path = (leaf.certificate, mid.certificate, root.certificate)
    kept = seen_certificate(path, verified=True, entry="0123456789abcdef")
    assert len(kept.facts) < 220
    read = decode(kept.facts)
    assert read.names == leaf.certificate.names
    assert read.path == (mid.certificate.sha256[:SHORT], root.certificate.sha256[:SHORT])
    assert kept.anchor == root.certificate.sha256
