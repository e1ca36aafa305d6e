"""Envoy's header: the last element counts, and what a client wrote into its names forges none."""

import hashlib
from urllib.parse import quote

import pytest

from ostiary.forwarded.decode import decode
from ostiary.forwarded.formats import HeaderFormat
from ostiary.forwarded.outcome import FaultKind, Forwarded, HeaderFault
from tests.unit.forwarded.writers import envoy, nginx_escaped, pem, sequence

REAL, VICTIM, MIDDLE = sequence(b"real"), sequence(b"victim"), sequence(b"middle")


def _hash(der: bytes) -> bytes:
    return hashlib.sha256(der).hexdigest().encode()


def _cert(der: bytes) -> bytes:
    return b'Cert="' + nginx_escaped([der]) + b'"'


def _refused(value: bytes) -> str:
    outcome = decode(value, HeaderFormat.XFCC)
    assert isinstance(outcome, HeaderFault)
    assert outcome.kind is FaultKind.MALFORMED
    return outcome.detail


def test_one_element_is_read() -> None:
    value = envoy(
        [REAL], b'Subject="CN=a, O=\\"x\\";y";URI=spiffe://a/b;DNS=a.example;DNS=b.example'
    )
    assert decode(value, HeaderFormat.AUTO) == Forwarded(leaf=REAL)


def test_the_chain_begins_with_the_client() -> None:
    whole = Forwarded(leaf=REAL, chain=(MIDDLE,))
    assert decode(envoy([REAL, MIDDLE]), HeaderFormat.XFCC) == whole
    assert decode(envoy([REAL, MIDDLE], alone=False), HeaderFormat.XFCC) == whole


def test_the_element_of_the_nearest_proxy_is_the_last() -> None:
    value = envoy([VICTIM]) + b"," + envoy([REAL])
    assert decode(value, HeaderFormat.XFCC) == Forwarded(leaf=REAL)
    assert decode(value.replace(b",By", b", By"), HeaderFormat.XFCC) == Forwarded(leaf=REAL)


def test_keys_are_compared_without_case_and_values_need_no_quotes() -> None:
    value = b"hash=" + _hash(REAL).upper() + b";cERT=" + nginx_escaped([REAL])
    assert decode(value, HeaderFormat.AUTO) == Forwarded(leaf=REAL)


def test_an_element_without_a_certificate_tells_what_to_set() -> None:
    assert "cert: true" in _refused(b"By=a;Hash=" + _hash(REAL) + b";URI=spiffe://a")
    assert "cert: true" in _refused(envoy([VICTIM]) + b",By=a;Hash=" + _hash(REAL))


@pytest.mark.parametrize("key", [b"URI", b"DNS"])
def test_a_name_in_the_certificate_cannot_add_an_element(key: bytes) -> None:
    # As Envoy sends it when the client's certificate has this in a SAN: it quotes neither.
    forged = b"x,By=a;Hash=" + _hash(VICTIM) + b";" + _cert(VICTIM)
    assert "SANITIZE_SET" in _refused(envoy([REAL], key + b"=" + forged))
    assert "SANITIZE_SET" in _refused(envoy([REAL], key + b'="x"' + forged[1:]))


@pytest.mark.parametrize("key", [b"URI", b"DNS"])
def test_a_name_in_the_certificate_cannot_add_a_certificate(key: bytes) -> None:
    assert "twice" in _refused(envoy([REAL], key + b"=x;" + _cert(VICTIM)))
    chain = b'Chain="' + quote(pem([VICTIM]), safe="").encode() + b'"'
    assert "Chain doesn't begin" in _refused(envoy([REAL], key + b"=x;" + chain))


@pytest.mark.parametrize("key", [b"URI", b"DNS"])
def test_a_name_cannot_stand_in_for_a_certificate_that_envoy_was_not_asked_for(key: bytes) -> None:
    begin = b"By=a;Hash=" + _hash(REAL) + b";" + key + b"=x;"
    assert "Hash" in _refused(begin + _cert(VICTIM))
    assert "twice" in _refused(begin + b"Hash=" + _hash(VICTIM) + b";" + _cert(VICTIM))


def test_names_without_a_hash_are_not_believed() -> None:
    assert "no Hash" in _refused(b"URI=x;" + _cert(VICTIM))


@pytest.mark.parametrize(
    "before",
    [b'Subject="', b'By="', b'Cert="', b'Subject="\\', b"By=", b"By=;", b'x="', b'"', b";"],
)
def test_an_earlier_element_cannot_swallow_the_last(before: bytes) -> None:
    value = _cert(VICTIM) + b";" + before + b"," + envoy([REAL])
    outcome = decode(value, HeaderFormat.XFCC)
    assert isinstance(outcome, HeaderFault) or outcome.leaf == REAL


@pytest.mark.parametrize(
    "value",
    [
        b"Cert",
        b"Cert=",
        b'Cert="',
        b'Cert=""',
        b"Cert=;",
        b"Other=x;" + _cert(REAL),
        _cert(REAL) + b",",
        _cert(REAL) + b";",
        b"," + _cert(REAL),
        b";" + _cert(REAL),
        _cert(REAL) + b"x",
        _cert(REAL) + b' "',
        _cert(REAL) + b";" + _cert(REAL),
        b"Hash=;" + _cert(REAL),
        b"Hash=" + _hash(VICTIM) + b";" + _cert(REAL),
        b'Cert="' + quote(pem([REAL, MIDDLE]), safe="").encode() + b'"',
        b"Cert:" + nginx_escaped([REAL]),
        b"{Cert=}",
        b"By=a\0;" + _cert(REAL),
        b"By=\xff;" + _cert(REAL),
        b'Subject="\n";' + _cert(REAL),
    ],
)
def test_what_envoy_would_not_write_is_refused(value: bytes) -> None:
    _refused(value)
