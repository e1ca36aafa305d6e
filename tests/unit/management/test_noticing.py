"""What operators are told: each end once per threshold, crowds at once, blocks with the change."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ostiary.kernel.notices import Topic
from ostiary.management.blocking import Whom
from ostiary.management.errors import NotApplied
from ostiary.management.noticing import Noticing
from ostiary.store.database.notifications import Notification
from ostiary.store.database.records import ClientCertificate, ClientSeen
from ostiary.telemetry.expiry import Dated, Held
from ostiary.telemetry.noting import seen_certificate
from ostiary.trust.intermediates import Intermediates
from tests.support.desk import CONFIG, Clock, DeskRig, prepared_of, run
from tests.support.lists import crl_of
from tests.support.pki import DAY, Made

HOUR = timedelta(hours=1)
WITH_LIST = CONFIG + "clientCertificateAuth: {revocation: {mode: soft, crl: [ca.crl]}}\n"


def noticing_of(desk: DeskRig, intermediates: Intermediates | None = None) -> Noticing:
    known = intermediates or Intermediates()
    return Noticing(desk.changes, desk.management.sightings.dated, lambda: known)


@pytest.fixture
def noticing(desk: DeskRig) -> Noticing:
    told(desk)
    return noticing_of(desk)


def told(desk: DeskRig) -> list[Notification]:
    """What is new since the last time."""
    with desk.database.begin() as work:
        before = work.deliveries.of("test") or work.deliveries.begin("test")
        found = work.notifications.after(before.position, [one.value for one in Topic], limit=1000)
        work.deliveries.move(replace(before, position=work.notifications.newest()))
    return list(found)


def seen(desk: DeskRig, *made: Made, verdict: int = 1) -> None:
    with desk.database.begin() as work:
        work.clients.merge([_seen(desk.clock, one, verdict) for one in made])


def _seen(clock: Clock, made: Made, verdict: int) -> ClientSeen:
    kept = seen_certificate((made.certificate,), verified=verdict == 1, entry="")
    return ClientSeen(
        fingerprint=made.certificate.sha256,
        certificate=ClientCertificate(
            subject=kept.subject,
            issuer=kept.issuer,
            serial=kept.serial,
            not_after=kept.not_after,
            anchor=None,
            facts=kept.facts,
        ),
        first_seen=clock.now,
        last_seen=clock.now,
        count=1,
        verdict=verdict,
        apis=frozenset({"orders"}),
    )


def lived(desk: DeskRig, left: timedelta, life: timedelta = 365 * DAY) -> dict[str, Any]:
    return {"not_before": desk.clock.now + left - life, "not_after": desk.clock.now + left}


# -- certificates ---------------------------------------------------------------------------------


def test_a_trusted_certificate_is_told_of_once_at_each_threshold(
    desk: DeskRig, noticing: Noticing
) -> None:
    desk.trusting("root", **lived(desk, 31 * DAY))
    noticing.look()
    (first,) = told(desk)
    assert first.topic == "certificate.expiring"
    assert first.summary.startswith("the trusted certificate 'CN=root' expires within 90 days, on")
    assert (first.data["held"], first.data["withinDays"], first.data["count"]) == ("trusted", 90, 1)
    assert first.data["certificates"][0]["where"] == "root, version 1"
    noticing.look()
    assert told(desk) == []
    desk.clock.move(2 * DAY)
    noticing_of(desk).look()  # after a restart
    assert [one.data["withinDays"] for one in told(desk) if one.data["held"] == "trusted"] == [30]
    desk.clock.move(30 * DAY)
    noticing.look()
    (ended,) = [one for one in told(desk) if one.data["held"] == "trusted"]
    assert ended.topic == "certificate.expired"
    assert "has expired" in ended.summary


def test_several_that_end_together_are_one_notification(desk: DeskRig, noticing: Noticing) -> None:
    several = [
        desk.kit.root(f"root{number}", **lived(desk, (5 + number / 100) * DAY))
        for number in range(25)
    ]
    bundle = b"".join(one.pem for one in several)
    made = run(desk.management.library.add(desk.order(), name="all", upload=bundle))
    run(desk.management.trusted.add(desk.order(), int(made.object)))
    noticing.look()
    (one,) = told(desk)
    assert one.summary.startswith("25 trusted certificates expire within 7 days, the first on")
    assert one.data["count"] == 25
    assert [each["subject"] for each in one.data["certificates"]] == [
        f"CN=root{number}" for number in range(20)
    ]


def test_server_certificates_and_intermediates_are_told_of(desk: DeskRig) -> None:
    told(desk)
    root = desk.kit.root("r")
    mid = desk.kit.intermediate(root, "mid", **lived(desk, 6 * DAY))
    gone = desk.kit.intermediate(root, "gone", **lived(desk, -6 * DAY))
    known = Intermediates()
    for one in (mid, gone):
        known.remember((one.certificate, one.certificate, one.certificate))
    server = desk.kit.server(None, "site", dns=["api.example"], **lived(desk, 6 * DAY))
    (desk.kit.folder / "server.pem").write_bytes(server.pem)
    (desk.kit.folder / "server.key").write_bytes(server.key_file.read_bytes())
    desk.gatekeeper.serve(prepared_of(desk.kit, CONFIG, desk.clock.now))
    noticing_of(desk, known).look()
    found = {one.data["held"]: one for one in told(desk)}
    assert found["intermediate"].summary.startswith("the intermediate authority 'CN=mid' expires")
    assert found["server"].data["certificates"][0]["where"] == "https.tls.default"
    assert set(found) == {"intermediate", "server"}


def test_what_is_ours_in_several_ways_is_told_of_once_with_its_places(desk: DeskRig) -> None:
    root = desk.kit.root("r", **lived(desk, 6 * DAY)).certificate
    shown = {"subject": root.subject, "fingerprint": root.sha256, "not_after": root.not_after}
    dated = [
        Dated(held=held, where=where, **shown)
        for held, where in (
            (Held.TRUSTED, "a"),
            (Held.TRUSTED, "b"),
            (Held.AUTHORITY, "ca"),
        )
    ]
    told(desk)
    Noticing(desk.changes, lambda: dated, Intermediates).look()
    (one,) = told(desk)
    assert (one.data["held"], one.data["count"]) == ("trusted", 1)
    assert one.data["certificates"][0]["where"] == "a, b"


# -- clients --------------------------------------------------------------------------------------


def test_clients_are_told_of_together_and_once(desk: DeskRig, noticing: Noticing) -> None:
    soon = [desk.kit.client(None, f"c{n}", **lived(desk, (7 + n) * DAY)) for n in range(3)]
    far = desk.kit.client(None, "far", **lived(desk, 200 * DAY))
    seen(desk, *soon, far)
    heard = []
    for _ in range(40):
        noticing.look()
        heard += [one for one in told(desk) if one.data["held"] == "client"]
        desk.clock.move(6 * HOUR)
    named = [
        (one.data["withinDays"], each["subject"])
        for one in heard
        for each in one.data["certificates"]
    ]
    assert len(named) == len(set(named))
    assert {subject for days, subject in named if days == 1} == {"CN=c0", "CN=c1", "CN=c2"}
    assert {subject for days, subject in named if days == 7} == {"CN=c0", "CN=c1", "CN=c2"}
    assert "CN=far" not in {subject for _, subject in named}
    assert heard[0].data["certificates"][0]["where"] == "orders"


def test_nobody_is_warned_of_strangers_nor_of_what_lives_for_a_day(
    desk: DeskRig, noticing: Noticing
) -> None:
    desk.clock.move(2 * DAY)
    stranger = desk.kit.client(None, "stranger", **lived(desk, DAY / 2))
    daily = desk.kit.client(None, "daily", **lived(desk, DAY / 2, life=DAY))
    seen(desk, stranger, verdict=20)
    seen(desk, daily)
    noticing.look()
    assert [one for one in told(desk) if one.data["held"] == "client"] == []


# -- revocation lists -----------------------------------------------------------------------------


def publish(desk: DeskRig, *revoked: Made, begin: timedelta, end: timedelta, number: int) -> None:
    """The gateway has a new list in force."""
    now = desk.clock.now
    pem = crl_of(
        desk.kit.root("ca"), dict.fromkeys(revoked), begin=now + begin, end=now + end, number=number
    )
    (desk.kit.folder / "ca.crl").write_bytes(pem)
    desk.gatekeeper.serve(prepared_of(desk.kit, WITH_LIST, now))


def lists_told(desk: DeskRig) -> list[tuple[str, Any]]:
    return [
        (one.topic, one.data.get("withinHours"))
        for one in told(desk)
        if one.topic.startswith("crl.")
    ]


def test_a_list_is_told_of_by_its_nature(desk: DeskRig, noticing: Noticing) -> None:
    publish(desk, begin=-6 * DAY, end=20 * HOUR, number=1)
    noticing.look()
    noticing.look()
    assert lists_told(desk) == [("crl.expiring", 24)]
    desk.clock.move(17 * HOUR)
    noticing.look()
    assert lists_told(desk) == [("crl.expiring", 4)]
    desk.clock.move(4 * HOUR)
    noticing.look()
    noticing.look()
    assert lists_told(desk) == [("crl.expired", None)]
    publish(desk, begin=-HOUR, end=7 * DAY, number=2)
    noticing.look()
    assert lists_told(desk) == []


def test_a_list_that_is_made_anew_each_day_is_not_told_of_a_day_before(
    desk: DeskRig, noticing: Noticing
) -> None:
    publish(desk, begin=-4 * HOUR, end=20 * HOUR, number=1)
    noticing.look()
    assert lists_told(desk) == []
    desk.clock.move(17 * HOUR)
    noticing.look()
    assert lists_told(desk) == [("crl.expiring", 4)]


def test_who_is_revoked_by_a_new_list_is_told_of_with_the_serial_number(
    desk: DeskRig, noticing: Noticing
) -> None:
    known, fresh = desk.kit.client(None, "known"), desk.kit.client(None, "fresh")
    publish(desk, known, begin=-DAY, end=7 * DAY, number=1)
    noticing.compare_lists()
    assert told(desk) == []
    publish(desk, known, fresh, begin=-HOUR, end=7 * DAY, number=2)
    noticing.compare_lists()
    noticing.compare_lists()
    (one,) = told(desk)
    assert one.topic == "certificate.revoked"
    assert one.data["certificates"][0]["serial"] == f"{fresh.certificate.serial:x}"
    assert one.data["issuer"] == "CN=ca"


# -- clients that are turned away -----------------------------------------------------------------


def test_a_revoked_client_is_told_of_once_and_many_at_once(
    desk: DeskRig, noticing: Noticing
) -> None:
    made = [desk.kit.client(None, f"c{number}").certificate for number in range(30)]
    noticing.refused([(made[0], "orders")])
    noticing_of(desk).refused([(made[0], "orders")])  # after a restart
    (one,) = told(desk)
    assert (one.topic, one.summary) == ("client.revoked", "'CN=c0' refused: revoked")
    assert one.data["certificates"][0]["api"] == "orders"
    assert one.data["certificates"][0]["fingerprint"] == made[0].fingerprint
    noticing.refused([(each, "") for each in made])
    (many,) = told(desk)
    assert (many.data["count"], len(many.data["certificates"])) == (29, 20)


def test_a_block_is_told_of_with_the_change_and_so_is_its_end(
    desk: DeskRig, noticing: Noticing
) -> None:
    made = desk.kit.client(None, "one")
    seen(desk, made)
    whom = Whom(fingerprints=(made.certificate.fingerprint,))
    done = run(desk.management.blocking.block(desk.order(), whom, note="stolen"))
    run(desk.management.blocking.unblock(desk.order(), int(done.object)))
    blocked, unblocked = told(desk)
    assert blocked.topic == "client.blocked"
    assert blocked.summary == "'CN=one' blocked by token:ops: stolen"
    assert blocked.data["certificates"] == [
        {"subject": "CN=one", "fingerprint": made.certificate.fingerprint}
    ]
    assert (unblocked.topic, unblocked.summary) == (
        "client.unblocked", "'CN=one' unblocked by token:ops",
    )  # fmt: skip


def test_a_block_of_many_is_one_notification(desk: DeskRig, noticing: Noticing) -> None:
    whom = Whom(fingerprints=tuple(f"{number:064x}" for number in range(500)))
    run(desk.management.blocking.block(desk.order(), whom))
    (one,) = told(desk)
    assert (one.data["count"], len(one.data["certificates"])) == (500, 20)
    assert one.summary == "500 certificates blocked by token:ops"


def test_what_was_only_looked_at_or_failed_is_not_told(desk: DeskRig, noticing: Noticing) -> None:
    whom = Whom(fingerprints=("ab" * 32,))
    run(desk.management.blocking.block(desk.order(dry_run=True), whom))
    desk.gatekeeper.fails_with = NotApplied("no engine")
    with pytest.raises(NotApplied):
        run(desk.management.blocking.block(desk.order(), whom))
    assert told(desk) == []
