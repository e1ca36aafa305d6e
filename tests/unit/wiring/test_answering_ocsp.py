"""Who is seen for the first time, and has to wait for an OCSP answer or hasn't."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ostiary.agent.answers import Answer
from ostiary.agent.questions import Question
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.ocsp import OcspRules, Responder, Status
from ostiary.trust.ocsp import Question as OcspQuestion
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import standing_of
from ostiary.trust.statuses import Statuses
from ostiary.wiring import answering as module
from ostiary.wiring.answering import Answering, Decided
from ostiary.x509.ocsp_question import Subject
from tests.support.ocsp_der import answer_of, single
from tests.support.pki import Kit

NOW = datetime.now(UTC)
UNDETERMINED = Reason.REVOCATION_UNDETERMINED.code


class Scene:
    """A desk, and a responder that answers when ``told`` is set."""

    def __init__(self, kit: Kit, mode: Revocation, says: str | None = "good") -> None:
        self.root = kit.root("root")
        self.client = kit.client(self.root, "client")
        self.says = says
        self.statuses = Statuses()
        rules = OcspRules(responders=(Responder(url="http://a.example/"),))
        policy = TrustPolicy(anchors=(self.root.certificate,), revocation=mode, ocsp=rules)
        standing = standing_of({"e": policy}, statuses=self.statuses)
        self.desk = Desk(standing, Intermediates())
        self.asked: list[OcspQuestion] = []
        self.heard: list[Decided] = []
        self.told = asyncio.Event()
        self.answering = Answering(self.desk, lambda: NOW, self.heard.append, ask=self.ask)

    def ask(self, question: OcspQuestion) -> asyncio.Task[None]:
        self.asked.append(question)
        return asyncio.create_task(self._answer(question))

    async def _answer(self, question: OcspQuestion) -> None:
        await self.told.wait()
        if self.says is None:
            return
        der = answer_of(self.root, single(self.client, self.root, self.says), produced=NOW)
        status = self.statuses.read(question, der, b"", NOW)
        assert isinstance(status, Status)
        if self.statuses.take(question, der, status, NOW):
            self.desk.reconsider([question.subject])

    def question(self) -> Question:
        return Question(entry="e", certificate=self.client.der, chain=b"")


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


def run(scene: Callable[[], Any]) -> None:
    asyncio.run(scene())


@pytest.mark.parametrize(
    ("says", "code"), [("good", 1), ("revoked", Reason.REVOKED.code), ("unknown", UNDETERMINED)]
)
def test_strict_waits_for_the_answer(kit: Kit, says: str, code: int) -> None:
    async def scene() -> None:
        made = Scene(kit, Revocation.STRICT, says)
        answer = made.answering(made.question())
        assert not isinstance(answer, Answer)
        task = asyncio.ensure_future(answer)
        await asyncio.sleep(0)
        assert not task.done()
        assert made.heard == []
        made.told.set()
        assert (await task).code == code
        assert len(made.heard) == 1
        assert len(made.asked) == 1

    run(scene)


def test_strict_refuses_when_the_answer_takes_too_long_and_lets_in_once_it_is_there(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)

    async def scene() -> None:
        made = Scene(kit, Revocation.STRICT)
        later = made.answering(made.question())
        assert not isinstance(later, Answer)
        answer = await later
        assert (answer.code, answer.until) == (UNDETERMINED, 0)
        made.told.set()
        await asyncio.sleep(0.01)
        at_once = made.answering(made.question())
        assert isinstance(at_once, Answer)
        assert at_once.code == 1

    run(scene)


def test_soft_lets_pass_meanwhile_and_refuses_once_it_is_known(kit: Kit) -> None:
    async def scene() -> None:
        made = Scene(kit, Revocation.SOFT, "revoked")
        answer = made.answering(made.question())
        assert isinstance(answer, Answer)
        assert (answer.code, answer.would) == (1, UNDETERMINED)
        again = made.answering(made.question())
        assert isinstance(again, Answer)
        assert len(made.asked) == 1
        made.told.set()
        await asyncio.sleep(0.01)
        answer = made.answering(made.question())
        assert isinstance(answer, Answer)
        assert answer.code == Reason.REVOKED.code

    run(scene)


def test_when_too_many_wait_the_next_is_refused_at_once(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 1)

    async def scene() -> None:
        made = Scene(kit, Revocation.STRICT)
        waits = made.answering(made.question())
        assert not isinstance(waits, Answer)
        task = asyncio.ensure_future(waits)
        await asyncio.sleep(0)
        refused = made.answering(made.question())
        assert isinstance(refused, Answer)
        assert refused.code == UNDETERMINED
        made.told.set()
        assert (await task).code == 1

    run(scene)


def test_the_desk_forgets_only_who_is_concerned(kit: Kit) -> None:
    async def scene() -> None:
        made = Scene(kit, Revocation.SOFT)
        made.answering(made.question())
        judged = made.desk.judged
        other = kit.client(made.root, "other")
        made.desk.reconsider([Subject(other.certificate, made.root.certificate)])
        made.answering(made.question())
        assert made.desk.judged == judged
        made.desk.reconsider([Subject(made.client.certificate, made.root.certificate)])
        made.answering(made.question())
        assert made.desk.judged == judged + 1

    run(scene)
