"""The decision with revocation lists, and `openssl verify -crl_check_all` as second opinion."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge, walk
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import standing_of
from ostiary.x509.revocation import RevocationList
from tests.support.lists import list_of, pem_of_list
from tests.support.pki import DAY, Kit, Made

REVOKED, UNDETERMINED = Reason.REVOKED, Reason.REVOCATION_UNDETERMINED
HELD, OFF = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl


@dataclass(frozen=True)
class Tree:
    """A root, an intermediate below it, clients of both, and another root with its client."""

    kit: Kit
    root: Made = field(init=False)
    mid: Made = field(init=False)
    near: Made = field(init=False)
    deep: Made = field(init=False)
    other: Made = field(init=False)
    of_other: Made = field(init=False)

    def __post_init__(self) -> None:
        kit = self.kit
        root, other = kit.root("crl-root"), kit.root("crl-other")
        mid = kit.intermediate(root, "crl-mid")
        for name, made in (
            ("root", root), ("mid", mid), ("other", other),
            ("near", kit.client(root, "crl-near")),
            ("deep", kit.client(mid, "crl-deep")),
            ("of_other", kit.client(other, "crl-of-other")),
        ):  # fmt: skip
            object.__setattr__(self, name, made)


@pytest.fixture(scope="session")
def tree(kit: Kit) -> Tree:
    return Tree(kit)


def policy(anchors: Sequence[Made], lists: Sequence[RevocationList]) -> TrustPolicy:
    return TrustPolicy(anchors=tuple(made.certificate for made in anchors), crls=tuple(lists))


def decide(
    tree: Tree,
    client: Made,
    lists: Sequence[RevocationList],
    anchors: Sequence[Made] = (),
    now: datetime | None = None,
) -> Decision:
    keeper = Keeper(policy(anchors or (tree.root, tree.other), lists))
    return judge(
        Presented("default", client.der, client.chain), keeper, Intermediates(), now or tree.kit.now
    )


def reason(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


def openssl_says(
    tree: Tree,
    client: Made,
    lists: Sequence[RevocationList],
    anchors: Sequence[Made],
    folder: Path,
    *more: str,
    check: str = "-crl_check_all",
) -> bool:
    for name, content in (
        ("ca", [made.pem for made in anchors or (tree.root, tree.other)]),
        ("crl", [pem_of_list(one) for one in lists]),
        ("chain", [tree.mid.pem]),
    ):
        (folder / name).write_bytes(b"".join(content))
    command = ["openssl", "verify", check, "-no-CApath", "-no-CAstore", *more]
    command += ["-attime", str(int(tree.kit.now.timestamp()))]
    command += ["-CAfile", str(folder / "ca"), "-CRLfile", str(folder / "crl")]
    command += ["-untrusted", str(folder / "chain"), str(client.certificate_file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def rows(tree: Tree) -> dict[str, tuple[Made, list[RevocationList], list[Made], Reason | None]]:
    root, mid, near, deep = tree.root, tree.mid, tree.near, tree.deep
    now, good, good_mid = tree.kit.now, list_of(tree.root), list_of(tree.mid)
    delta = [(x509.DeltaCRLIndicator(1), True)]
    return {
        "good": (near, [good], [], None),
        "revoked": (near, [list_of(root, {near: None})], [], REVOKED),
        "on hold": (near, [list_of(root, {near: HELD})], [], REVOKED),
        "taken off the list": (near, [list_of(root, {near: OFF})], [], None),
        "another one revoked": (near, [list_of(root, {deep: None})], [], None),
        "stale": (near, [list_of(root, begin=now - 2 * DAY, end=now - DAY)], [], UNDETERMINED),
        "ends now": (near, [list_of(root, begin=now - DAY, end=now)], [], UNDETERMINED),
        "not yet": (near, [list_of(root, begin=now + DAY, end=now + 2 * DAY)], [], UNDETERMINED),
        "wrong signature": (near, [list_of(root, signer=tree.other)], [], UNDETERMINED),
        "the other's list only": (near, [list_of(tree.other)], [], UNDETERMINED),
        "both lists": (tree.of_other, [good, list_of(tree.other)], [], None),
        "delta": (near, [list_of(root, extensions=delta)], [], UNDETERMINED),
        "deep, good": (deep, [good, good_mid], [], None),
        "deep, revoked": (deep, [good, list_of(mid, {deep: None})], [], REVOKED),
        "deep, no list of mid": (deep, [good], [], UNDETERMINED),
        "deep, no list of root": (deep, [good_mid], [], UNDETERMINED),
        "intermediate revoked": (deep, [list_of(root, {mid: None}), good_mid], [], REVOKED),
        "revoked intermediate is an anchor beside its root": (
            deep, [list_of(root, {mid: None}), good_mid], [mid, root], REVOKED,
        ),
        "intermediate is an anchor beside a root without list": (
            deep, [good_mid], [mid, root], UNDETERMINED,
        ),
    }  # fmt: skip


ROWS = (
    "good", "revoked", "on hold", "taken off the list", "another one revoked", "stale", "ends now",
    "not yet", "wrong signature", "the other's list only", "both lists", "delta", "deep, good",
    "deep, revoked", "deep, no list of mid", "deep, no list of root", "intermediate revoked",
    "revoked intermediate is an anchor beside its root",
    "intermediate is an anchor beside a root without list",
)  # fmt: skip


def test_every_row_is_tried(tree: Tree) -> None:
    assert set(rows(tree)) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_the_lists_are_obeyed_as_openssl_obeys_them(tree: Tree, name: str, tmp_path: Path) -> None:
    client, lists, anchors, says = rows(tree)[name]
    decision = decide(tree, client, lists, anchors)
    assert reason(decision) is says, decision
    # OpenSSL takes a delta list for a whole one unless told about deltas; we don't.
    agrees = name != "delta"
    assert (openssl_says(tree, client, lists, anchors, tmp_path) is (says is None)) is agrees


def test_without_any_list_nothing_is_looked_up(tree: Tree) -> None:
    assert isinstance(decide(tree, tree.deep, ()), Admitted)


def test_an_unusable_list_alone_admits_nobody(tree: Tree) -> None:
    delta = list_of(tree.other, extensions=[(x509.DeltaCRLIndicator(1), True)])
    for client in (tree.near, tree.of_other):
        assert reason(decide(tree, client, [delta])) is UNDETERMINED


def test_an_expired_or_broken_list_of_one_authority_leaves_the_others_clients_alone(
    tree: Tree,
) -> None:
    now, good = tree.kit.now, list_of(tree.other)
    for bad in (
        list_of(tree.root, begin=now - 2 * DAY, end=now - DAY),
        list_of(tree.root, signer=tree.other),
        list_of(tree.root, extensions=[(x509.DeltaCRLIndicator(1), True)]),
    ):
        assert reason(decide(tree, tree.near, [bad, good])) is UNDETERMINED
        assert isinstance(decide(tree, tree.of_other, [bad, good]), Admitted)


def test_an_anchor_that_stands_alone_is_believed_with_or_without_a_list(tree: Tree) -> None:
    listed = [list_of(tree.root, {tree.near: None, tree.mid: None}), list_of(tree.mid)]
    assert isinstance(decide(tree, tree.near, listed, [tree.near]), Admitted)
    assert isinstance(decide(tree, tree.deep, listed, [tree.mid]), Admitted)
    assert reason(decide(tree, tree.near, listed, [tree.near, tree.root])) is REVOKED


def test_anchors_that_certify_each_other_do_not_go_round_for_ever(kit: Kit, tree: Tree) -> None:
    one, two = kit.root("cross-1"), kit.root("cross-2")
    of_two = kit.intermediate(two, "cross-1-by-2", key=one.key, common_name="cross-1")
    of_one = kit.intermediate(one, "cross-2-by-1", key=two.key, common_name="cross-2")
    client = kit.client(one, "cross-client")
    lists = [list_of(one), list_of(two)]
    assert isinstance(decide(tree, client, lists, [of_two, of_one]), Admitted)
    assert reason(decide(tree, client, lists[:1], [of_two, of_one])) is UNDETERMINED


def test_the_newest_list_that_has_begun_counts(tree: Tree) -> None:
    root, near, now = tree.root, tree.near, tree.kit.now
    old_good = list_of(root, begin=now - 2 * DAY)
    new_bad = list_of(root, {near: None}, begin=now - DAY)
    coming = list_of(root, {near: None}, begin=now + timedelta(minutes=5))
    over = list_of(root, begin=now - DAY, end=now - timedelta(hours=1))
    assert reason(decide(tree, near, [old_good, new_bad])) is REVOKED
    assert reason(decide(tree, near, [old_good, over])) is UNDETERMINED
    decision = decide(tree, near, [coming, old_good])
    assert isinstance(decision, Admitted)
    assert decision.until == now + timedelta(minutes=5)


def test_of_two_lists_of_one_moment_the_higher_number_counts(tree: Tree) -> None:
    first = list_of(tree.root, extensions=[(x509.CRLNumber(9), False)])
    second = list_of(tree.root, {tree.near: None}, extensions=[(x509.CRLNumber(10), False)])
    for lists in ([first, second], [second, first]):
        assert reason(decide(tree, tree.near, lists)) is REVOKED


def test_an_admission_ends_when_the_first_list_of_the_path_does(tree: Tree) -> None:
    end = tree.kit.now + timedelta(minutes=7)
    for lists in (
        [list_of(tree.root, end=end), list_of(tree.mid)],
        [list_of(tree.root), list_of(tree.mid, end=end)],
    ):
        decision = decide(tree, tree.deep, lists)
        assert isinstance(decision, Admitted)
        assert decision.until == end
        late = decide(tree, tree.deep, lists, now=end)
        assert reason(late) is UNDETERMINED


def test_a_refusal_for_a_list_that_is_still_to_begin_ends_with_its_beginning(tree: Tree) -> None:
    begin = tree.kit.now + timedelta(seconds=20)
    decision = decide(tree, tree.near, [list_of(tree.root, begin=begin)])
    assert isinstance(decision, Refused)
    assert decision.until == begin
    assert isinstance(
        decide(tree, tree.near, [list_of(tree.root, begin=begin)], now=begin), Admitted
    )


def test_the_lists_of_an_authority_with_a_new_key_count_for_each_key(kit: Kit, tree: Tree) -> None:
    old, new = kit.root("key-1", common_name="turn"), kit.root("key-2", common_name="turn")
    clients = kit.client(old, "of-key-1"), kit.client(new, "of-key-2")
    lists = [list_of(old, {clients[0]: None}), list_of(new)]
    assert reason(decide(tree, clients[0], lists, [old, new])) is REVOKED
    assert isinstance(decide(tree, clients[1], lists, [old, new]), Admitted)


def test_the_walk_tells_what_was_looked_up(tree: Tree) -> None:
    keeper = Keeper(policy([tree.root], [list_of(tree.root, {tree.near: HELD}), list_of(tree.mid)]))
    for client, passed, words in (
        (tree.near, False, "certificateHold"),
        (tree.deep, True, "not in the list of 'CN=crl-mid'"),
    ):
        showing = Presented("default", client.der, client.chain)
        steps = walk(showing, keeper, Intermediates(), tree.kit.now).steps
        (step,) = [step for step in steps if step.name == "revocation"]
        assert step.passed is passed
        assert words in step.detail


def test_a_new_list_withdraws_what_the_desk_remembers(tree: Tree) -> None:
    before = policy([tree.root], [list_of(tree.root)])
    after = policy([tree.root], [list_of(tree.root, {tree.near: None})])
    desk = Desk(standing_of({"x": before}), Intermediates())
    assert isinstance(desk.answer("x", tree.near.der, (), tree.kit.now), Admitted)
    desk.replace(standing_of({"x": after}))
    assert reason(desk.answer("x", tree.near.der, (), tree.kit.now)) is REVOKED
