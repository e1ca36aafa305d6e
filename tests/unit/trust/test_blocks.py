"""Blocked certificates: refused before all else, however they come, and nobody else is."""

import gc
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostiary.kernel.blocked import Block, Blocked
from ostiary.trust.blocks import Marked, by_fingerprint, by_issuer
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import Standing, standing_of
from tests.support.pki import DAY, Kit, Made
from tests.support.twins import CURVES, twin_of

SECOND = timedelta(seconds=1)
WHEN = datetime(2026, 6, 1, tzinfo=UTC)


class Scene:
    """A root, two clients, and a desk that trusts the root."""

    def __init__(self, kit: Kit, **policy: Any) -> None:
        self.kit, self.now = kit, kit.now
        self.root = kit.root("root")
        self.one, self.other = kit.client(self.root, "one"), kit.client(self.root, "other")
        trusted = TrustPolicy(anchors=(self.root.certificate,), **policy)
        self.policies = {"a": trusted, "b": TrustPolicy(anchors=(), path_needed=False)}
        self.desk = Desk(self.standing(), Intermediates())

    def standing(self, *blocks: Block) -> Standing:
        return standing_of(self.policies, blocked=Blocked(blocks))

    def block(self, *blocks: Block) -> None:
        self.desk.replace(self.standing(*blocks))

    def answer(self, made: Made | bytes, scope: str = "a", later: timedelta = SECOND) -> Decision:
        leaf = made if isinstance(made, bytes) else made.der
        return self.desk.answer(scope, leaf, (), self.now + later)


@pytest.fixture
def scene(kit: Kit) -> Scene:
    return Scene(kit)


def block(named: Marked, at: datetime, **more: Any) -> Block:
    given = {"number": 1, "at": at, "by": "token:ops", "note": "laptop stolen", **more}
    return Block(mark=named.mark, serial=named.serial, **given)


def named(made: Made) -> Marked:
    return by_fingerprint(made.certificate.fingerprint.upper())


