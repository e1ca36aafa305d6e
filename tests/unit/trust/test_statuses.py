"""OCSP answers at hand: kept, renewed, replayed, out of date, and over a restart."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostiary.trust.finding import Finding, Listed, NotRevoked, Undetermined
from ostiary.trust.ocsp import Nonce, OcspRules, Question, Responder, Status, Unbelieved
from ostiary.trust.status_lines import encode_lines
from ostiary.trust.statuses import ASKED_AGAIN, Statuses
from ostiary.x509.ocsp_question import Subject
from tests.support.ocsp import TRY_LATER
from tests.support.ocsp_der import answer_of, nonce, single
from tests.support.pki import Kit, Made

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = datetime.now(UTC).replace(microsecond=0)
RULES = OcspRules(responders=(Responder(url="http://a.example/"),))


class Scene:
    """One certificate, and what is known of it."""

    def __init__(self, kit: Kit, rules: OcspRules = RULES, **more: Any) -> None:
        self.root = kit.root("root")
        self.client = kit.client(self.root, "client")
        self.statuses = Statuses(**more)
        self.rules = rules

    def subject(self, client: Made | None = None) -> Subject:
        return Subject((client or self.client).certificate, self.root.certificate)

    def look(self, now: datetime = NOW, grace: timedelta = timedelta()) -> Finding:
        return self.statuses.look(self.subject(), self.rules, now, grace)

    def question(self, client: Made | None = None, rules: OcspRules | None = None) -> Question:
        statuses = Statuses()
        found = statuses.look(self.subject(client), rules or self.rules, NOW)
        (asked,) = found.asking
        return asked

    def answer(self, state: str = "good", *, produced: datetime = NOW, **more: Any) -> bytes:
        client = more.pop("client", self.client)
        return answer_of(self.root, single(client, self.root, state, **more), produced=produced)

    def take(
        self, der: bytes, *, now: datetime = NOW, sent: bytes = b"", client: Made | None = None
    ) -> bool | str:
        """Whether somebody may have been judged otherwise; or why it isn't believed."""
        asked = self.question(client)
        found = self.statuses.read(asked, der, sent, now)
        if isinstance(found, Unbelieved):
            return found.why
        return self.statuses.take(asked, der, found, now, sent)


@pytest.fixture
def scene(kit: Kit) -> Scene:
    return Scene(kit)


def test_whom_nobody_has_told_about_is_to_be_asked_about(scene: Scene) -> None:
    found = scene.look()
    assert isinstance(found, Undetermined)
    (asked,) = found.asking
    assert [one.url for one in asked.targets] == ["http://a.example/"]
    assert asked.key == scene.subject().key
    assert found.again == NOW + ASKED_AGAIN


def test_without_a_responder_there_is_nothing_to_ask(kit: Kit) -> None:
    found = Scene(kit, OcspRules()).look()
    assert isinstance(found, Undetermined)
    assert (found.asking, found.again) == ((), None)
    assert "no OCSP responder is known" in found.detail


def test_a_good_answer_counts_until_its_end_then_for_the_grace(scene: Scene) -> None:
    assert scene.take(scene.answer(end=NOW + HOUR)) is False
    found = scene.look()
    assert isinstance(found, NotRevoked)
    assert (found.until, found.asking) == (NOW + HOUR, ())
    late = NOW + HOUR + MINUTE
    found = scene.look(late, 2 * MINUTE)
    assert isinstance(found, NotRevoked)
    assert found.until == NOW + HOUR + 2 * MINUTE
    assert len(found.asking) == 1
    found = scene.look(late, MINUTE)
    assert isinstance(found, Undetermined)
    assert "ended at" in found.detail
    assert len(found.asking) == 1


def test_who_is_revoked_stays_so_beyond_the_answers_end(scene: Scene) -> None:
    assert scene.take(scene.answer("revoked", end=NOW + HOUR)) is True
    found = scene.look()
    assert isinstance(found, Listed)
    assert not found.ended
    found = scene.look(NOW + 2 * HOUR)
    assert isinstance(found, Listed)
    assert found.ended
    assert len(found.asking) == 1


def test_an_answer_that_does_not_know_the_certificate_is_not_good(scene: Scene) -> None:
    assert scene.take(scene.answer("unknown")) is False
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert "unknown to OCSP" in found.detail
    assert (found.asking, found.again) == ((), NOW + ASKED_AGAIN)
    assert len(scene.look(NOW + ASKED_AGAIN).asking) == 1


