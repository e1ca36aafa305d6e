"""Keys that are published: fetched anew where that helps, and not more often."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ostiary.jose.keys import VerificationKey
from ostiary.jose.tokens import Head
from ostiary.services.token_sources import PublishedKeys
from ostiary.wiring.issuer_calls import IssuerUnreachable
from ostiary.wiring.key_sets import BETWEEN_SECONDS, KeySet

SOURCE = PublishedKeys(url="https://a.example/keys", refresh=900, max_age=3_600)


def key(kid: str) -> VerificationKey:
    return VerificationKey(kid, frozenset({"ES256"}), kid.encode(), None)


class Issuer:
    """Publishes, or doesn't; and notes what it was asked and what was told of it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.keys: tuple[VerificationKey, ...] | None = (key("1"),)
        self.asked = 0
        self.told: list[bool] = []
        self.hold: asyncio.Event | None = None
        self.set = KeySet(SOURCE, self.fetch, lambda: self.now, self.changed)

    async def fetch(self, source: PublishedKeys) -> tuple[VerificationKey, ...]:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.keys is None:
            raise IssuerUnreachable("away")
        return self.keys

    async def changed(self, gone: bool) -> None:
        self.told.append(gone)

    async def kids(self, kid: str | None = "1") -> list[str | None]:
        keys, _ = await self.set.keys_for(Head("ES256", kid))
        return [one.kid for one in keys]


def run(scene: Callable[[Issuer], Awaitable[None]]) -> None:
    async def done() -> None:
        issuer = Issuer()
        try:
            await scene(issuer)
        finally:
            await issuer.set.end()

    asyncio.run(done())


def test_an_unknown_id_has_keys_fetched_anew_but_not_at_each_token() -> None:
    async def scene(issuer: Issuer) -> None:
        assert await issuer.kids() == ["1"]
        for number in range(20):
            assert await issuer.kids(f"made-up-{number}") == ["1"]
        assert issuer.asked == 1
        issuer.keys = (key("1"), key("2"))
        issuer.now += BETWEEN_SECONDS
        assert await issuer.kids("2") == ["1", "2"]
        assert issuer.asked == 2
        assert await issuer.kids() == ["1", "2"]
        assert issuer.asked == 2

    run(scene)


def test_keys_at_hand_are_those_that_count_and_nobody_is_asked_for_them() -> None:
    async def scene(issuer: Issuer) -> None:
        assert issuer.set.at_hand == ()
        assert issuer.asked == 0
        await issuer.kids()
        assert [one.kid for one in issuer.set.at_hand] == ["1"]
        issuer.now += SOURCE.max_age
        assert issuer.set.at_hand == ()
        assert issuer.asked == 1

    run(scene)


def test_many_who_wait_for_keys_ask_once() -> None:
    async def scene(issuer: Issuer) -> None:
        issuer.hold = asyncio.Event()
        waiting = [asyncio.create_task(issuer.kids()) for _ in range(50)]
        await asyncio.sleep(0)
        issuer.hold.set()
        assert await asyncio.gather(*waiting) == [["1"]] * 50
        assert issuer.asked == 1

    run(scene)


def test_whoever_stops_waiting_does_not_end_the_question() -> None:
    async def scene(issuer: Issuer) -> None:
        issuer.hold = asyncio.Event()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await issuer.kids()
        issuer.hold.set()
        assert await issuer.kids() == ["1"]
        assert issuer.asked == 1

    run(scene)


def test_keys_are_told_gone_only_if_they_are() -> None:
    async def scene(issuer: Issuer) -> None:
        await issuer.kids()
        issuer.keys = (key("1"), key("2"))
        issuer.now += BETWEEN_SECONDS
        await issuer.kids("2")
        issuer.keys = (key("2"),)
        issuer.now += BETWEEN_SECONDS
        assert await issuer.kids("3") == ["2"]
        assert issuer.told == [False, False, True]

    run(scene)


def test_the_latest_keys_count_for_a_while_when_none_can_be_had() -> None:
    async def scene(issuer: Issuer) -> None:
        await issuer.kids()
        issuer.keys = None
        issuer.now += SOURCE.max_age - 1
        assert await issuer.kids() == ["1"]
        with pytest.raises(IssuerUnreachable):  # it may be a new one: nobody knows
            await issuer.kids("2")
        assert await issuer.kids() == ["1"]
        _, until = await issuer.set.keys_for(Head("ES256", "1"))
        assert until == 1_000 + SOURCE.max_age
        issuer.now += 1
        with pytest.raises(IssuerUnreachable):
            await issuer.kids()
        assert issuer.told == [False]
        issuer.keys = (key("1"),)
        issuer.now += BETWEEN_SECONDS
        assert await issuer.kids() == ["1"]

    run(scene)


def test_keys_are_fetched_in_the_background() -> None:
    async def scene(issuer: Issuer) -> None:
        issuer.set.begin()
        while not issuer.told:
            await asyncio.sleep(0)
        assert await issuer.kids() == ["1"]
        assert issuer.asked == 1

    run(scene)


def test_an_issuer_that_never_answered_vouches_for_nobody() -> None:
    async def scene(issuer: Issuer) -> None:
        issuer.keys = None
        for _ in range(3):
            with pytest.raises(IssuerUnreachable):
                await issuer.kids()
        assert issuer.asked == 1

    run(scene)
