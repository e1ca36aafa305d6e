"""OCSP answers that stay: for how many there is room, and what becomes of them by other rules."""

from datetime import timedelta
from typing import Any

import pytest

from ostiary.trust.finding import Listed, NotRevoked, Undetermined
from ostiary.trust.ocsp import Nonce, OcspRules, Responder
from ostiary.trust.status_lines import Line, encode_lines
from ostiary.trust.statuses import Statuses
from tests.support.ocsp_der import answer_of, nonce, single
from tests.support.pki import Kit, Made
from tests.unit.trust.test_statuses import HOUR, MINUTE, NOW, RULES, Scene

SENT = b"n" * 32


@pytest.fixture
def scene(kit: Kit) -> Scene:
    return Scene(kit)


def demanding(wanted: Nonce) -> OcspRules:
    return OcspRules(responders=RULES.responders, nonce=wanted)


def restart(scene: Scene) -> None:
    saved = encode_lines(scene.statuses.lines())
    scene.statuses = Statuses()
    assert scene.statuses.load(saved) == 0


def with_nonce(scene: Scene, value: bytes, **more: Any) -> bytes:
    single_one = single(scene.client, scene.root, **more)
    return answer_of(scene.root, single_one, produced=NOW, extensions=nonce(value))


@pytest.mark.parametrize("restarted", [False, True])
def test_an_answer_at_hand_without_a_nonce_does_not_count_where_one_is_required(
    scene: Scene, restarted: bool
) -> None:
    scene.take(scene.answer(), sent=SENT)
    if restarted:
        restart(scene)
    scene.rules = demanding(Nonce.REQUIRED)
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert len(found.asking) == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_an_answer_with_the_questions_nonce_goes_on_to_count_where_one_is_required(
    scene: Scene, restarted: bool
) -> None:
    scene.take(with_nonce(scene, SENT), sent=SENT)
    if restarted:
        restart(scene)
    scene.rules = demanding(Nonce.REQUIRED)
    assert isinstance(scene.look(), NotRevoked)


def test_somebody_elses_nonce_is_none_where_one_is_required(scene: Scene) -> None:
    # While no nonce was asked for, a replay with another one's was as good as any answer.
    scene.rules = demanding(Nonce.OFF)
    scene.take(with_nonce(scene, b"x" * 32))
    assert isinstance(scene.look(), NotRevoked)
    scene.rules = demanding(Nonce.REQUIRED)
    assert isinstance(scene.look(), Undetermined)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("change", ["nonce", "signer"])
def test_other_rules_admit_nobody_who_was_revoked(kit: Kit, change: str, restarted: bool) -> None:
    signer = kit.client(None, "local") if change == "signer" else None
    named = Responder(url="http://a.example/", certificate=signer.certificate if signer else None)
    scene = Scene(kit, OcspRules(responders=(named,)))
    said = single(scene.client, scene.root, "revoked", begin=NOW - HOUR)
    assert scene.take(answer_of(scene.root, said, signer=signer, produced=NOW)) is True
    scene.rules = demanding(Nonce.REQUIRED) if change == "nonce" else RULES
    if restarted:
        restart(scene)
    found = scene.look()
    assert isinstance(found, Listed)
    assert "no longer believed" in found.detail
    # Newer word counts, from a list too, and is asked for.
    assert (found.ended, found.since, len(found.asking)) == (True, NOW - HOUR, 1)
    older = with_nonce(scene, SENT, begin=NOW - 2 * HOUR)
    assert "older" in str(scene.take(older, sent=SENT))
    assert isinstance(scene.look(), Listed)
    newer = with_nonce(scene, SENT, begin=NOW - MINUTE)
    assert scene.take(newer, sent=SENT) is True
    assert isinstance(scene.look(), NotRevoked)


def test_who_is_revoked_anew_after_the_answers_end_may_have_been_admitted_meanwhile(
    scene: Scene,
) -> None:
    scene.take(scene.answer("revoked", end=NOW + MINUTE))
    again = scene.answer("revoked", begin=NOW, end=NOW + HOUR)
    assert scene.take(again, now=NOW + MINUTE) is True
    assert scene.take(again, now=NOW + 2 * MINUTE) is False


def test_a_line_that_was_altered_to_revoke_says_no_more_than_its_answer(scene: Scene) -> None:
    for der in (scene.answer("good"), b"junk"):
        scene.statuses = Statuses()
        scene.rules = demanding(Nonce.REQUIRED)
        line = Line(scene.subject().key, NOW, der, revokes=True)
        scene.statuses.load(encode_lines([line]))
        assert isinstance(scene.look(), Undetermined)


def few(kit: Kit, scene: Scene) -> list[Made]:
    return [kit.client(scene.root, f"c{number}") for number in range(4)]


@pytest.mark.parametrize("restarted", [False, True])
def test_whoever_has_many_good_certificates_has_no_revoked_one_forgotten(
    kit: Kit, restarted: bool
) -> None:
    scene = Scene(kit, most=2)
    scene.take(scene.answer("revoked"))
    if restarted:
        saved = encode_lines(scene.statuses.lines())
        scene.statuses = Statuses(most=2)
        scene.statuses.load(saved)
    for one in few(kit, scene):
        scene.take(scene.answer(client=one), client=one)
    assert isinstance(scene.look(), Listed)
    assert len(scene.statuses) == 3


def test_answers_that_revoke_are_bounded_too(kit: Kit) -> None:
    scene = Scene(kit, most=2)
    clients = few(kit, scene)
    scene.take(scene.answer())
    for one in clients[:2]:
        scene.take(scene.answer("revoked", client=one), client=one)
    scene.statuses.look(scene.subject(clients[0]), RULES, NOW)
    scene.take(scene.answer("revoked", client=clients[2]), client=clients[2])
    found = [scene.statuses.look(scene.subject(one), RULES, NOW) for one in clients[:3]]
    assert [isinstance(one, Listed) for one in found] == [True, False, True]
    assert isinstance(scene.look(), NotRevoked)


def test_who_is_revoked_no_longer_makes_room(kit: Kit) -> None:
    scene = Scene(kit, most=1)
    other = few(kit, scene)[0]
    scene.take(scene.answer("revoked", begin=NOW - HOUR))
    scene.take(scene.answer("revoked", client=other), client=other)
    assert isinstance(scene.look(), Undetermined)
    scene.take(scene.answer("good", client=other, begin=NOW), client=other)
    assert len(scene.statuses) == 1
    later = NOW + timedelta(seconds=1)
    assert isinstance(scene.statuses.look(scene.subject(other), RULES, later), NotRevoked)
