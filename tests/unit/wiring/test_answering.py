"""Every decision is handed on to whoever counts, and nobody who counts can disturb it."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ostiary.agent.questions import Header, Question
from ostiary.agent.tunnels import Tunnel, Tunnels
from ostiary.ca.authority import issue_client, new_root
from ostiary.ca.dice import SystemDice
from ostiary.forwarded.formats import HeaderFormat
from ostiary.kernel.blocked import Block, Blocked
from ostiary.trust.decision import Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import REFUSAL_AGE
from ostiary.trust.names.rules import NameRules
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import standing_of
from ostiary.wiring.answering import Answering, Decided

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = new_root("Root", NOW, SystemDice())
LEAF = issue_client(ROOT, "device", NOW, SystemDice()).certificate


def answering(
    heard: list[Decided], clock: Callable[[], datetime] = lambda: NOW, **policy: object
) -> Answering:
    trusting = TrustPolicy(anchors=(ROOT.certificate,), **policy)  # type: ignore[arg-type] # few kinds
    desk = Desk(standing_of({"e": trusting}), Intermediates())
    return Answering(desk, clock, heard.append)


def question(leaf: bytes = LEAF.der, chain: bytes = b"", **more: object) -> Question:
    return Question(entry="e.api", certificate=leaf, chain=chain, **more)  # type: ignore[arg-type] # few kinds


def test_a_decision_is_handed_on_with_its_scope_and_certificate() -> None:
    heard: list[Decided] = []
    assert answering(heard)(question()).code == 1
    (one,) = heard
    assert (one.scope, one.leaf, one.now) == ("e.api", LEAF.der, NOW)
    assert 0 <= one.seconds < 10


def test_the_chain_that_came_with_it_is_handed_on() -> None:
    heard: list[Decided] = []
    answering(heard)(question(chain=ROOT.certificate.der))
    assert (heard[0].chain, heard[0].key) == ((ROOT.certificate.der,), b"")


def test_a_malformed_chain_is_a_decision_too() -> None:
    heard: list[Decided] = []
    answer = answering(heard)(question(chain=b"\x30\x82junk"))
    assert (answer.code, answer.until) == (Reason.MALFORMED_CERTIFICATE.code, 0)
    assert isinstance(heard[0].decision, Refused)


def test_of_a_header_the_certificate_inside_is_handed_on() -> None:
    heard: list[Decided] = []
    text = b":" + base64.b64encode(LEAF.der) + b":"
    header = Header(text, HeaderFormat.RFC9440)
    assert answering(heard)(question(leaf=b"", header=header)).code == 1
    assert heard[0].leaf == LEAF.der
    assert heard[0].key == hashlib.sha256(text).digest()
    broken = Header(b":nonsense", HeaderFormat.RFC9440)
    assert answering(heard)(question(leaf=b"", header=broken)).code == Reason.HEADER_MALFORMED.code
    assert heard[1].leaf == b""


def test_what_only_would_be_refused_is_admitted_and_told() -> None:
    heard: list[Decided] = []
    names = NameRules(patterns=("CN=other",))
    answer = answering(heard, names=names, report_only=True)(question())
    assert (answer.code, answer.would) == (1, Reason.NAME_NOT_TRUSTED.code)


def test_who_is_blocked_hears_so_where_no_more_websockets_can_be_remembered() -> None:
    """Whoever is told 503 instead tries again and again."""
    policies = {"e": TrustPolicy(anchors=(ROOT.certificate,))}
    desk = Desk(standing_of(policies), Intermediates())
    tunnels = Tunnels(capacity=0)

    def remember(
        asked: Question, leaf: bytes, chain: tuple[bytes, ...], decision: Decision
    ) -> bool:
        assert asked.tunnel is not None
        return tunnels.remember(asked.tunnel, asked.entry, leaf, chain, decision)

    made = Answering(desk, lambda: NOW, on_tunnel=remember)
    tunnel = Tunnel(worker=1, stream=2, client="x")
    answer = made(question(tunnel=tunnel))
    assert (answer.code, answer.until) == (Reason.NO_ANSWER.code, 0)
    blocks = Blocked([Block(number=1, mark=LEAF.sha256, at=NOW, by="ann")])
    desk.replace(standing_of(policies, desk.standing, blocks))
    assert made(question(tunnel=tunnel)).code == Reason.BLOCKED.code
    assert made(question()).code == Reason.BLOCKED.code


def test_who_counts_can_not_disturb_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    made = answering([])

    def fail(_: Decided) -> None:
        raise RuntimeError("a full disk")

    made.on_decision = fail
    assert made(question()).code == 1
    assert "a full disk" in "".join(capsys.readouterr())


def test_the_log_tells_a_judgement_once_however_often_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A balancer's clients in turn are asked about with each request."""
    text = b":" + base64.b64encode(LEAF.der) + b":"
    headers = [Header(one, HeaderFormat.RFC9440) for one in (text, b":nonsense", b":other")]
    times = [NOW] * 3 + [NOW + REFUSAL_AGE] * 2
    made = answering([], clock=lambda: times[0], names=NameRules(patterns=("CN=other",)))
    codes = []
    while times:
        codes.append([made(question(leaf=b"", header=header)).code for header in headers])
        times.pop(0)
    assert codes == [codes[0]] * 5
    assert "".join(capsys.readouterr()).count("refused") == 2 * len(headers)


def test_the_log_tells_what_a_policy_would_refuse_once(capsys: pytest.CaptureFixture[str]) -> None:
    made = answering([], names=NameRules(patterns=("CN=other",)), report_only=True)
    assert [made(question()).would for _ in range(3)] == [Reason.NAME_NOT_TRUSTED.code] * 3
    assert "".join(capsys.readouterr()).count("would-refuse") == 1
