"""The other encoding of an ECDSA-signed certificate: as good, and under another fingerprint."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.x509.certificate import parse
from ostiary.x509.twins import twin_fingerprints
from tests.support.pki import Kit, pem_of
from tests.support.twins import CURVES, twin_of


@pytest.mark.parametrize("key", CURVES)
def test_a_twin_is_verified_by_openssl_and_known_by_its_fingerprint(
    kit: Kit, key: str, tmp_path: Path
) -> None:
    root = kit.root(f"root-{key}", key=key)
    for number in range(5):
        made = kit.client(root, f"twin-{key}-{number}")
        twin = twin_of(made, CURVES[key])
        assert twin != made.der
        assert parse(twin).serial == made.certificate.serial
        file = tmp_path / "twin.pem"
        file.write_bytes(pem_of(twin))
        command = ["openssl", "verify", "-CAfile", str(root.certificate_file), str(file)]
        at = str(int(kit.now.timestamp()))
        assert (
            subprocess.run([*command[:2], "-attime", at, *command[2:]], check=False).returncode == 0
        )
        assert hashlib.sha256(twin).digest() in twin_fingerprints(made.der)
        assert made.certificate.sha256 in twin_fingerprints(twin)


@pytest.mark.parametrize("key", ["rsa2048", "ed25519"])
def test_signatures_of_one_form_have_no_twin(kit: Kit, key: str) -> None:
    root = kit.root(f"root-{key}", key=key)
    assert twin_fingerprints(kit.client(root, f"single-{key}").der) == ()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_what_is_no_certificate_has_none(data: bytes) -> None:
    assert twin_fingerprints(data) == ()


@pytest.fixture(scope="module")
def whole_one(kit: Kit) -> bytes:
    return kit.client(None, "damaged").der


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_damaged_certificate_never_raises(whole_one: bytes, data: st.DataObject) -> None:
    whole = bytearray(whole_one)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    assert all(len(one) == 32 for one in twin_fingerprints(bytes(whole[:cut])))
