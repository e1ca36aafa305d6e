import pytest

from ostiary.services.presented import presented
from ostiary.x509.errors import NotACertificate
from tests.unit.services.support import client, root, site


def test_certificates_are_taken_out_in_order() -> None:
    pem = client().certificate_pem() + root().certificate_pem()
    assert presented(b"words\n" + pem) == (client().certificate.der, root().certificate.der)
    assert presented(client().certificate.der) == (client().certificate.der,)


def test_what_is_broken_inside_reaches_the_decision_as_it_is() -> None:
    block = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert presented(block) == (b"\0\0\0",)


@pytest.mark.parametrize("data", [b"", b"words", site().key_pem()])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(NotACertificate):
        presented(data)
