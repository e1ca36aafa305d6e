"""An upload that is trusted in one step, and what trusting it would do."""

from datetime import timedelta

import pytest

from ostiary.management.errors import Conflicting, NotApplied, Unacceptable
from ostiary.management.sights import PreviewView
from tests.support.desk import DeskRig, run
from tests.support.pki import Made
from tests.unit.telemetry.people import refused


def pem_of(desk: DeskRig, name: str) -> bytes:
    return desk.kit.root(name, not_after=desk.clock.now + timedelta(days=365)).pem


def trust(desk: DeskRig, upload: bytes, name: str = "partners") -> int:
    return int(
        run(desk.management.trusted.add_upload(desk.order(), name=name, upload=upload)).object
    )


def stranger_of(desk: DeskRig) -> tuple[Made, Made]:
    """An authority that isn't trusted, and a client of it that was refused just now."""
    desk.trusting("ours")
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    year = {"not_after": desk.clock.now + timedelta(days=365)}
    theirs = desk.kit.root("theirs", **year)
    client = desk.kit.client(theirs, "stranger", **year)
    desk.telemetry.decided(refused(client.der, at=desk.clock.now), 0.001)
    return theirs, client


def test_an_upload_is_in_the_library_and_trusted_at_once(desk: DeskRig) -> None:
    view = desk.management.trusted.one(trust(desk, pem_of(desk, "a")))
    assert (view.name, view.version, view.subject) == ("partners", 1, "CN=a")
    assert desk.management.audit.page().items[0].action == "trusted.add"
    assert desk.management.settings.revision() == 1


def test_another_upload_of_its_name_is_trusted_instead(desk: DeskRig) -> None:
    trust(desk, pem_of(desk, "a"))
    trust(desk, pem_of(desk, "b"))
    (row,) = desk.management.trusted.page().items
    assert (row.version, row.subject) == (2, "CN=b")
    assert [len(trusted) for _, trusted in desk.gatekeeper.applied] == [1, 1]


def test_what_the_library_holds_already_is_not_put_there_twice(desk: DeskRig) -> None:
    upload = pem_of(desk, "a")
    run(desk.management.library.add(desk.order(), name="partners", upload=upload))
    trust(desk, upload)
    (component,) = desk.management.library.components().items
    assert component.count == 1
    with pytest.raises(Conflicting, match="already"):
        trust(desk, upload)


def test_an_upload_that_can_not_be_trusted_leaves_nothing_in_the_library(desk: DeskRig) -> None:
    past = desk.clock.now - timedelta(days=1)
    old = desk.kit.root("old", not_before=past - timedelta(days=9), not_after=past)
    with pytest.raises(Unacceptable, match="expired"):
        trust(desk, old.pem)
    desk.gatekeeper.fails_with = NotApplied("the engine failed")
    with pytest.raises(NotApplied):
        trust(desk, pem_of(desk, "a"))
    assert desk.management.library.components().items == ()
    assert desk.management.audit.page().items == ()


def test_a_preview_tells_whom_a_new_upload_would_let_in(desk: DeskRig) -> None:
    theirs, client = stranger_of(desk)
    before = desk.management.settings.revision()
    order = desk.order(dry_run=True, days=3650)
    done = run(desk.management.trusted.add_upload(order, name="theirs", upload=theirs.pem))
    assert isinstance(done.preview, PreviewView)
    assert (done.applied, done.preview.newly_admitted, done.preview.newly_refused) == (False, 1, 0)
    assert [one.subject for one in done.preview.examples] == [client.certificate.subject]
    assert [one.name for one in desk.management.library.components().items] == ["ours"]
    assert desk.management.settings.revision() == before


def test_who_was_seen_just_now_counts_in_a_preview(desk: DeskRig) -> None:
    stranger_of(desk)
    order = desk.order(dry_run=True, days=3650)
    done = run(desk.management.settings.set_gateway(order, {"required": True}))
    assert done.preview is not None
    assert done.preview.looked_at == 1
