"""Names in the decision: after everything else has held, refused or only reported."""

from typing import Any

import pytest
from cryptography import x509

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge, walk
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import NameRules, rule_of
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import standing_of
from ostiary.x509.verify import MOST_UNTRUSTED
from tests.support.lists import list_of
from tests.support.pki import DAY, SERVER_AUTH, Kit, Made

WELCOME = NameRules(patterns=("CN=leaf",))
OTHERS = NameRules(patterns=("CN=other",), deny=(rule_of(dns="bad.example"),))


def decide(kit: Kit, leaf: Made, *anchors: Made, **policy: Any) -> Decision:
    keeper = Keeper(TrustPolicy(anchors=tuple(one.certificate for one in anchors), **policy))
    presented = Presented("entry", leaf.der, leaf.chain)
    decision = judge(presented, keeper, Intermediates(), kit.now)
    assert walk(presented, keeper, Intermediates(), kit.now).decision == decision
    return decision


def test_a_name_that_a_pattern_fits_is_admitted_and_the_walk_says_by_which(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf")
    keeper = Keeper(TrustPolicy(anchors=(root.certificate,), names=WELCOME))
    told = walk(Presented("entry", leaf.der), keeper, Intermediates(), kit.now)
    assert isinstance(told.decision, Admitted)
    assert told.decision.would_refuse is None
    (step,) = [step for step in told.steps if step.name == "names"]
    assert step.detail == "matched by pattern 'CN=leaf'"


def test_a_name_that_nothing_fits_is_refused_with_the_name_in_the_detail(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf")
    decision = decide(kit, leaf, root, names=OTHERS)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.NAME_NOT_TRUSTED
    assert decision.path == (leaf.certificate, root.certificate)
    assert "CN=leaf" in decision.detail
    assert decision.until is not None


def test_a_deny_rule_wins_over_a_pattern(kit: Kit) -> None:
    root = kit.root("root")
    names = NameRules(patterns=("**",), deny=OTHERS.deny)
    decision = decide(kit, kit.client(root, "leaf", dns=["bad.example"]), root, names=names)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.DENIED_BY_RULE
    assert "bad.example" in decision.detail


def test_only_reported_names_are_admitted_with_what_they_would_be_refused_for(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf")
    decision = decide(kit, leaf, root, names=OTHERS, report_only=True)
    assert isinstance(decision, Admitted)
    assert decision.would_refuse is not None
    assert decision.would_refuse.reason is Reason.NAME_NOT_TRUSTED
    fine = decide(kit, leaf, root, names=WELCOME, report_only=True)
    assert isinstance(fine, Admitted)
    assert fine.would_refuse is None


def test_only_reporting_admits_nobody_that_trust_refuses(kit: Kit) -> None:
    stranger = kit.client(kit.root("elsewhere"), "leaf")
    decision = decide(kit, stranger, kit.root("root"), names=WELCOME, report_only=True)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.ISSUER_MISSING


def test_whoever_is_not_trusted_anyway_is_refused_for_that_and_not_for_the_name(kit: Kit) -> None:
    root = kit.root("root")
    old = kit.client(root, "leaf", not_after=kit.now - DAY)
    decision = decide(kit, old, root, names=OTHERS)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.CERTIFICATE_EXPIRED


def test_without_a_path_a_certificate_of_anybody_is_admitted_by_its_name(kit: Kit) -> None:
    leaf = kit.client(kit.intermediate(kit.root("anybody"), "mid"), "leaf")
    decision = decide(kit, leaf, path_needed=False, names=WELCOME)
    assert isinstance(decision, Admitted)
    assert decision.path == (leaf.certificate,)
    refused = decide(kit, leaf, path_needed=False, names=OTHERS)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NAME_NOT_TRUSTED


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"not_after": -1}, Reason.CERTIFICATE_EXPIRED),
        ({"not_before": 1}, Reason.NOT_YET_VALID),
        ({"purposes": [SERVER_AUTH]}, Reason.WRONG_PURPOSE),
        ({"usage": ["key_cert_sign"]}, Reason.WRONG_PURPOSE),
        ({"key": "rsa1024"}, Reason.WEAK_KEY),
        ({"common_name": "aXb", "patch": [(b"aXb", b"a\0b")]}, Reason.HOSTILE_NAME),
        (
            {
                "extensions": [
                    (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), True)
                ]
            },
            Reason.CRITICAL_EXTENSION,
        ),
    ],
    ids=str,
)
def test_without_a_path_everything_else_is_looked_at(
    kit: Kit, odd: dict[str, Any], reason: Reason
) -> None:
    when = {
        key: kit.now + value * DAY if isinstance(value, int) else value
        for key, value in odd.items()
    }
    decision = decide(kit, kit.client(kit.root("anybody"), "leaf", **when), path_needed=False)
    assert isinstance(decision, Refused)
    assert decision.reason is reason


def test_without_a_path_the_digest_of_the_certificate_itself_counts(kit: Kit) -> None:
    leaf = kit.client(kit.root("rsa", key="rsa2048"), "leaf", digest="sha1")
    decision = decide(kit, leaf, path_needed=False)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.WEAK_DIGEST


def test_without_a_path_a_revocation_list_refuses_what_it_can_not_tell(kit: Kit) -> None:
    root = kit.root("root")
    decision = decide(kit, kit.client(root, "leaf"), path_needed=False, crls=(list_of(root),))
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.REVOCATION_UNDETERMINED


def test_with_any_anchor_there_must_be_a_path_all_the_same(kit: Kit) -> None:
    leaf = kit.client(kit.root("elsewhere"), "leaf")
    decision = decide(kit, leaf, kit.root("root"), path_needed=False)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.ISSUER_MISSING


def test_no_anchors_and_a_path_needed_admits_nobody(kit: Kit) -> None:
    decision = decide(kit, kit.client(kit.root("root"), "leaf"), names=WELCOME)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.NO_TRUST_ANCHORS


def test_too_long_a_chain_is_refused_without_a_path_too(kit: Kit) -> None:
    leaf = kit.client(kit.root("anybody"), "leaf")
    keeper = Keeper(TrustPolicy(anchors=(), path_needed=False))
    presented = Presented("entry", leaf.der, (leaf.der,) * (MOST_UNTRUSTED + 1))
    decision = judge(presented, keeper, Intermediates(), kit.now)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.CHAIN_TOO_LARGE


def test_each_setting_makes_another_policy_and_the_same_names_are_indexed_once(kit: Kit) -> None:
    anchors = (kit.root("root").certificate,)
    policies = {
        "plain": TrustPolicy(anchors=anchors),
        "names": TrustPolicy(anchors=anchors, names=WELCOME),
        "others": TrustPolicy(anchors=anchors, names=OTHERS),
        "report": TrustPolicy(anchors=anchors, names=WELCOME, report_only=True),
        "alone": TrustPolicy(anchors=anchors, path_needed=False),
    }
    assert len({policy.id for policy in policies.values()}) == len(policies)
    standing = standing_of(policies)
    assert standing.entries["names"].names is standing.entries["report"].names
    assert standing_of(policies, standing).entries["names"] is standing.entries["names"]


def test_names_that_can_not_be_read_make_no_keeper() -> None:
    with pytest.raises(PatternRefused):
        Keeper(TrustPolicy(anchors=(), names=NameRules(patterns=("*",))))
