"""WebSockets are remembered with their certificates, and those that may not stay are found."""

from datetime import UTC, datetime, timedelta

import pytest

from ostiary.agent.tunnels import Ending, Holder, Tunnel, Tunnels, blocked_now, judged_again
from ostiary.ca.authority import issue_client, new_root
from ostiary.ca.dice import SystemDice
from ostiary.kernel.blocked import Block, Blocked
from ostiary.trust.blocks import by_issuer
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate
from ostiary.x509.twins import twin_fingerprints

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = new_root("Root", NOW, SystemDice())
ONE, OTHER = (issue_client(ROOT, name, NOW, SystemDice()).certificate for name in ("one", "other"))
EXPIRED = Refused(Reason.CERTIFICATE_EXPIRED, "yesterday", NOW)


def welcome(leaf: Certificate, until: datetime = NOW + timedelta(hours=1)) -> Decision:
    return Admitted((leaf, ROOT.certificate), until)


def opened(
    tunnels: Tunnels, stream: int, leaf: Certificate = ONE, decision: Decision | None = None,
    scope: str = "e", **more: object,
) -> Tunnel:  # fmt: skip
    one = Tunnel(worker=7, stream=stream, client="192.0.2.1:9", **more)  # type: ignore[arg-type] # one kind
    assert tunnels.remember(one, scope, leaf.der, (), decision or welcome(leaf))
    return one


def blocking(mark: bytes, **more: object) -> Blocked:
    return Blocked([Block(number=1, mark=mark, at=NOW, by="ann", **more)])  # type: ignore[arg-type] # few kinds


def ended_by_block(tunnels: Tunnels, blocked: Blocked) -> list[Tunnel]:
    holders = tunnels.holders()
    return [one.tunnel for kept in holders for one in blocked_now(kept, blocked, NOW)]


def ended_by(tunnels: Tunnels, decision: Decision) -> list[Ending]:
    asked: list[tuple[str, bytes]] = []

    def judge(scope: str, leaf: bytes, chain: tuple[bytes, ...]) -> Decision:
        asked.append((scope, leaf))
        return decision

    found = [one for kept in tunnels.holders() for one in judged_again(kept, judge)]
    assert len(asked) == len(set(asked))
    return found


def test_a_block_ends_every_tunnel_of_the_certificate_and_no_other() -> None:
    tunnels = Tunnels()
    its = [
        opened(tunnels, 1),
        opened(tunnels, 2, only_reported=True),
        opened(tunnels, 3, scope="e.api", decision=EXPIRED),
    ]
    opened(tunnels, 4, OTHER)
    assert ended_by_block(tunnels, blocking(ONE.sha256)) == its
    assert ended_by_block(tunnels, Blocked()) == []


def test_a_block_by_the_twin_or_by_issuer_and_number_ends_it_too() -> None:
    tunnels = Tunnels()
    one = opened(tunnels, 1)
    for twin in twin_fingerprints(ONE.der):
        assert ended_by_block(tunnels, blocking(twin)) == [one]
    marked = by_issuer("CN=Root", f"{ONE.serial:x}")
    assert ended_by_block(tunnels, blocking(marked.mark, serial=ONE.serial)) == [one]
    over = blocking(ONE.sha256, until=NOW)
    assert ended_by_block(tunnels, over) == []


def test_who_is_welcome_no_more_is_ended_with_the_reason() -> None:
    tunnels = Tunnels()
    one, other = opened(tunnels, 1), opened(tunnels, 2)
    assert ended_by(tunnels, EXPIRED) == [
        Ending(tunnel, EXPIRED, ONE.sha256.hex()) for tunnel in (one, other)
    ]
    assert ended_by(tunnels, welcome(ONE)) == []


def test_a_policy_that_only_reports_ends_nothing_and_who_was_never_welcome_goes_on() -> None:
    tunnels = Tunnels()
    opened(tunnels, 1, only_reported=True)
    opened(tunnels, 2, OTHER, EXPIRED)
    assert ended_by(tunnels, EXPIRED) == []


