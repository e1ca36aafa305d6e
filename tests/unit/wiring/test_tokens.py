"""Tokens are judged beside the loop; what is remembered ends with them."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NoReturn, cast
from uuid import UUID

from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.config.load import load
from ostiary.consumers.changes import Changed, Named
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.jose.keys import secret_or_public_key
from ostiary.services.prepare import Prepared
from ostiary.services.token_sources import FixedKeys, PublishedKeys, TokenSource
from ostiary.wiring.guessing import MOST_WRONG, Guessing
from ostiary.wiring.remembering import Remembering, Row
from ostiary.wiring.tokens import TokenDesk
from tests.support.tokens import SECRET, token

OTHER = b"another-secret-of-more-than-32-bytes"
ADA = Known(
    consumer=Consumer(id=UUID(int=7), kind=ConsumerKind.USER, name="ada", active=True),
    credential=Credential(type=CredentialType.JWT, id="ada", active=True),
)


@dataclass
class Noted(Remembering):
    """Keeps what a worker would be told."""

    def __post_init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[Row, Named | None]] = []

    def note(self, worker: int, row: Row, named: Named | None, now: int) -> None:
        self.rows.append((row, named))


def configured(**steps: bool) -> Any:
    """Pipelines by name; True: the subject must be a stored credential's."""
    names = {
        name: f"""
  {name}:
    apiEndpoints: [{name}]
    policies:
      - jwt: {{action: {{secretOrPublicKey: x, checkCredentialExistence: {str(stored).lower()}}}}}
"""
        for name, stored in steps.items()
    }
    endpoints = "".join(f"\n  {name}: {{paths: /{name}/*}}" for name in steps)
    text = f"http: {{port: 8080}}\napiEndpoints:{endpoints}\npipelines:{''.join(names.values())}"
    return load(text, "gw.yml", {}).document


