"""Responders that fail, and certificates that have them fail: who is left alone, how long."""

import asyncio
from datetime import timedelta

import pytest

from ostiary.services.ocsp_call import Call
from ostiary.trust.finding import NotRevoked, Undetermined
from ostiary.trust.ocsp import Blame
from ostiary.wiring.inquiring import NotAnswered
from tests.support.ocsp import TRY_LATER
from tests.support.pki import Kit
from tests.unit.wiring.test_inquiring import A, B, Reply, Scene


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


def test_a_responder_that_fails_is_left_alone_and_tried_again(kit: Kit) -> None:
    scene = Scene(kit, a=NotAnswered("down"), b=NotAnswered("down"))
    clients = [kit.client(scene.root, f"c{number}") for number in range(5)]

    async def all_of_them() -> None:
        for one in clients:
            await scene.ask(one)

    asyncio.run(all_of_them())
    assert scene.calls.count(A) == 3
    assert scene.inquiring.outcomes[A, "left-alone"] == 2
    found = scene.look(clients[-1])
    assert isinstance(found, Undetermined)
    assert "after 3 failures" in found.detail
    scene.now += timedelta(seconds=11)
    scene.replies[A] = scene.answer(client=clients[-1])
    asyncio.run(scene.ask(clients[-1]))
    assert isinstance(scene.look(clients[-1]), NotRevoked)
    a, b = scene.inquiring.responders()
    assert (a.url, a.answers, a.failures, a.left_alone_until) == (A, 1, 0, None)
    assert (b.url, b.failures, b.error) == (B, 3, "down")
    assert b.left_alone_until is not None


def served_broken(call: Call) -> bytes:
    raise NotAnswered("it answered 500", Blame.EITHER)


@pytest.mark.parametrize("reply", [served_broken, TRY_LATER, b"garbage"])
def test_a_certificate_that_a_responder_stumbles_over_has_it_left_alone_for_nobody(
    kit: Kit, reply: Reply
) -> None:
    scene = Scene(kit, a=reply, b=reply)
    strange = kit.client(scene.root, "strange")

    async def again_and_again() -> None:
        for _ in range(9):
            await scene.ask(strange)
        scene.replies[A] = scene.answer()
        await scene.ask()

    asyncio.run(again_and_again())
    assert scene.calls == [A, B] * 9 + [A]
    assert isinstance(scene.look(), NotRevoked)


@pytest.mark.parametrize("reply", [bytes.fromhex("30030a0106"), TRY_LATER])
def test_an_odd_client_does_not_use_up_the_trial_of_a_responder_that_is_well_again(
    kit: Kit, reply: Reply
) -> None:
    scene = Scene(kit, a=NotAnswered("down"), b=NotAnswered("down"))
    strange = kit.client(scene.root, "strange")

    async def fail_then_try() -> None:
        scene.replies[A] = TRY_LATER
        await scene.ask(strange)
        scene.replies[A] = NotAnswered("down")
        for number in range(2):
            await scene.ask(kit.client(scene.root, f"t{number}"))
        scene.now += timedelta(seconds=11)
        scene.replies[A] = reply
        await scene.ask(strange)
        scene.replies[A] = scene.answer()
        await scene.ask()

    asyncio.run(fail_then_try())
    assert scene.inquiring.outcomes[A, "left-alone"] == 0
    assert isinstance(scene.look(), NotRevoked)


def test_a_certificate_that_nobody_can_be_asked_about_concerns_no_responder(kit: Kit) -> None:
    scene = Scene(kit, a=NotAnswered("down"), b=NotAnswered("down"))
    turned = [(b"\x02\x02\x12\x34", b"\x02\x02\x92\x34")]
    negative = kit.client(scene.root, "negative", serial=0x1234, patch=turned)

    async def fail_then_try() -> None:
        for number in range(3):
            await scene.ask(kit.client(scene.root, f"n{number}"))
        scene.now += timedelta(seconds=11)
        await scene.ask(negative)
        scene.replies[A] = scene.answer()
        await scene.ask()

    asyncio.run(fail_then_try())
    found = scene.look(negative)
    assert isinstance(found, Undetermined)
    assert "serial number is negative" in found.detail
    assert set(scene.inquiring.outcomes) == {(A, "failed"), (B, "failed"), (A, "good")}
    assert isinstance(scene.look(), NotRevoked)


@pytest.mark.parametrize(
    "reply", [bytes.fromhex("30030a0106"), NotAnswered("not an allowed host", Blame.QUESTION)]
)
def test_one_strange_certificate_does_not_have_a_responder_left_alone(
    kit: Kit, reply: Reply
) -> None:
    scene = Scene(kit, a=reply, b=reply)
    strange = kit.client(scene.root, "strange")

    async def again_and_again() -> None:
        for _ in range(9):
            await scene.ask(strange)
        scene.replies[A] = scene.answer()
        await scene.ask()

    asyncio.run(again_and_again())
    assert isinstance(scene.look(), NotRevoked)