@pytest.mark.parametrize(
    ("states", "changed"),
    [
        (("good", "revoked"), [False, True]),
        (("good", "good"), [False, False]),
        (("revoked", "good"), [True, True]),
        (("unknown", "good"), [False, False]),
        (("good", "unknown"), [False, True]),
        (("unknown", "revoked"), [False, True]),
        (("revoked", "revoked"), [True, False]),
    ],
)
def test_other_word_than_before_is_told(
    scene: Scene, states: tuple[str, ...], changed: list[bool]
) -> None:
    said = [
        scene.take(scene.answer(state, begin=NOW - HOUR + number * MINUTE))
        for number, state in enumerate(states)
    ]
    assert said == changed


def test_an_older_answer_never_replaces_a_newer_one(scene: Scene) -> None:
    assert scene.take(scene.answer("revoked", begin=NOW - MINUTE)) is True
    said = scene.take(scene.answer("good", begin=NOW - 2 * MINUTE))
    assert isinstance(said, str)
    assert "older than the one at hand" in said
    again = scene.answer("good", begin=NOW - MINUTE, produced=NOW - MINUTE)
    assert "older" in str(scene.take(again))
    assert isinstance(scene.look(), Listed)
    assert scene.take(scene.answer("good", begin=NOW)) is True
    assert isinstance(scene.look(), NotRevoked)


def test_of_two_answers_of_one_moment_the_one_that_revokes_counts(scene: Scene) -> None:
    same = {"begin": NOW - MINUTE, "produced": NOW}
    assert scene.take(scene.answer("good", **same)) is False
    assert scene.take(scene.answer("revoked", **same)) is True
    assert isinstance(scene.take(scene.answer("good", **same)), str)
    assert isinstance(scene.look(), Listed)


def test_a_responder_that_forgets_whom_it_revoked_admits_nobody(scene: Scene) -> None:
    scene.take(scene.answer("revoked", begin=NOW - MINUTE))
    assert isinstance(scene.take(scene.answer("unknown", begin=NOW)), str)
    assert isinstance(scene.look(), Listed)


def test_a_replay_that_has_ended_is_not_believed(scene: Scene) -> None:
    old = scene.answer("good", begin=NOW - 2 * HOUR, end=NOW - HOUR)
    assert "ended at" in str(scene.take(old))
    assert isinstance(scene.look(), Undetermined)


@pytest.mark.parametrize(
    ("wanted", "sent", "answered", "believed"),
    [
        (Nonce.OPTIONAL, b"a" * 32, b"a" * 32, True),
        (Nonce.OPTIONAL, b"a" * 32, b"", True),
        (Nonce.OPTIONAL, b"a" * 32, b"b" * 32, False),
        (Nonce.REQUIRED, b"a" * 32, b"a" * 32, True),
        (Nonce.REQUIRED, b"a" * 32, b"", False),
        (Nonce.OFF, b"", b"b" * 32, True),
    ],
)
def test_a_nonce_must_be_the_questions(
    kit: Kit, wanted: Nonce, sent: bytes, answered: bytes, believed: bool
) -> None:
    rules = OcspRules(responders=RULES.responders, nonce=wanted)
    scene = Scene(kit, rules)
    more = {"extensions": nonce(answered)} if answered else {}
    der = answer_of(scene.root, single(scene.client, scene.root), produced=NOW, **more)  # type: ignore[arg-type]
    found = scene.statuses.read(scene.question(), der, sent, NOW)
    assert isinstance(found, Status) is believed


@pytest.mark.parametrize(("der", "why"), [(b"garbage", "not a proper"), (TRY_LATER, "tryLater")])
def test_what_is_no_answer_says_nothing(scene: Scene, der: bytes, why: str) -> None:
    assert why in str(scene.take(der))
    assert len(scene.statuses) == 0


def test_after_a_failure_nobody_is_asked_for_a_while_and_the_reason_is_told(scene: Scene) -> None:
    scene.statuses.fail(scene.question(), "nobody is there", NOW + MINUTE)
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert (found.detail, found.again, found.asking) == ("nobody is there", NOW + MINUTE, ())
    found = scene.look(NOW + MINUTE)
    assert len(found.asking) == 1
    scene.take(scene.answer("good"))
    assert isinstance(scene.look(), NotRevoked)