class Scene:
    """A desk with a clock and a directory that can be held."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.hold: threading.Event | None = None
        self.asked = threading.Event()
        self.known = ADA
        self.noted = Noted()
        self.withdrawn: list[Changed | None] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        guessing = Guessing(lambda *_: None)
        self.desk = TokenDesk(self, lambda: self.now, self.noted, guessing, self.counts)
        self.desk.vouching.begin(self.reconsider)
        self.document = configured(stored=True, claims=False)
        self.sources: dict[str, TokenSource] = dict.fromkeys(
            ("stored/0", "claims/0"), FixedKeys(secret_or_public_key(SECRET))
        )

    def find(self, kind: CredentialType, name: str) -> Known | None:
        self.asked.set()
        if self.hold is not None:
            self.hold.wait(30)
        return self.known if name == "ada" else None

    async def reconsider(self, changed: Changed | None) -> bool:
        self.withdrawn.append(changed)
        return True

    @asynccontextmanager
    async def applied(self, **sources: TokenSource) -> Any:
        gathered = SimpleNamespace(tokens={**self.sources, **sources})
        prepared = cast(Prepared, SimpleNamespace(document=self.document, gathered=gathered))
        async with self.desk.vouching.following(prepared):
            yield

    async def ask(self, text: str, source: str = "claims/0", **more: Any) -> CredentialAnswer:
        known = self.desk.vouching._judgements.values()
        (judgement,) = (one for each in known for one in each.values() if one.source == source)
        question = CredentialQuestion(
            judgement=judgement.id,
            credential=text.encode(),
            key="0|k|H",
            worker=1,
            client="192.0.2.1",
        )
        return await self.desk(judgement, replace(question, **more))

    def at(self, seconds: float = 0) -> int:
        return int((self.now + timedelta(seconds=seconds)).timestamp())


def run(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def done() -> None:
        made = Scene()
        async with made.applied():
            pass
        try:
            await scene(made)
        finally:
            await made.desk.end()

    asyncio.run(done())


def test_a_row_ends_with_the_token_and_after_an_hour() -> None:
    async def scene(made: Scene) -> None:
        for ends, until in ((60, 60), (None, 3_600), (9_000, 3_600), (0.4, None)):
            made.noted.rows.clear()
            claims = {} if ends is None else {"exp": made.now.timestamp() + ends}
            assert (await made.ask(token(claims))).code == 1
            told = [row.until for row, _ in made.noted.rows]
            assert told == ([] if until is None else [made.at(until)])

    run(scene)


def test_a_token_that_is_not_valid_yet_is_remembered_until_it_is() -> None:
    async def scene(made: Scene) -> None:
        answer = await made.ask(token({"nbf": made.at(30)}))
        assert answer.code == CredentialReason.TOKEN_EARLY.code
        assert [row.until for row, _ in made.noted.rows] == [made.at(30)]

    run(scene)


def test_of_stored_credentials_it_is_known_whose_a_row_is() -> None:
    async def scene(made: Scene) -> None:
        answer = await made.ask(token({"sub": "ada"}), "stored/0")
        assert (answer.code, answer.consumer) == (1, UUID(int=7))
        assert [named for _, named in made.noted.rows] == [(CredentialType.JWT, "ada")]
        made.noted.rows.clear()
        for _ in range(2):  # one that nobody has is remembered when it comes again
            assert (await made.ask(token({"sub": "eve"}), "stored/0")).code == 3
        assert [named for _, named in made.noted.rows] == [(CredentialType.JWT, "eve")]

    run(scene)


def test_what_was_judged_before_a_change_is_not_remembered() -> None:
    async def scene(made: Scene) -> None:
        made.hold = threading.Event()
        asking = asyncio.create_task(made.ask(token({"sub": "ada"}), "stored/0"))
        while not made.asked.is_set():
            await asyncio.sleep(0)
        made.desk.forget()
        made.hold.set()
        assert (await asking).code == 1
        assert made.noted.rows == []

    run(scene)


def test_other_keys_count_once_they_are_in_force_and_take_back_what_was_told() -> None:
    async def scene(made: Scene) -> None:
        new = FixedKeys(secret_or_public_key(OTHER))
        async with made.applied(**{"claims/0": new}):
            assert (await made.ask(token({"a": 1}))).code == 1
            assert (await made.ask(token({}, OTHER))).code != 1, "not yet"
            assert made.withdrawn == []
        assert made.withdrawn == [None]
        assert (await made.ask(token({"a": 2}))).code == CredentialReason.TOKEN_SIGNATURE.code
        assert (await made.ask(token({}, OTHER))).code == 1
        async with made.applied(**{"claims/0": new}):
            pass
        assert made.withdrawn == [None], "nothing has changed"

    run(scene)


def test_keys_of_a_configuration_that_was_refused_never_count() -> None:
    async def scene(made: Scene) -> None:
        try:
            async with made.applied(**{"claims/0": FixedKeys(secret_or_public_key(OTHER))}):
                raise RuntimeError("refused")
        except RuntimeError:
            pass
        assert (await made.ask(token({}))).code == 1
        assert (await made.ask(token({}, OTHER))).code == CredentialReason.TOKEN_SIGNATURE.code

    run(scene)


def test_who_is_judged_without_keys_or_too_slowly_does_not_pass() -> None:
    async def scene(made: Scene) -> None:
        made.hold = threading.Event()
        answer = await made.ask(token({"sub": "ada"}), "stored/0")
        assert answer.code == CredentialReason.NO_ANSWER.code
        made.hold.set()
        made.sources.pop("claims/0")
        async with made.applied():
            pass
        assert (await made.ask(token({}))).code == CredentialReason.NO_ANSWER.code
        assert made.noted.rows == []

    run(scene)


def test_who_forges_is_turned_away_and_who_is_late_is_not() -> None:
    async def scene(made: Scene) -> None:
        for number in range(MOST_WRONG + 5):
            old = token({"n": number, "exp": 1})
            assert (await made.ask(old)).code == CredentialReason.TOKEN_EXPIRED.code
        for number in range(MOST_WRONG + 1):
            forged = token({"n": number}, OTHER)
            assert (await made.ask(forged)).code == CredentialReason.TOKEN_SIGNATURE.code
        good = token({"sub": "x"})
        assert (await made.ask(good)).code == CredentialReason.TOO_MANY.code
        assert (await made.ask(good, client="192.0.2.2")).code == 1
        assert made.counts["jwt", "token-signature"] == MOST_WRONG + 1

    run(scene)


def test_a_slow_issuer_takes_only_so_many_of_the_agents_connections() -> None:
    async def scene(made: Scene) -> None:
        async def never(_: object) -> NoReturn:
            await asyncio.Event().wait()
            raise AssertionError

        made.desk.vouching._fetch = never
        slow = PublishedKeys(url="https://issuer.example/keys", refresh=60, max_age=60)
        async with made.applied(**{"claims/0": slow}):
            pass
        sent = token({"sub": "ada"}, kid="another")
        asked = [asyncio.create_task(made.ask(sent)) for _ in range(300)]
        await asyncio.sleep(0.1)
        refused = [task.result().code for task in asked if task.done()]
        assert len(refused) == 300 - 128
        assert set(refused) == {CredentialReason.NO_ANSWER.code}
        assert (await made.ask(token({"sub": "ada"}), "stored/0")).code == 1
        for task in asked:
            task.cancel()

    run(scene)
