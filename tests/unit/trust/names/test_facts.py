"""Facts: small enough to be kept of a million certificates, and read back whole or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.trust.names.facts import Facts, NoFacts, decode_facts, facts_of
from ostiary.trust.names.index import NameIndex, Passed
from ostiary.trust.names.rules import NameRules
from ostiary.x509.structure import AlternativeNames, Attribute, Names
from tests.support.pki import Kit
from tests.unit.trust.names.model import facts

TEXTS = st.text(max_size=12)
OIDS = st.sampled_from(["2.5.4.3", "2.5.4.10", "1.3.6.1.4.1.99999.1", "0.9.2342.19200300.100.1.1"])
RDNS = st.lists(st.lists(st.builds(Attribute, OIDS, TEXTS), max_size=3).map(tuple), max_size=4).map(
    tuple
)
KINDS = st.lists(TEXTS, max_size=3).map(tuple)
FACTS = st.builds(
    Facts,
    names=st.builds(
        Names,
        subject=RDNS,
        issuer=RDNS,
        alternatives=st.builds(AlternativeNames, dns=KINDS, uri=KINDS, email=KINDS, ip=KINDS),
        policies=KINDS,
    ),
    serial=st.integers(-(1 << 160), 1 << 160),
    fingerprint=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@settings(max_examples=200, deadline=None)
@given(FACTS)
def test_what_is_stored_is_read_back(one: Facts) -> None:
    assert decode_facts(one.encode()) == one


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_other_bytes_are_no_facts(data: bytes) -> None:
    for candidate in (data, b"\x01" + data, b"\x01" + bytes(32) + data):
        with pytest.raises(NoFacts):
            decode_facts(candidate)


def test_facts_cut_short_are_no_facts() -> None:
    whole = facts("CN=a", "O=b").encode()
    for length in range(len(whole)):
        with pytest.raises(NoFacts):
            decode_facts(whole[:length])


def test_a_usual_certificate_takes_less_than_300_bytes(kit: Kit) -> None:
    usual = facts(
        *("C=IN", "ST=Karnataka", "L=Bengaluru", "O=Boomi Private Limited", "OU=Integration"),
        "CN=orders-service-17.prod.boomi.example",
        "E=integration-team@boomi.example",
        issuer=("C=US", "O=Example Trust Services", "CN=Example TLS Issuing CA 7"),
        dns=("orders-service-17.prod.boomi.example",),
        uri=("spiffe://prod.boomi.example/ns/orders/sa/orders-service",),
        serial=1 << 158,
        fingerprint=kit.root("root").certificate.fingerprint,
    )
    assert len(usual.encode()) < 300


def test_stored_facts_are_judged_like_the_certificate(kit: Kit) -> None:
    certificate = kit.client(kit.root("root"), "leaf", dns=["a.example"], ips=["::1"]).certificate
    found = facts_of(certificate)
    assert found.names == certificate.names
    index = NameIndex(NameRules(patterns=("CN=l?af",)))
    assert isinstance(index.judge(certificate), Passed)
    assert index.judge(decode_facts(found.encode())) == index.judge(certificate)