def test_an_answer_in_use_is_due_before_its_end_and_one_out_of_use_never(scene: Scene) -> None:
    scene.take(scene.answer(end=NOW + HOUR))
    assert scene.statuses.due(NOW + HOUR / 2, NOW - HOUR) == ()
    soon = NOW + 0.76 * HOUR
    (key,) = scene.statuses.due(soon, NOW - HOUR)
    assert scene.statuses.question(key) == scene.question()
    assert scene.statuses.due(soon, NOW + MINUTE) == ()
    scene.look(soon)
    assert len(scene.statuses.due(soon, NOW + MINUTE)) == 1


def test_what_is_asked_for_again_is_not_in_use_for_that(scene: Scene) -> None:
    scene.take(scene.answer(end=NOW + HOUR))
    later = NOW + HOUR / 2
    scene.take(scene.answer(begin=later, end=NOW + 3 * HOUR, produced=later), now=later)
    assert scene.statuses.due(NOW + 3 * HOUR, NOW + MINUTE) == ()


def test_answers_may_be_asked_for_more_often(kit: Kit) -> None:
    rules = OcspRules(responders=RULES.responders, refresh=MINUTE)
    scene = Scene(kit, rules)
    scene.take(scene.answer(end=NOW + HOUR))
    assert scene.statuses.due(NOW + MINUTE / 2, NOW) == ()
    assert len(scene.statuses.due(NOW + MINUTE, NOW)) == 1
    scene.statuses.fail(scene.question(), "no", NOW + 2 * MINUTE)
    assert scene.statuses.due(NOW + MINUTE, NOW) == ()


def test_answers_come_back_after_a_restart_and_are_verified_again(scene: Scene) -> None:
    scene.take(scene.answer("revoked", end=NOW + HOUR))
    saved = encode_lines(scene.statuses.lines())
    scene.statuses = Statuses()
    assert scene.statuses.load(saved) == 0
    assert isinstance(scene.look(), Listed)
    assert isinstance(scene.look(NOW + 2 * HOUR), Listed)
    older = scene.answer("good", begin=NOW - 2 * HOUR)
    assert "older" in str(scene.take(older))


def test_an_answer_that_was_tampered_with_on_the_disk_says_nothing(scene: Scene) -> None:
    scene.take(scene.answer("good"))
    (line,) = scene.statuses.lines()
    other = Scene.__new__(Scene)
    other.__dict__ = dict(scene.__dict__)
    stranger = answer_of(scene.root, single(scene.client, scene.root, serial=1), produced=NOW)
    for der in (stranger, b"junk", TRY_LATER):
        scene.statuses = Statuses()
        scene.statuses.load(encode_lines([type(line)(line.key, line.taken, der)]))
        assert len(scene.statuses) == 1
        assert isinstance(scene.look(), Undetermined)
        assert len(scene.statuses) == 0


def test_damaged_lines_are_counted_and_left_out(scene: Scene) -> None:
    scene.take(scene.answer("good"))
    good = encode_lines(scene.statuses.lines())
    odd = b'{"key": "00", "taken": "2026-01-01T00:00:00+00:00", "answer": ""}\n'
    naive = good.replace(b"+00:00", b"")
    statuses = Statuses()
    assert statuses.load(good + b"nonsense\n" + odd + naive + b"[1]\n" + b'{"key": 1}\n') == 5
    assert len(statuses) == 1


def test_what_other_rules_do_not_believe_no_longer_counts(kit: Kit) -> None:
    signer = kit.client(None, "local")
    named = Responder(url="http://a.example/", certificate=signer.certificate)
    scene = Scene(kit, OcspRules(responders=(named,)))
    der = answer_of(scene.root, single(scene.client, scene.root), signer=signer, produced=NOW)
    assert scene.take(der) is False
    assert isinstance(scene.look(), NotRevoked)
    scene.rules = RULES
    found = scene.look()
    assert isinstance(found, Undetermined)
    assert len(found.asking) == 1


def test_answers_are_bounded_in_number_and_in_bytes(kit: Kit) -> None:
    scene = Scene(kit, most=2)
    clients = [kit.client(scene.root, f"c{number}") for number in range(3)]
    for one in clients[:2]:
        scene.take(scene.answer(client=one), client=one)
    scene.statuses.look(scene.subject(clients[0]), RULES, NOW)
    scene.take(scene.answer(client=clients[2]), client=clients[2])
    found = [scene.statuses.look(scene.subject(one), RULES, NOW) for one in clients]
    assert [isinstance(one, NotRevoked) for one in found] == [True, False, True]
    scene.statuses = Statuses(most_bytes=len(scene.answer()) + 20)
    for one in clients:
        scene.take(scene.answer(client=one), client=one)
    assert len(scene.statuses) == 1
