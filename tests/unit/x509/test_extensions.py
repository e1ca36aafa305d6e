"""The rest of what a certificate says, for whoever looks at one."""

import hashlib

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID as AccessOID

from ostiary.x509.extensions import Details, details_of
from tests.support.pki import Kit


def _uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def test_an_authority_tells_what_it_may_sign_and_how_far(kit: Kit) -> None:
    made = kit.intermediate(kit.root("details root"), "details mid", path_length=2)
    found = details_of(made.certificate)
    assert found.path_length == 2
    assert {"keyCertSign", "cRLSign"} <= set(found.key_usages)
    assert found.sha1 == hashlib.sha1(made.der, usedforsecurity=False).hexdigest()


def test_key_identifiers_policies_and_addresses_are_told(kit: Kit) -> None:
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)
    point = x509.DistributionPoint([_uri("http://crl.example/a.crl")], None, None, None)
    nameless = x509.DistributionPoint(None, None, None, [x509.DirectoryName(x509.Name([]))])
    access = [
        x509.AccessDescription(AccessOID.CA_ISSUERS, _uri("http://ca.example/a.cer")),
        x509.AccessDescription(AccessOID.OCSP, _uri("http://ocsp.example")),
    ]
    made = kit.client(
        kit.root("details root 2"),
        "details leaf",
        extensions=[
            (x509.CertificatePolicies([policy]), False),
            (x509.CRLDistributionPoints([point, nameless]), False),
            (x509.AuthorityInformationAccess(access), False),
        ],
    )
    found = details_of(made.certificate)
    assert found.purposes == ("clientAuth",)
    assert found.policies == ("1.2.3.4",)
    assert found.crl_addresses == ("http://crl.example/a.crl",)
    assert found.ocsp_addresses == ("http://ocsp.example",)
    assert found.issuer_addresses == ("http://ca.example/a.cer",)
    root = details_of(made.issuer.certificate) if made.issuer else found
    assert found.authority_key_id == root.subject_key_id != ""


def test_a_certificate_without_extensions_has_none_of_it(kit: Kit) -> None:
    made = kit.root("details bare", version_1=True)
    assert details_of(made.certificate) == Details(
        sha1=hashlib.sha1(made.der, usedforsecurity=False).hexdigest()
    )