def refused(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


def test_whoever_is_blocked_is_refused_in_every_scope_and_others_are_not(scene: Scene) -> None:
    assert isinstance(scene.answer(scene.one), Admitted)
    other = scene.answer(scene.other)
    scene.block(block(named(scene.one), scene.now))
    for scope in ("a", "b"):
        decision = scene.answer(scene.one, scope)
        assert refused(decision) is Reason.BLOCKED
        assert isinstance(decision, Refused)
        assert "token:ops" in decision.detail
        assert "laptop stolen" in decision.detail
    judged = scene.desk.judged
    assert scene.answer(scene.other) is other
    assert scene.desk.judged == judged, "who is not concerned is not judged anew"


def test_unblocking_acts_on_the_next_answer(scene: Scene) -> None:
    scene.block(block(named(scene.one), scene.now))
    assert refused(scene.answer(scene.one)) is Reason.BLOCKED
    scene.block()
    assert isinstance(scene.answer(scene.one), Admitted)


def test_a_block_ends_at_its_time_and_is_not_remembered_beyond_it(scene: Scene) -> None:
    scene.block(block(named(scene.one), scene.now, until=scene.now + 10 * SECOND))
    decision = scene.answer(scene.one, later=9 * SECOND)
    assert refused(decision) is Reason.BLOCKED
    assert decision.until == scene.now + 10 * SECOND
    assert isinstance(scene.answer(scene.one, later=10 * SECOND), Admitted)


def test_a_block_wins_over_a_pin(kit: Kit) -> None:
    scene = Scene(kit)
    scene.policies["a"] = TrustPolicy(anchors=(scene.one.certificate,))
    scene.block(block(named(scene.one), scene.now))
    assert refused(scene.answer(scene.one)) is Reason.BLOCKED


@pytest.mark.parametrize("odd", [{"not_after": True}, {"version_1": True}, {"key": "rsa1024"}])
def test_a_block_is_the_reason_whatever_else_is_wrong(scene: Scene, odd: dict[str, Any]) -> None:
    given = {"not_after": scene.now - DAY} if "not_after" in odd else odd
    made = scene.kit.client(scene.root, "odd", **given)
    for leaf in (made.der, made.der + b"x"):
        scene.block(block(by_fingerprint(_sha256(leaf)), scene.now))
        assert refused(scene.answer(leaf)) is Reason.BLOCKED


def test_another_encoding_of_the_same_signature_is_blocked_too(scene: Scene) -> None:
    twin = twin_of(scene.one, CURVES["ec"])
    assert isinstance(scene.answer(twin), Admitted), "it is as good as the other one"
    scene.block(block(named(scene.one), scene.now))
    assert refused(scene.answer(twin)) is Reason.BLOCKED
    scene.block(block(by_fingerprint(_sha256(twin)), scene.now))
    assert refused(scene.answer(scene.one)) is Reason.BLOCKED


def test_issuer_and_serial_number_name_every_encoding_and_nobody_else(scene: Scene) -> None:
    certificate = scene.one.certificate
    marked = by_issuer(certificate.issuer, f"0x{certificate.serial:x}")
    scene.block(block(marked, scene.now))
    assert refused(scene.answer(scene.one)) is Reason.BLOCKED
    assert refused(scene.answer(twin_of(scene.one, CURVES["ec"]))) is Reason.BLOCKED
    assert isinstance(scene.answer(scene.other), Admitted)
    namesake = scene.kit.client(scene.kit.root("another"), "namesake", serial=certificate.serial)
    assert refused(scene.answer(namesake)) is not Reason.BLOCKED


def test_an_issuer_is_known_in_whatever_order_and_spacing_it_is_written(kit: Kit) -> None:
    first = by_issuer("CN=ca, O=Example\\, Inc.,C=DE", "0A:1F")
    assert by_issuer("C=DE,O=Example\\2C Inc.,CN=ca", "a1f") == Marked(
        mark=first.mark, issuer="C=DE,O=Example\\2C Inc.,CN=ca", serial=0xA1F
    )
    for issuer, serial in (("CN=ca,O=Example,C=DE", "a1f"), (first.issuer, "a1e")):
        assert by_issuer(issuer, serial).mark != first.mark


@pytest.mark.parametrize(
    ("issuer", "serial", "says"),
    [
        ("CN=*", "1", "wildcards"),
        ("CN=ca,**", "1", "wildcards"),
        ("nonsense", "1", "no element"),
        ("CN=ca", "xyz", "no serial number"),
    ],
)
def test_what_names_no_single_certificate_is_refused(issuer: str, serial: str, says: str) -> None:
    with pytest.raises(PatternRefused, match=says):
        by_issuer(issuer, serial)


def test_explain_tells_the_block_as_its_first_step(scene: Scene) -> None:
    def steps(made: Made) -> list[tuple[str, bool, str]]:
        walk = scene.desk.explain("a", made.der, (), scene.now)
        return [(one.name, one.passed, one.detail) for one in walk.steps]

    assert steps(scene.one)[0] == ("block", True, "nobody is blocked")
    scene.block(block(named(scene.one), scene.now))
    (only,) = steps(scene.one)
    assert only[:2] == ("block", False)
    assert "laptop stolen" in only[2]
    assert steps(scene.other)[0] == ("block", True, "not one of the 1 blocked")


def test_a_hundred_thousand_blocks_cost_a_look_up(scene: Scene) -> None:
    many = [
        Block(number=at, mark=at.to_bytes(32, "big"), at=scene.now, by="x") for at in range(100_000)
    ]
    scene.block(*many, block(named(scene.one), scene.now))
    looked: list[bytes] = []

    class Counting(dict[bytes, Block]):
        def get(self, mark: bytes, *_: object) -> Any:  # type: ignore[override]  # of one form
            looked.append(mark)
            return super().get(mark)

    blocked = scene.desk.standing.blocked
    blocked._by_mark = Counting(blocked._by_mark)
    assert isinstance(scene.answer(scene.other), Admitted)
    assert refused(scene.answer(scene.one)) is Reason.BLOCKED
    assert len(looked) < 20


def test_earlier_sets_are_not_kept_alive_by_remembered_decisions(scene: Scene) -> None:
    """A set may have a hundred thousand blocks, and a new one comes with each change."""
    for number in range(30):
        scene.block(block(by_fingerprint(f"{number:064x}"), scene.now))
        scene.answer(scene.kit.client(scene.root, f"c{number}"))
    gc.collect()
    alive = [one for one in gc.get_objects() if isinstance(one, Blocked)]
    assert len(alive) < 15


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_two_sets_differ_in_the_blocks_that_only_one_of_them_has() -> None:
    one, two, three = (
        Block(number=number, mark=bytes([number]) * 32, at=WHEN, by="ann") for number in (1, 2, 3)
    )
    before = Blocked([one, two])
    after = before.changed(kept=frozenset({1}), more=[three])
    assert set(before.differing(after)) == {two, three}
    assert before.differing(before) == ()
    again = Block(number=4, mark=one.mark, at=WHEN, by="ann", note="another end")
    assert set(before.differing(before.changed(kept=None, more=[again]))) == {one, again}
