"""OCSP questions on their way: once each, of one responder after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from ostiary.services.ocsp_call import Call
from ostiary.trust.finding import Finding, Listed, NotRevoked, Undetermined
from ostiary.trust.ocsp import OcspRules, Question, Responder, Target
from ostiary.trust.statuses import Statuses
from ostiary.wiring.inquiring import Inquiring, NotAnswered
from ostiary.wiring.ocsp_exchange import FetchExchange
from ostiary.x509.ocsp_question import Subject
from tests.support.ocsp import TRY_LATER, responder
from tests.support.ocsp_der import answer_of, single
from tests.support.pki import Kit, Made

A, B = "http://a.example/", "http://b.example/"
Reply = bytes | Exception | Callable[[Call], bytes]


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


class Scene:
    """A client, responders that say what they are told to, and what came of it."""

    def __init__(self, kit: Kit, **replies: Reply) -> None:
        self.root = kit.root("root")
        self.client = kit.client(self.root, "client")
        self.replies = {A: replies.get("a"), B: replies.get("b")}
        self.rules = OcspRules(
            responders=(Responder(url=A), Responder(url=B)), timeout=timedelta(seconds=1)
        )
        self.now = datetime.now(UTC)
        self.statuses = Statuses()
        self.changed: list[Subject] = []
        self.calls: list[str] = []
        self.hold: asyncio.Event | None = None
        self.inquiring = Inquiring(
            self.statuses, self.exchange, lambda: self.now, bytes, self.changed.append
        )

    async def exchange(self, target: Target, call: Call, seconds: float) -> bytes:
        self.calls.append(target.url)
        if self.hold is not None:
            await self.hold.wait()
        reply = self.replies[target.url]
        if isinstance(reply, Exception):
            raise reply
        assert reply is not None
        return reply if isinstance(reply, bytes) else reply(call)

    def subject(self, client: Made | None = None) -> Subject:
        return Subject((client or self.client).certificate, self.root.certificate)

    def answer(self, state: str = "good", client: Made | None = None) -> bytes:
        return answer_of(self.root, single(client or self.client, self.root, state))

    def look(self, client: Made | None = None) -> Finding:
        return self.statuses.look(self.subject(client), self.rules, self.now)

    def question(self, client: Made | None = None) -> Question:
        return Question(
            subject=self.subject(client),
            key=self.subject(client).key,
            targets=(Target(A, True), Target(B, True)),
            rules=self.rules,
        )

    async def ask(self, client: Made | None = None) -> None:
        task = self.inquiring.ask(self.question(client))
        assert task is not None
        await task


def test_the_first_answer_that_is_believed_ends_it(kit: Kit) -> None:
    scene = Scene(kit)
    scene.replies[A] = scene.answer()
    asyncio.run(scene.ask())
    assert isinstance(scene.look(), NotRevoked)
    assert (scene.calls, scene.changed) == ([A], [])
    assert scene.inquiring.outcomes == {(A, "good"): 1}


def test_who_is_revoked_is_told_at_once(kit: Kit) -> None:
    scene = Scene(kit)
    scene.replies[A] = scene.answer("revoked")
    asyncio.run(scene.ask())
    assert isinstance(scene.look(), Listed)
    assert scene.changed == [scene.subject()]


@pytest.mark.parametrize(
    ("bad", "outcome"),
    [
        (NotAnswered("no connection"), "failed"),
        (b"<html>not found</html>", "failed"),
        (TRY_LATER, "failed"),
        (b"", "failed"),
        (bytes.fromhex("30030a0106"), "unbelieved"),
    ],
)
def test_where_one_fails_the_next_is_asked(kit: Kit, bad: Reply, outcome: str) -> None:
    scene = Scene(kit, a=bad)
    scene.replies[B] = scene.answer()
    asyncio.run(scene.ask())
    assert isinstance(scene.look(), NotRevoked)
    assert scene.inquiring.outcomes == {(A, outcome): 1, (B, "good"): 1}


def test_one_that_is_too_slow_fails(kit: Kit) -> None:
    scene = Scene(kit)
    scene.hold = asyncio.Event()
    with capture_logs() as logs:
        asyncio.run(scene.ask())
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert "no answer within 1 s" in found.detail
    assert scene.inquiring.outcomes == {(A, "failed"): 1, (B, "failed"): 1}
    assert [one["event"] for one in logs] == ["ocsp-no-answer", "ocsp-no-answer"]


def test_an_answer_about_another_certificate_is_not_believed(kit: Kit) -> None:
    scene = Scene(kit)
    other = kit.client(scene.root, "other")
    scene.replies = {A: scene.answer(client=other), B: scene.answer("unknown")}
    asyncio.run(scene.ask())
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert "unknown to OCSP" in found.detail
    assert scene.calls == [A, B]


def test_who_does_not_know_the_certificate_leaves_it_to_the_next(kit: Kit) -> None:
    scene = Scene(kit)
    scene.replies = {A: scene.answer("unknown"), B: scene.answer("revoked")}
    asyncio.run(scene.ask())
    assert isinstance(scene.look(), Listed)


def test_the_same_question_is_asked_once_at_a_time(kit: Kit) -> None:
    scene = Scene(kit)
    scene.replies[A] = scene.answer()
    scene.hold = asyncio.Event()

    async def thrice() -> None:
        assert scene.hold is not None
        tasks = {scene.inquiring.ask(scene.question()) for _ in range(3)}
        assert len(tasks) == 1
        await asyncio.sleep(0)
        scene.hold.set()
        await asyncio.gather(*(one for one in tasks if one))

    asyncio.run(thrice())
    assert scene.calls == [A]


def test_a_responder_that_hangs_keeps_nobody_elses_clients_waiting(kit: Kit) -> None:
    scene = Scene(kit)
    clients = [kit.client(scene.root, f"h{number}") for number in range(20)]

    async def hang(_target: Target, _call: Call, _seconds: float) -> bytes:
        if _target.url == A:
            await asyncio.Event().wait()
        return scene.answer()

    async def all_at_once() -> None:
        scene.inquiring = Inquiring(
            scene.statuses, hang, lambda: scene.now, bytes, scene.changed.append
        )
        for one in clients:
            assert scene.inquiring.ask(scene.question(one)) is not None
        await asyncio.sleep(0.01)
        well = replace(scene.question(), targets=(Target(B, True),))
        task = scene.inquiring.ask(well)
        assert task is not None
        await asyncio.wait_for(task, 0.5)
        await scene.inquiring.end()

    asyncio.run(all_at_once())
    assert isinstance(scene.look(), NotRevoked)


def test_our_own_mistake_is_told_and_asked_about_again(kit: Kit) -> None:
    scene = Scene(kit, a=ZeroDivisionError("oops"))
    with capture_logs() as logs:
        asyncio.run(scene.ask())
    assert [one["event"] for one in logs] == ["ocsp-failed"]
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert found.asking == ()
    assert found.again is not None


def test_what_is_under_way_ends_with_the_gateway(kit: Kit) -> None:
    scene = Scene(kit)
    scene.hold = asyncio.Event()

    async def begin_and_end() -> None:
        task = scene.inquiring.ask(scene.question())
        await asyncio.sleep(0)
        await scene.inquiring.end()
        assert task is not None
        assert task.cancelled()

    asyncio.run(begin_and_end())


def test_a_real_responder_is_asked_by_get_and_by_post(kit: Kit) -> None:
    scene = Scene(kit)
    with responder(kit.folder, scene.root) as served:
        served.index.good(scene.client)
        exchange: Any = FetchExchange()
        inquiring = Inquiring(
            scene.statuses, exchange, lambda: datetime.now(UTC), _nonce, scene.changed.append
        )

        async def ask(url: str, *, written: bool = True) -> None:
            asked = Question(
                subject=scene.subject(),
                key=scene.subject().key,
                targets=(Target(url, written),),
                rules=scene.rules,
            )
            task = inquiring.ask(asked)
            assert task is not None
            await task

        asyncio.run(ask(served.url))
        assert isinstance(scene.look(), NotRevoked)
        served.index.revoke(scene.client)
        asyncio.run(ask(served.url + "?" + "x" * 200))
        assert [method for method, _ in served.asked] == ["GET", "POST"]
        # What a certificate names is asked where that is allowed only: not on this host.
        asyncio.run(ask(served.url, written=False))
        assert len(served.asked) == 2


def _nonce(size: int) -> bytes:
    return b"n" * size
