"""Plain names are read as the library reads them, or not at all; and so are plain keys."""

from operator import itemgetter

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type as Type
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.x509.certificate import bearing_oddities, parse
from ostiary.x509.errors import NotACertificate
from ostiary.x509.keys import KeyKind, PublicKey, plain_key_of, public_key_of
from ostiary.x509.plain_names import plain_name
from ostiary.x509.structure import Attribute, attributes_of
from tests.support.pki import Kit

TYPES = (
    NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER, NameOID.COUNTRY_NAME,
    NameOID.LOCALITY_NAME, NameOID.STATE_OR_PROVINCE_NAME, NameOID.STREET_ADDRESS,
    NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.TITLE,
    NameOID.POSTAL_CODE, NameOID.GIVEN_NAME, NameOID.DN_QUALIFIER, NameOID.USER_ID,
    NameOID.ORGANIZATION_IDENTIFIER, NameOID.DOMAIN_COMPONENT, NameOID.EMAIL_ADDRESS,
    NameOID.PSEUDONYM, x509.ObjectIdentifier("1.2.3"),
)  # fmt: skip
ODD = st.sampled_from('aZ0 ,+"\\<>;#=\0\n€ü\u00a0\u2028')
TEXTS = st.text(ODD, max_size=6) | st.text(max_size=9) | st.just("long" * 40)
KINDS = st.sampled_from((Type.UTF8String, Type.BMPString))
PAIRS = st.tuples(st.sampled_from(TYPES), TEXTS, KINDS)
RDN = st.lists(PAIRS, min_size=1, max_size=2, unique_by=itemgetter(0))


def name_of(rdns: list[list[tuple[x509.ObjectIdentifier, str, Type]]]) -> x509.Name:
    with bearing_oddities():  # a common name of no length, say
        return x509.Name(
            x509.RelativeDistinguishedName(
                x509.NameAttribute(oid, text, _type=kind, _validate=False)
                for oid, text, kind in rdn
            )
            for rdn in rdns
        )


@given(st.lists(RDN, max_size=4))
@example([])
@example([[(NameOID.COMMON_NAME, 'a,+"\\<>;#b', Type.UTF8String)]])
def test_a_plain_name_says_what_the_library_says(
    rdns: list[list[tuple[x509.ObjectIdentifier, str, Type]]],
) -> None:
    name = name_of(rdns)
    plain = plain_name(name.public_bytes())
    if plain is not None:
        assert plain.attributes == attributes_of(name)
        assert plain.text == name.rfc4514_string()


@pytest.mark.parametrize("oid", TYPES[:-2])
@pytest.mark.parametrize("kind", [Type.UTF8String, Type.PrintableString, Type.IA5String])
def test_common_attributes_are_plain(oid: x509.ObjectIdentifier, kind: Type) -> None:
    name = x509.Name([x509.NameAttribute(oid, "IN", _type=kind)])
    plain = plain_name(name.public_bytes())
    assert plain is not None
    assert plain.attributes == ((Attribute(oid.dotted_string, "IN"),),)
    assert plain.text == name.rfc4514_string()


@pytest.mark.parametrize("text", ["", " a", "a ", "#a", "a\0b", "a\nb", "a\u2028b"])
def test_a_text_that_is_written_or_judged_differently_is_left_to_the_library(text: str) -> None:
    name = name_of([[(NameOID.ORGANIZATION_NAME, text, Type.UTF8String)]])
    assert plain_name(name.public_bytes()) is None


def test_other_names_are_left_to_the_library() -> None:
    common, other = ((oid, "a", Type.UTF8String) for oid in (TYPES[0], TYPES[-1]))
    bmp, unit = (TYPES[0], "a", Type.BMPString), (TYPES[8], "a", Type.UTF8String)
    for rdns in ([[other]], [[bmp]], [[common, unit]], [[common], [other]]):
        assert plain_name(name_of(rdns).public_bytes()) is None
    assert plain_name(name_of([[common], [unit]]).public_bytes()) is not None
    assert plain_name(bytes.fromhex("300c310a300806035504030c01ff")) is None


def test_a_name_with_an_empty_part_is_left_to_the_library_which_refuses_it(kit: Kit) -> None:
    assert plain_name(bytes.fromhex("30023100")) is None
    named = name_of([[(NameOID.COMMON_NAME, "a", Type.UTF8String)]] * 2)
    # Two parts of 12 bytes each become six without anything inside.
    patch = [(named.public_bytes()[2:], b"\x31\x00" * 12)]
    with pytest.raises(NotACertificate):
        parse(kit.client(None, "hollow", subject=named, patch=patch).der)


@pytest.mark.parametrize(("curve", "bits"), [(ec.SECP256R1(), 256), (ec.SECP384R1(), 384)])
def test_a_key_on_a_common_curve_is_plain_and_no_other(curve: ec.EllipticCurve, bits: int) -> None:
    public = ec.generate_private_key(curve).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert plain_key_of(der) == public_key_of(public) == PublicKey(KeyKind.EC, bits)
    assert plain_key_of(der[:-1]) is None
    # RFC 5480 2.2: 2 and 3 begin a compressed point, 4 one that is not.
    at = der.rindex(b"\0\x04") + 1 if der.count(b"\0\x04") == 1 else len(der) - bits // 4 - 1
    assert plain_key_of(der[:at] + b"\x02" + der[at + 1 :]) is None


def test_a_point_beside_its_curve_is_no_key(kit: Kit) -> None:
    made = kit.client(None, "beside").certificate
    point = made.public_key_der[-64:]
    beside = made.der.replace(point, point[:-1] + bytes((point[-1] ^ 1,)))
    assert parse(made.der).key == PublicKey(KeyKind.EC, 256)
    assert parse(beside).key == PublicKey(KeyKind.OTHER, 0)
