"""File and store put together, and explained: types, names, overrides, report-only."""

from dataclasses import replace

import pytest

from ostiary.ca.authority import new_root
from ostiary.ca.dice import SystemDice
from ostiary.compiler.bundle import Place
from ostiary.config.effective import Managed
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.config.model.name_rule import NameRule
from ostiary.kernel.blocked import Block, Blocked
from ostiary.kernel.problems import ConfigRefused
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.prepare import Prepared
from ostiary.services.visits import Scheme, Visit
from ostiary.trust.blocks import by_fingerprint
from ostiary.trust.reason import Reason
from tests.unit.services.support import NOW, TEXT, client, foreign, prepared, root, stranger

NOBODY = Shown(b"")
CLIENT = Shown(client().certificate.der)
STRANGER = Shown(stranger().certificate.der)
PLACE = Place(folder="/f", run_folder="/r", revision=1)
LENIENT = TEXT.replace("    strict.example: {key", "    second.example: {key").replace(
    ", rejectUnauthorized: true}", "}"
)


def typed(settings: str, text: str = LENIENT) -> str:
    text = text.replace("requestCert: true, rejectUnauthorized: false", "honorCipherOrder: true")
    return text + f"clientCertificateAuth: {{{settings}}}\n"


def explained(settings: str, shown: Shown, api: str = "users", own: str = "") -> Explanation:
    text = typed(settings)
    if own:
        text = text.replace("paths: /users*", f"paths: /users*, clientCertificateAuth: {{{own}}}")
    return Explainer(prepared(text), NOW).api(api, shown)


