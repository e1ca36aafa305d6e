import pytest

from ostiary.services.redact import NOTE, without_keys
from tests.unit.services.support import site


def test_a_private_key_is_replaced_and_the_certificate_stays() -> None:
    pem = (site().certificate_pem() + site().key_pem() + site().certificate_pem()).decode()
    shown = without_keys(pem)
    certificate = site().certificate_pem().decode()
    assert shown == certificate + NOTE + certificate


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_every_kind_of_key_is_hidden_even_when_it_is_cut_short(label: str) -> None:
    assert "SECRET" not in without_keys(f"-----BEGIN {label}-----\nSECRET\n-----END {label}-----\n")
    assert "SECRET" not in without_keys(f"a\n-----BEGIN {label}-----\nSECRET")