def test_who_was_let_in_as_nobody_and_is_welcome_later_is_looked_at_from_then_on() -> None:
    tunnels = Tunnels()
    first = opened(tunnels, 1, decision=EXPIRED)
    second = opened(tunnels, 2)
    assert [one.tunnel for one in ended_by(tunnels, EXPIRED)] == [first, second]


def test_verdicts_whose_time_is_up_are_due_and_hold_again_when_judged_so() -> None:
    tunnels = Tunnels()
    opened(tunnels, 1, decision=welcome(ONE, NOW))
    opened(tunnels, 2, OTHER)
    assert [kept.leaf for kept in tunnels.due(NOW)] == [ONE.der]
    assert not ended_by(tunnels, welcome(ONE, NOW + timedelta(hours=1)))
    assert tunnels.due(NOW) == []


def test_what_has_ended_is_forgotten_with_its_certificate() -> None:
    tunnels = Tunnels()
    for stream in (1, 2):
        opened(tunnels, stream)
    opened(tunnels, 2)  # the same question asked again, after an error
    opened(tunnels, 3, OTHER)
    assert len(tunnels) == 3
    assert tunnels.by_worker() == {7: {1, 2, 3}}
    tunnels.forget([(7, 1), (7, 3), (8, 2), (7, 9)])
    assert (len(tunnels), tunnels.by_worker()) == (1, {7: {2}})
    holders: list[Holder] = tunnels.holders()
    assert [kept.leaf for kept in holders] == [ONE.der]


def test_no_more_are_let_in_than_can_be_remembered() -> None:
    tunnels = Tunnels(capacity=2)
    first = opened(tunnels, 1)
    opened(tunnels, 2)
    more = Tunnel(worker=7, stream=3, client="x")
    assert not tunnels.remember(more, "e", ONE.der, (), welcome(ONE))
    tunnels.forget([(first.worker, first.stream)])
    assert tunnels.remember(more, "e", ONE.der, (), welcome(ONE))


def test_what_is_remembered_already_needs_no_room() -> None:
    tunnels = Tunnels(capacity=2)
    first = opened(tunnels, 1)
    opened(tunnels, 2)
    later = welcome(ONE, NOW + timedelta(hours=2))
    assert tunnels.remember(first, "e", ONE.der, (), later)
    (holder,) = tunnels.holders()
    assert (len(tunnels), holder.until) == (2, later.until)


BLOCKED = Refused(Reason.BLOCKED, "by ann", NOW)


@pytest.mark.parametrize(
    ("decision", "more", "kept"),
    [
        (EXPIRED, {"refuses": True}, 0),
        (EXPIRED, {}, 1),
        (EXPIRED, {"only_reported": True}, 1),
        (BLOCKED, {}, 0),
        (BLOCKED, {"only_reported": True}, 0),
        (welcome(ONE), {"refuses": True}, 1),
    ],
)
def test_requests_that_are_refused_take_no_room(
    decision: Decision, more: dict[str, bool], kept: int
) -> None:
    tunnels = Tunnels()
    opened(tunnels, 1, decision=decision, **more)
    assert len(tunnels) == len(tunnels.holders()) == kept
    assert Tunnels(capacity=0).remember(
        Tunnel(worker=7, stream=1, client="x", **more), "e", ONE.der, (), decision
    ) is (not kept)


@pytest.mark.parametrize("leaf", [b"", b"\x30\x03abc"])
def test_what_is_no_certificate_is_remembered_all_the_same(leaf: bytes) -> None:
    tunnels = Tunnels()
    one = Tunnel(worker=7, stream=1, client="x")
    assert tunnels.remember(one, "e", leaf, (), EXPIRED)
    assert ended_by_block(tunnels, blocking(tunnels.holders()[0].marks[0])) == [one]