def refusals(text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as caught:
        prepared(text)
    return [str(one) for one in caught.value.problems if one.severity.value == "error"]


def files_of(one: Prepared) -> dict[str, bytes]:
    return dict(one.bundle(PLACE).files)


# -- file and store -----------------------------------------------------------------------------


def test_a_pattern_that_can_not_be_read_is_a_problem_of_its_line() -> None:
    (line,) = refusals(typed("type: certificate, trustedDistinguishedNames: [CN=a, nonsense]"))
    assert "clientCertificateAuth.trustedDistinguishedNames[1]" in line
    (line,) = refusals(typed("type: certificate, deny: [{serial: xyz}]"))
    assert "clientCertificateAuth.deny[0]" in line
    assert "serial" in line


def test_a_pattern_of_the_store_says_where_it_comes_from() -> None:
    base = prepared(typed("type: certificate"))
    managed = Managed(apis={"users": ApiAuth(trusted_distinguished_names=("nonsense",))})
    with pytest.raises(ConfigRefused) as caught:
        base.with_managed(managed, (), NOW)
    assert "it is set in the store" in str(caught.value)


def test_what_the_store_trusts_adds_to_the_file() -> None:
    text = typed("type: certificate, trustedCertificates: [foreign.crt]")
    base = prepared(text)
    both = base.with_managed(Managed(), [root().certificate, foreign().certificate], NOW)
    assert [len(one.materials.trusted) for one in (base, both)] == [1, 2]
    assert both.materials.trusted_files["foreign.crt"] == (foreign().certificate,)
    policies = {len(policy.anchors) for policy in both.policies.values()}
    assert policies == {2}


def test_trust_and_names_need_no_new_engine_files_in_lenient_mode() -> None:
    base = prepared(typed("type: certificate, required: true"))
    managed = Managed(gateway=GatewayAuth(trusted_distinguished_names=("CN=x",)))
    changed = base.with_managed(managed, [foreign().certificate], NOW)
    assert files_of(changed) == files_of(base)
    assert changed.policies != base.policies
    optional = base.with_managed(Managed(apis={"users": ApiAuth(required=False)}), (), NOW)
    assert files_of(optional) != files_of(base)


def test_a_type_in_the_store_without_https_is_refused_with_the_seeds_reason() -> None:
    text = TEXT[: TEXT.index("https:")] + TEXT[TEXT.index("apiEndpoints:") :]
    base = prepared(text)
    with pytest.raises(ConfigRefused, match=r"only when SSL is enabled.*set in the store"):
        base.with_managed(Managed(gateway=GatewayAuth(type="certificate")), (), NOW)


def test_nobody_trusted_is_a_warning_that_goes_when_the_store_brings_somebody() -> None:
    base = prepared(typed("type: certificate"))

    def lonely(one: Prepared) -> list[str]:
        return [str(w) for w in one.warnings if "trusts nobody" in str(w)]

    assert len(lonely(base)) == 2
    assert lonely(base.with_managed(Managed(), [root().certificate], NOW)) == []


def test_an_expired_trusted_certificate_is_a_warning_and_an_unreadable_one_a_problem() -> None:
    trusting = typed("type: certificate, trustedCertificates: [old.crt]")
    later = {"/etc/o/old.crt": root().certificate_pem()}
    assert prepared(trusting, later).materials.trusted == (root().certificate,)
    (line,) = refusals(trusting)
    assert "clientCertificateAuth.trustedCertificates[0]" in line


def test_the_admins_tls_files_are_read_and_held_against_each_other() -> None:
    admin = "admin: {hostname: 10.0.0.1, tls: {key: site.key, cert: site.crt, ca: root.crt}}\n"
    material = prepared(TEXT + admin).materials.admin
    assert material is not None
    assert material.anchors == (root().certificate,)
    assert b"PRIVATE KEY" in material.key
    (line,) = refusals(TEXT + admin.replace("cert: site.crt", "cert: root.crt"))
    assert "admin.tls.key" in line


def test_an_authority_of_administrators_that_clients_have_theirs_from_is_a_warning() -> None:
    admin = "admin: {hostname: 10.0.0.1, tls: {key: site.key, cert: site.crt, ca: [%s]}}\n"
    changed = {"/etc/o/operators.crt": new_root("Ops", NOW, SystemDice()).certificate_pem()}

    def told(text: str) -> list[str]:
        return [str(one) for one in prepared(text, changed).warnings if "administrator" in str(one)]

    for text in (
        TEXT + admin % "operators.crt, root.crt",
        typed("type: certificate, trustedCertificates: [foreign.crt]") + admin % "foreign.crt",
    ):
        (line,) = told(text)
        assert "admin.tls.ca" in line
        assert "CN=Ops" not in line
    assert told(TEXT + admin % "operators.crt") == []


# -- policies -----------------------------------------------------------------------------------


def test_policies_share_what_they_have_in_common() -> None:
    text = typed("type: certificate, trustedCertificates: [foreign.crt], required: true").replace(
        "paths: /lost", "paths: /lost, clientCertificateAuth: {trustedDistinguishedNames: [CN=z]}"
    )
    policies = prepared(text).policies
    assert len(policies) == 10
    sets = {id(policy.anchors) for policy in policies.values()}
    assert len(sets) == len({policy.anchor_set.id for policy in policies.values()}) == 2


# -- explain ------------------------------------------------------------------------------------


def test_names_are_told_with_the_pattern_that_matched() -> None:
    names = "trustedDistinguishedNames: ['CN=dev*,**']"
    told = explained(f"type: certificate, {names}", CLIENT)
    assert told.answer.served
    (line,) = [one for one in told.steps if one.name == "certificate: names"]
    assert "CN=dev*" in line.detail


def test_a_name_that_is_not_trusted_is_refused_with_403() -> None:
    told = explained("type: certificate, trustedDistinguishedNames: [CN=other]", CLIENT)
    assert (told.answer.status, told.reason) == (403, Reason.NAME_NOT_TRUSTED)


def test_where_each_setting_comes_from_is_told() -> None:
    settings = "type: certificate, required: true"
    told = explained(settings, CLIENT, own="trustedDistinguishedNames: []")
    (line,) = [one for one in told.steps if one.name == "client certificate auth"]
    assert "type certificate (set by the file)" in line.detail
    assert "certificate required: yes (inherited from the gateway)" in line.detail
    assert "distinguished names: any (set by the file)" in line.detail
    assert "the API's own ('users')" in line.detail


def test_an_absent_certificate_is_401_where_required_and_passes_where_not() -> None:
    assert explained("type: certificate, required: true", NOBODY).answer.status == 401
    told = explained("type: certificate, required: true", NOBODY, own="required: false")
    assert told.answer.status == 403, "the pipeline's own answer"
    assert told.reason is Reason.NO_CERTIFICATE


def test_a_bad_certificate_is_403_also_where_none_is_required() -> None:
    told = explained("type: certificate, required: false", STRANGER, api="lost")
    assert told.answer.status == 403
    assert "Certificate validation failed" in told.answer.sentence


def test_report_only_tells_what_it_would_have_done_and_lets_pass() -> None:
    names = "trustedDistinguishedNames: [CN=other], reportOnly: true"
    told = explained(f"type: certificate, {names}", CLIENT)
    assert told.answer.served
    assert told.would is not None
    assert told.would.status == 403
    (line,) = [one for one in told.steps if one.name == "report only"]
    assert "name-not-trusted" in line.detail
    absent = explained("type: certificate, required: true, reportOnly: true", NOBODY, api="lost")
    assert (absent.answer.status, absent.would and absent.would.status) == (404, 401)


def test_unknown_paths_are_refused_before_they_are_not_found() -> None:
    visit = Visit(scheme=Scheme.HTTPS, name="a.example", host="a.example", path="/nowhere")
    explainer = Explainer(prepared(typed("type: certificate, required: true")), NOW)
    assert explainer.visit(visit, NOBODY).answer.status == 401
    assert explainer.visit(visit, CLIENT).answer.status == 404
    plain = Visit(scheme=Scheme.HTTP, name="a.example", host="a.example", path="/users")
    assert explainer.visit(plain, CLIENT).answer.status == 401


def test_only_a_written_reject_unauthorized_refuses_in_the_handshake() -> None:
    text = typed("type: certificate, required: true").replace(
        "honorCipherOrder: true", "rejectUnauthorized: true"
    )
    explainer = Explainer(prepared(text), NOW)
    assert explainer.api("users", STRANGER).answer.alert == "unknown_ca"
    assert explainer.api("users", NOBODY).answer.status == 401
    assert explainer.api("users", CLIENT).answer.served
    assert explained("type: certificate", STRANGER).answer.alert is None


def test_in_header_mode_the_certificate_is_explained_as_if_in_the_header() -> None:
    settings = "type: header, headerPreset: nginx, trustedProxies: [10.0.0.0/8]"
    told = explained(settings, STRANGER)
    assert told.answer.served, "no trusted certificates: the balancer has verified the chain"
    (line,) = [one for one in told.steps if one.name == "header"]
    assert "'X-Client-Cert'" in line.detail
    assert "10.0.0.0/8" in line.detail
    trusting = f"{settings}, trustedCertificates: [root.crt]"
    assert explained(trusting, STRANGER).answer.status == 403
    assert explained(trusting, CLIENT).answer.served
    plain = Explainer(prepared(typed(f"{trusting}, required: true")), NOW)
    assert plain.header(NOBODY).answer.status == 401
    assert plain.header(CLIENT).answer.served


def test_further_rules_of_the_store_act() -> None:
    base = prepared(typed("type: certificate"))
    deny = NameRule(fingerprint=client().certificate.fingerprint)
    denied = base.with_managed(Managed(gateway=GatewayAuth(deny=(deny,))), (), NOW)
    assert Explainer(base, NOW).api("users", CLIENT).answer.served
    assert Explainer(denied, NOW).api("users", CLIENT).reason is Reason.DENIED_BY_RULE


# -- who is blocked -----------------------------------------------------------------------------


def who_is_blocked(text: str, name: str = "default") -> Explanation:
    named = by_fingerprint(client().certificate.fingerprint)
    block = Block(number=1, mark=named.mark, at=NOW, by="token:ops", note="laptop stolen")
    base = prepared(text)
    explainer = Explainer(base.with_managed(Managed(blocked=Blocked([block])), (), NOW), NOW)
    visit = Visit(scheme=Scheme.HTTPS, name=name, host=name, method="GET", path="/users")
    return explainer.visit(visit, CLIENT)


@pytest.mark.parametrize(
    "settings",
    ["type: certificate", "type: certificate, reportOnly: true", "type: none"],
)
def test_who_is_blocked_is_refused_by_every_policy_and_told_why(settings: str) -> None:
    by_pipelines = TEXT + f"clientCertificateAuth: {{{settings}}}\n"
    told = who_is_blocked(by_pipelines if "none" in settings else typed(settings))
    assert (told.answer.status, told.reason, told.would) == (403, Reason.BLOCKED, None)
    assert not told.answer.served
    assert "Certificate validation failed" in told.answer.sentence
    (line,) = [one for one in told.steps if one.name == "certificate: block"]
    assert not line.passed
    assert "laptop stolen" in line.detail
    assert "ostiary clients unblock" in line.way_out


def test_another_block_looks_at_nothing_but_the_blocks() -> None:
    base = prepared(TEXT)
    managed = replace(base.managed, blocked=Blocked())
    after = base.with_managed(managed, base.materials.trusted_store, NOW)
    assert after.blocked is managed.blocked
    assert after.policies is base.policies
