"""A WebSocket that hangs on an OCSP answer does not end before its responder was asked."""

import asyncio
from datetime import UTC, datetime

import pytest

from ostiary.trust.ocsp import OcspRules, Question, Responder, Status
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.standing import standing_of
from ostiary.trust.statuses import ASKED_AGAIN, Statuses
from ostiary.wiring import tunnelling
from tests.support.ocsp_der import answer_of, single
from tests.support.pki import Kit
from tests.unit.wiring.test_tunnelling import Scene, scene

NOW = datetime.now(UTC)
ALL = set(range(10))
ITS, OTHERS = 3, 4
RULES = OcspRules(responders=(Responder(url="http://a.example/"),))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


class Responding:
    """A responder that answers when ``told`` is set: of one client ``says``, of the other good."""

    def __init__(self, kit: Kit, says: str | None) -> None:
        self.root = kit.root("root")
        clients = [kit.client(self.root, name) for name in ("its", "others")]
        self.clients = {
            one.der: (one, what) for one, what in zip(clients, (says, "good"), strict=True)
        }
        self.statuses = Statuses()
        self.asked: list[bytes] = []
        self.told = asyncio.Event()
        self.too_much = False

    def ask(self, question: Question) -> asyncio.Task[None] | None:
        self.asked.append(question.subject.certificate.der)
        return None if self.too_much else asyncio.create_task(self._answer(question))

    async def _answer(self, question: Question) -> None:
        await self.told.wait()
        made, says = self.clients[question.subject.certificate.der]
        if says is None:
            self.statuses.fail(question, "nobody answers", NOW + ASKED_AGAIN)
            return
        der = answer_of(self.root, single(made, self.root, says), produced=NOW)
        status = self.statuses.read(question, der, b"", NOW)
        assert isinstance(status, Status)
        self.statuses.take(question, der, status, NOW)

    async def turn_on(self, made: Scene, mode: Revocation) -> None:
        """Each has a WebSocket open; from now on OCSP counts."""
        made.now = NOW
        for counts in (Revocation.OFF, mode):
            policy = TrustPolicy(anchors=(self.root.certificate,), revocation=counts, ocsp=RULES)
            made.desk.replace(standing_of({"e": policy}, statuses=self.statuses))
            if counts is Revocation.OFF:
                assert all(map(made.open, (ITS, OTHERS), self.clients))
        await made.tunnelling.look_again(judged=True)
        await made.until(lambda: set(self.asked) == set(self.clients))


def judging(made: Scene) -> list[str]:
    """What goes on in the background, but for looking at the clock."""
    names = (one.get_name() for one in made.tunnelling._beside._tasks)
    return [name for name in names if name != "tunnels"]


@pytest.mark.parametrize(
    ("says", "left"), [("good", ALL), ("revoked", ALL - {ITS}), (None, ALL - {ITS})]
)
def test_strict_waits_for_the_answer_and_ends_by_it(
    kit: Kit, says: str | None, left: set[int]
) -> None:
    async def play() -> None:
        responding = Responding(kit, says)
        async with scene(range(10), responding.ask) as made:
            await responding.turn_on(made, Revocation.STRICT)
            await asyncio.sleep(0.05)
            assert made.engine.open == ALL
            responding.told.set()
            await made.until(lambda: made.engine.open == left and not judging(made))
            assert made.engine.open == left

    asyncio.run(play())


@pytest.mark.parametrize("too_much", [False, True])
def test_strict_does_not_wait_for_ever(
    kit: Kit, too_much: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnelling, "_PATIENCE", 0.2)
    monkeypatch.setattr(tunnelling, "LONGEST_WAIT", 0.05)

    async def play() -> None:
        responding = Responding(kit, "good")
        responding.too_much = too_much
        async with scene(range(10), responding.ask) as made:
            await responding.turn_on(made, Revocation.STRICT)
            await made.until(lambda: made.engine.open == ALL - {ITS, OTHERS})
            assert len(responding.asked) > 2, "asked for as long as it is waited for"

    asyncio.run(play())


def test_soft_asks_and_ends_nothing_meanwhile(kit: Kit) -> None:
    async def play() -> None:
        responding = Responding(kit, "revoked")
        async with scene(range(10), responding.ask) as made:
            await responding.turn_on(made, Revocation.SOFT)
            await made.until(lambda: not judging(made))
            assert made.engine.open == ALL
            assert len(responding.asked) == 2

    asyncio.run(play())
