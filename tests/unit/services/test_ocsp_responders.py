"""The responders that a document names: read with their certificates, wrong ones told in place."""

import pytest

from ostiary.kernel.problems import ConfigRefused, Problem, Severity
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.services.prepare import Prepared
from ostiary.trust.decision import Refused
from ostiary.trust.ocsp import Nonce
from ostiary.trust.policy import Preference, Revocation
from ostiary.trust.reason import Reason
from tests.support.lists import crl_of
from tests.support.pki import DAY, Kit
from tests.unit.services.support import NOW, TEXT, prepared

AUTH = """\
clientCertificateAuth:
  type: certificate
  trustedCertificates: root.crt
  revocation: {}
"""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"), NOW)


def made(revocation: str, **files: bytes) -> Prepared:
    changed = {f"/etc/o/{name.replace('_', '.')}": content for name, content in files.items()}
    return prepared(TEXT + AUTH.format(revocation), changed=changed)


def problems(revocation: str, **files: bytes) -> list[Problem]:
    with pytest.raises(ConfigRefused) as caught:
        made(revocation, **files)
    return [one for one in caught.value.problems if one.severity is Severity.ERROR]


def test_the_policies_have_whom_to_ask_and_how(kit: Kit) -> None:
    signer = kit.client(None, "signer")
    found = made(
        "{preference: ocsp-first, ocsp: {responders: [{url: 'http://a.example/', issuer: CN=Root, "
        "certificate: signer.crt}], nonce: required, aia: false}}",
        signer_crt=signer.pem,
    )
    for policy in found.policies.values():
        assert policy.ocsp is not None
        (one,) = policy.ocsp.responders
        assert (one.url, one.issuer) == ("http://a.example/", "CN=Root")
        assert one.certificate == signer.certificate
        assert (policy.ocsp.nonce, policy.ocsp.aia) == (Nonce.REQUIRED, False)
        assert policy.preference is Preference.OCSP_FIRST
        assert policy.looks_up is Revocation.STRICT


def test_without_the_setting_nobody_is_asked() -> None:
    assert all(one.ocsp is None for one in made("{mode: soft}").policies.values())


def test_a_file_that_is_not_one_certificate_is_told_where_it_is_named(kit: Kit) -> None:
    where = "clientCertificateAuth.revocation.ocsp.responders[0].certificate"
    named = "{ocsp: {responders: [{url: 'http://a.example/', certificate: signer.crt}]}}"
    a, b = kit.client(None, "a"), kit.client(None, "b")
    for content in (b"nothing", a.pem + b.pem):
        (one,) = problems(named, signer_crt=content)
        assert one.path == where
    (one,) = problems(named)
    assert (one.path, "signer.crt" in one.message) == (where, True)


def test_a_pattern_that_can_not_be_read_is_told_where_it_is() -> None:
    (one,) = problems("{ocsp: {responders: [{url: 'http://a.example/', issuer: nonsense}]}}")
    assert one.path == "clientCertificateAuth.revocation.ocsp.responders[0].issuer"
    assert one.way_out


def test_a_signer_that_has_ended_is_a_warning(kit: Kit) -> None:
    old = kit.client(None, "old", not_after=NOW - DAY)
    named = "{ocsp: {responders: [{url: 'http://a.example/', certificate: old.crt}]}}"
    told = [one.message for one in made(named, old_crt=old.pem).warnings]
    assert any("'old.crt' is not valid now" in one for one in told)


def test_authorities_without_a_list_are_no_trouble_where_ocsp_is_asked(kit: Kit) -> None:
    lists = {"a_crl": crl_of(kit.root("other"), begin=NOW - DAY, end=NOW + DAY)}
    told = [one.message for one in made("{crl: a.crl}", **lists).warnings]
    assert any("there is no revocation list of the trust anchor" in one for one in told)
    told = [one.message for one in made("{crl: a.crl, ocsp: {}}", **lists).warnings]
    assert not any("there is no revocation list of the trust anchor" in one for one in told)


def test_explain_tells_that_nobody_has_told_yet(kit: Kit) -> None:
    root = kit.root("ours")
    client = kit.client(root, "client")
    found = made("{ocsp: {responders: 'http://a.example/'}}", root_crt=root.pem)
    told = Explainer(found, NOW).api("users", Shown(client.der))
    assert isinstance(told.decision, Refused)
    assert told.decision.reason is Reason.REVOCATION_UNDETERMINED
    assert "has not told about 'CN=client' yet" in told.decision.detail
