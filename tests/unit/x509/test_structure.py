"""Names taken apart: every string type is text, and nothing in a value can forge another."""

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type as Type
from cryptography.x509.oid import NameOID

from ostiary.x509.structure import AlternativeNames, Attribute
from tests.support.pki import Kit

CN = "2.5.4.3"


def subject(*rdns: list[x509.NameAttribute]) -> x509.Name:
    return x509.Name([x509.RelativeDistinguishedName(rdn) for rdn in rdns])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Type.PrintableString, "plain 7"),
        (Type.UTF8String, "Zürich €"),
        (Type.BMPString, "Zürich €"),
        (Type.UniversalString, "Zürich €"),
        (Type.T61String, "plain"),
        (Type.IA5String, "a@b.example"),
        (Type.NumericString, "123 4"),
    ],
)
def test_every_string_type_is_read_as_text(kit: Kit, kind: Type, text: str) -> None:
    named = subject([x509.NameAttribute(NameOID.COMMON_NAME, text, _type=kind)])
    made = kit.client(None, "typed", subject=named)
    assert made.certificate.rdns == ((Attribute(CN, text),),)


def test_attributes_are_told_in_order_with_those_of_one_rdn_together(kit: Kit) -> None:
    named = subject(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "IN")],
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "a,O=Bank"),
            x509.NameAttribute(NameOID.USER_ID, "u"),
        ],
    )
    country, both = kit.client(None, "several", subject=named).certificate.rdns
    assert country == (Attribute("2.5.4.6", "IN"),)
    assert set(both) == {
        Attribute(CN, "a,O=Bank"),
        Attribute("0.9.2342.19200300.100.1.1", "u"),
    }


def test_a_country_of_three_letters_is_borne_with_in_silence(kit: Kit) -> None:
    # The seed's own example; pyca warns about it, and warnings are errors in these tests.
    patch = [(b"\x55\x04\x03\x0c\x03IND", b"\x55\x04\x06\x0c\x03IND")]
    odd = kit.client(None, "country", common_name="IND", patch=patch).certificate
    assert odd.rdns == ((Attribute("2.5.4.6", "IND"),),)
    assert odd.subject == "C=IND"
    assert odd.subject_der


def test_a_bit_string_is_the_hex_of_its_content(kit: Kit) -> None:
    unique = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\x01\xff", _type=Type.BitString)
    made = kit.client(None, "bits", subject=subject([unique])).certificate
    assert made.rdns == ((Attribute("2.5.4.45", "#01ff"),),)


def test_alternative_names_and_policies_are_told_by_kind(kit: Kit) -> None:
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.2"), None)
    root = kit.root("root")
    names = kit.client(
        root,
        "leaf",
        dns=["a.example", "b.example"],
        ips=["::1", "10.0.0.1"],
        emails=["a@b.example"],
        uris=["spiffe://a/b"],
        other_names=[x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))],
        extensions=[(x509.CertificatePolicies([policy]), False)],
    ).certificate.names
    assert names.alternatives == AlternativeNames(
        dns=("a.example", "b.example"),
        uri=("spiffe://a/b",),
        email=("a@b.example",),
        ip=("::1", "10.0.0.1"),
    )
    assert names.policies == ("2.23.140.1.2.2",)
    assert names.issuer == root.certificate.rdns


def test_a_certificate_without_extensions_or_subject_has_no_names(kit: Kit) -> None:
    names = kit.root("v1", version_1=True, common_name="").certificate.names
    assert (names.subject, names.alternatives, names.policies) == ((), AlternativeNames(), ())
