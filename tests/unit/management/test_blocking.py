"""Blocking: in force before it is acknowledged, foreseen, audited, taken back as quickly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor
from ostiary.management.blocking import Whom
from ostiary.management.errors import Forbidden, NotApplied, NotThere, Unacceptable
from ostiary.management.sights import ChangeView, Effect
from ostiary.management.state import EVERYTHING, read_state
from ostiary.store.database import blocked as module
from ostiary.store.database.blocked import NewBlock
from ostiary.store.database.records import ClientCertificate, ClientSeen, Role
from ostiary.telemetry.noting import seen_certificate
from ostiary.trust.blocks import find_block
from ostiary.trust.reason import Reason
from tests.support.desk import DeskRig, run
from tests.support.pki import Made


@pytest.fixture
def made(desk: DeskRig) -> Made:
    return desk.kit.client(None, "one", not_after=desk.clock.now + timedelta(days=30))


def whom(made: Made) -> Whom:
    return Whom(fingerprints=(made.certificate.fingerprint,))


def block(desk: DeskRig, one: Whom, **more: object) -> ChangeView:
    return run(desk.management.blocking.block(desk.order(), one, **more))  # type: ignore[arg-type] # test data


def blocked(desk: DeskRig, made: Made) -> bool:
    """By the configuration in force."""
    now, leaf = desk.clock.now, made.der
    found = find_block(desk.gatekeeper.prepared.blocked, leaf, now, lambda: made.certificate)
    return found is not None


def seen(desk: DeskRig, made: Made, verdict: int = 1) -> None:
    kept = seen_certificate((made.certificate,), verified=verdict == 1, entry="")
    with desk.database.begin() as work:
        work.clients.merge(
            [
                ClientSeen(
                    fingerprint=made.certificate.sha256,
                    certificate=ClientCertificate(
                        subject=kept.subject,
                        issuer=kept.issuer,
                        serial=kept.serial,
                        not_after=kept.not_after,
                        anchor=None,
                        facts=kept.facts,
                    ),
                    first_seen=desk.clock.now,
                    last_seen=desk.clock.now,
                    count=7,
                    verdict=verdict,
                    apis=frozenset(),
                )
            ]
        )


def test_it_is_in_force_when_it_is_acknowledged_and_taken_back_alike(
    desk: DeskRig, made: Made
) -> None:
    done = block(desk, whom(made), note="laptop stolen")
    assert (done.applied, done.reloaded, blocked(desk, made)) == (True, False, True)
    (row,) = desk.management.blocking.page().items
    assert (row.fingerprint, row.note, row.added_by) == (
        made.certificate.fingerprint, "laptop stolen", "token:ops",
    )  # fmt: skip
    run(desk.management.blocking.unblock(desk.order(), row.id))
    assert not blocked(desk, made)
    assert desk.management.blocking.page().items == ()


def test_both_are_in_the_audit_log(desk: DeskRig, made: Made) -> None:
    number = int(block(desk, whom(made), note="stolen").object)
    run(desk.management.blocking.unblock(desk.order(), number))
    last, first = desk.management.audit.page(action="client.").items
    assert (first.action, first.actor, first.object) == ("client.block", "token:ops", str(number))
    assert first.after["sha256"] == last.before["sha256"] == made.certificate.fingerprint
    assert (last.action, last.before["note"]) == ("client.unblock", "stolen")


def test_a_file_names_its_first_certificate(desk: DeskRig, made: Made) -> None:
    other = desk.kit.root("other")
    block(desk, Whom(upload=made.pem + other.pem))
    assert [blocked(desk, made), blocked(desk, other)] == [True, False]
    (row,) = desk.management.blocking.page().items
    assert row.subject == made.certificate.subject


def test_the_certificate_of_an_authority_is_worth_a_warning(desk: DeskRig) -> None:
    done = block(desk, Whom(upload=desk.kit.root("root").pem))
    assert any("who has a certificate of it is not blocked" in one for one in done.warnings)


def test_issuer_and_serial_number_act_too(desk: DeskRig, made: Made) -> None:
    one = made.certificate
    block(desk, Whom(issuer=one.issuer, serial=f"{one.serial:x}"))
    assert blocked(desk, made)
    (row,) = desk.management.blocking.page(search=f"{one.serial:X}"[:8]).items
    assert (row.issuer, row.serial, row.fingerprint) == (one.issuer, f"{one.serial:X}", "")


def test_an_end_is_kept_and_acts_by_itself(desk: DeskRig, made: Made) -> None:
    block(desk, whom(made), until=desk.clock.now + timedelta(hours=1))
    desk.clock.move(timedelta(minutes=59))
    assert blocked(desk, made)
    desk.clock.move(timedelta(minutes=1))
    assert not blocked(desk, made)
    (row,) = desk.management.blocking.page().items
    assert not row.in_force


def test_many_are_blocked_at_once_or_none(desk: DeskRig, made: Made) -> None:
    many = tuple(f"{number:064x}" for number in range(1_000))
    bad = Whom(fingerprints=(*many, "nonsense", "ab"))
    with pytest.raises(Unacceptable) as refused:
        block(desk, bad)
    assert [one.where for one in refused.value.faults] == [
        "/fingerprints/1000",
        "/fingerprints/1001",
    ]
    assert desk.management.blocking.page().total == 0
    block(desk, Whom(fingerprints=(*many, made.certificate.fingerprint)))
    assert desk.management.blocking.page().total == 1_001
    assert blocked(desk, made)
    (audited,) = desk.management.audit.page().items
    assert audited.after["count"] == 1_001
    assert len(audited.after["first"]) == 20


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (Whom(), ""),
        (Whom(fingerprints=("ab" * 32,), issuer="CN=x", serial="1"), ""),
        (Whom(issuer="CN=x"), "/issuer"),
        (Whom(serial="1"), "/issuer"),
        (Whom(issuer="CN=*", serial="1"), "/issuer"),
        (Whom(upload=b"no certificate"), "/upload"),
        (Whom(fingerprints=tuple("ab" * 32 for _ in range(10_001))), "/fingerprints"),
    ],
)
def test_what_names_nobody_is_refused_where_it_is_wrong(
    desk: DeskRig, wrong: Whom, where: str
) -> None:
    with pytest.raises(Unacceptable) as refused:
        block(desk, wrong)
    assert refused.value.faults[0].where == where


def test_a_note_that_can_not_be_shown_and_an_end_that_has_passed_are_refused(
    desk: DeskRig, made: Made
) -> None:
    for note in ("x" * 501, "two\nlines", "\x1b[31m"):
        with pytest.raises(Unacceptable, match="the note can't be kept"):
            block(desk, whom(made), note=note)
    with pytest.raises(Unacceptable, match="this time has passed"):
        block(desk, whom(made), until=desk.clock.now)


def test_it_needs_an_operator(desk: DeskRig, made: Made) -> None:
    block(desk, whom(made))
    desk.actor = Actor(name="token:looks", role=Role.VIEWER)
    with pytest.raises(Forbidden):
        block(desk, whom(made))
    with pytest.raises(Forbidden):
        run(desk.management.blocking.unblock(desk.order(), 1))
    assert desk.management.blocking.page().total == 1
    desk.actor = Actor(name="token:ops", role=Role.OPERATOR)
    run(desk.management.blocking.unblock(desk.order(), 1))


def test_what_is_not_blocked_can_not_be_unblocked(desk: DeskRig) -> None:
    with pytest.raises(NotThere):
        run(desk.management.blocking.unblock(desk.order(), 7))
    with pytest.raises(NotThere):
        desk.management.blocking.one(7)


def test_a_gateway_that_fails_leaves_nothing_behind(desk: DeskRig, made: Made) -> None:
    desk.gatekeeper.fails_with = OstiaryError("no engine")
    with pytest.raises(NotApplied):
        block(desk, whom(made))
    assert desk.management.blocking.page().total == 0
    assert not blocked(desk, made)


def test_a_block_and_its_end_are_foreseen(desk: DeskRig, made: Made) -> None:
    desk.trusting()
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    other = desk.kit.client(None, "other", not_after=desk.clock.now + timedelta(days=30))
    seen(desk, made)
    seen(desk, other)
    done = run(desk.management.blocking.block(desk.order(dry_run=True), whom(made), note="why"))
    assert not done.applied
    assert not blocked(desk, made)
    preview = done.preview
    assert preview is not None
    assert (preview.looked_at, preview.newly_refused, preview.unchanged) == (2, 1, 1)
    (example,) = preview.examples
    assert (example.effect, example.after) == (Effect.REFUSED, Reason.BLOCKED.value)
    assert example.subject == made.certificate.subject
    assert "why" in example.sentence


@pytest.mark.parametrize("by_issuer", [False, True])
def test_unblocking_is_foreseen_as_far_as_it_can_be(
    desk: DeskRig, made: Made, by_issuer: bool
) -> None:
    desk.trusting()
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    one = made.certificate
    named = Whom(issuer=one.issuer, serial=f"{one.serial:x}") if by_issuer else whom(made)
    number = int(block(desk, named).object)
    foresee = desk.order(dry_run=True)
    for verdict, effect in ((Reason.BLOCKED.code, Effect.UNKNOWN), (1, Effect.ADMITTED)):
        seen(desk, made, verdict)
        done = run(desk.management.blocking.unblock(foresee, number))
        assert done.preview is not None
        (example,) = done.preview.examples
        assert (example.effect, example.before) == (effect, Reason.BLOCKED.value)
    assert blocked(desk, made)


def test_a_change_of_something_else_foresees_nothing_for_who_is_blocked(
    desk: DeskRig, made: Made
) -> None:
    desk.trusting()
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    seen(desk, made)
    block(desk, whom(made))
    dry = desk.order(dry_run=True)
    done = run(desk.management.names.add(dry, None, ["CN=nobody"]))
    assert done.preview is not None
    assert (done.preview.newly_refused, done.preview.unchanged) == (0, 1)


def test_a_client_that_was_seen_says_that_it_is_blocked(desk: DeskRig, made: Made) -> None:
    seen(desk, made)
    sightings, one = desk.management.sightings, made.certificate
    assert sightings.client(one.fingerprint).blocked is None
    for named in (whom(made), Whom(issuer=one.issuer, serial=f"{one.serial:x}")):
        number = int(block(desk, named).object)
        assert sightings.client(one.fingerprint).blocked == number
        assert [row.blocked for row in sightings.clients().items] == [number]
        run(desk.management.blocking.unblock(desk.order(), number))


def test_who_was_never_seen_is_blocked_with_a_warning(desk: DeskRig, made: Made) -> None:
    assert block(desk, whom(made)).warnings == ("it was never seen here (check the fingerprint)",)
    seen(desk, made)
    assert block(desk, whom(made)).warnings == ()
    (row,) = desk.management.blocking.page().items
    assert row.subject == made.certificate.subject


def test_one_more_beside_many_acts_and_too_many_are_refused(
    desk: DeskRig, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = (NewBlock(mark=n.to_bytes(32, "big"), fingerprint=f"{n:064x}") for n in range(20_000))
    with desk.database.begin() as work:
        work.blocked.add(many, note="", until=None, at=desk.clock.now, by="bulk")
        work.revision.grow()
    desk.changes.load()
    block(desk, whom(made))
    assert blocked(desk, made)
    assert len(desk.gatekeeper.prepared.blocked) == 20_001
    monkeypatch.setattr(module, "MOST_BLOCKED", 20_001)
    with pytest.raises(Unacceptable, match="at most 20001 blocked certificates"):
        block(desk, Whom(fingerprints=("f" * 64,)))


def test_names_and_blocks_changed_together_are_both_in_the_state(desk: DeskRig, made: Made) -> None:
    block(desk, whom(made))
    run(desk.management.names.add(desk.order(), None, ["CN=a"]))
    assert blocked(desk, made)
    block(desk, Whom(fingerprints=("ab" * 32,)))
    assert desk.gatekeeper.prepared.effective.gateway.names.value == ("CN=a",)
    with desk.database.reading() as work:
        anew = read_state(work, None, EVERYTHING)
    assert dict(anew.managed.blocked.by_mark) == dict(desk.gatekeeper.prepared.blocked.by_mark)
    assert replace(anew.managed, blocked=desk.gatekeeper.prepared.blocked) == (
        desk.gatekeeper.prepared.managed
    )
