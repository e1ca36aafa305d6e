"""Credentials are judged beside the loop, and nobody waits for long."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ostiary.agent.credentials import CredentialQuestion
from ostiary.consumers.changes import Changed
from ostiary.consumers.judging import Judgement
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.wiring.authenticating import Authenticating
from ostiary.wiring.guessing import MOST_WRONG
from ostiary.wiring.remembering import Remembering, Row

KEY = CredentialType.KEY_AUTH
BY_KEY = Judgement(type=KEY)
ADA = Known(
    consumer=Consumer(id=UUID(int=1), kind=ConsumerKind.USER, name="ada", active=True),
    credential=Credential(type=KEY, id="k", secret="s", active=True),
)


class Scene:
    """One who judges, with a clock, a directory and a way to compare that can be changed."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.known = {"k": ADA}
        self.compared = 0
        self.hold: threading.Event | None = None
        self.one = Authenticating(
            self.verify, dict.fromkeys(CredentialType, ""), lambda: self.now, Remembering()
        )
        self.one.judge_by({BY_KEY.id: BY_KEY})

    def find(self, kind: CredentialType, name: str) -> Known | None:
        return self.known.get(name)

    def verify(self, kept: str, given: str) -> bool:
        if self.hold is not None:
            self.hold.wait(30)
        self.compared += 1
        return kept == given

    async def ask(self, sent: str, *, client: str = "192.0.2.1", by: str = BY_KEY.id) -> int:
        question = CredentialQuestion(
            judgement=by, credential=sent.encode(), key="", worker=7, client=client
        )
        return (await self.one(question)).code


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        one = Scene()
        one.one.consult(one)
        try:
            await scene(one)
        finally:
            if one.hold is not None:
                one.hold.set()
            await one.one.end()

    asyncio.run(whole())


def test_the_verdict_is_told_and_counted() -> None:
    async def scene(one: Scene) -> None:
        assert await one.ask("k:s") == 1
        assert await one.ask("k:t") == CredentialReason.WRONG.code
        assert one.one.counts == {("key-auth", "admitted"): 1, ("key-auth", "credential-wrong"): 1}

    play(scene)


def test_by_an_unknown_judgement_nobody_passes() -> None:
    async def scene(one: Scene) -> None:
        assert await one.ask("k:s", by="0" * 16) == CredentialReason.NO_ANSWER.code

    play(scene)


def test_without_a_directory_nobody_passes_and_nothing_is_remembered() -> None:
    async def scene() -> None:
        one = Scene()
        assert await one.ask("k:s") == CredentialReason.NO_ANSWER.code
        one.one.consult(one)
        assert await one.ask("k:s") == 1
        await one.one.end()

    asyncio.run(scene())


def test_a_secret_that_was_right_is_not_compared_again_until_it_is_another() -> None:
    async def scene(one: Scene) -> None:
        for _ in range(3):
            assert await one.ask("k:s") == 1
        assert one.compared == 1
        other = Credential(type=KEY, id="k", secret="t", active=True)
        one.known["k"] = Known(consumer=ADA.consumer, credential=other)
        assert await one.ask("k:s") == CredentialReason.WRONG.code

    play(scene)


def test_a_wrong_one_is_remembered_for_a_while_but_not_over_a_change() -> None:
    async def scene(one: Scene) -> None:
        one.known.clear()
        for _ in range(5):
            assert await one.ask("k:s") == CredentialReason.WRONG.code
        assert one.compared == 1
        one.known["k"] = ADA
        await one.one.reconsider(Changed(credentials=frozenset({(KEY, "k")})))
        assert await one.ask("k:s") == 1
        assert await one.ask("x:s") == CredentialReason.WRONG.code
        one.now += timedelta(seconds=11)
        one.known["x"] = ADA
        assert await one.ask("x:s") == 1

    play(scene)


def test_a_verdict_that_a_change_has_overtaken_is_not_remembered() -> None:
    async def scene(one: Scene) -> None:
        one.known.clear()
        one.hold = threading.Event()
        asked = asyncio.create_task(one.ask("k:s"))
        await asyncio.sleep(0.05)
        await one.one.reconsider(Changed(credentials=frozenset({(KEY, "k")})))
        one.hold.set()
        assert await asked == CredentialReason.WRONG.code
        one.known["k"] = ADA
        assert await one.ask("k:s") == 1

    play(scene)


def test_who_is_judged_too_slowly_does_not_pass() -> None:
    async def scene(one: Scene) -> None:
        one.hold = threading.Event()
        assert await one.ask("k:s") == CredentialReason.NO_ANSWER.code

    play(scene)


def test_beyond_many_that_wait_the_next_is_answered_at_once() -> None:
    async def scene(one: Scene) -> None:
        one.hold = threading.Event()
        waiting = [asyncio.create_task(one.ask(f"k:{number}")) for number in range(128)]
        await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            assert await one.ask("k:s") == CredentialReason.NO_ANSWER.code
        one.hold.set()
        await asyncio.gather(*waiting)
        assert await one.ask("k:s", client="192.0.2.2") == 1

    play(scene)


def test_who_guesses_is_turned_away_but_nobody_from_elsewhere() -> None:
    async def scene(one: Scene) -> None:
        for number in range(MOST_WRONG + 1):
            assert await one.ask(f"k:{number}") == CredentialReason.WRONG.code
        assert await one.ask("k:s") == CredentialReason.TOO_MANY.code
        assert await one.ask("k:s", client="192.0.2.2") == 1
        one.now += timedelta(seconds=61)
        assert await one.ask("k:s") == 1

    play(scene)


def test_a_row_is_one_command_with_the_uuid_as_four_numbers() -> None:
    uuid = UUID("ffffffff-0000-0001-8000-000000000002")
    row = Row(key="0|a|B", code=1, until=9, consumer=uuid, passed=5)
    assert row.command(7) == (
        "set table ost_credentials key 0|a|B data.conn_cnt 4294967295 data.sess_cnt 1 "
        "data.http_req_cnt 2147483648 data.http_err_cnt 2 data.gpc1 5 data.gpc0 1793 data.gpt0 9"
    )
    assert f"data.gpc0 {0xFFFFFF01} " in row.command(2**30 - 1)
