"""Trusted certificates and the library they come from."""

from datetime import timedelta
from pathlib import Path

import pytest

from ostiary.management.errors import Conflicting, InUse, MustConfirm, NotThere, Unacceptable
from ostiary.management.views import Expiry
from ostiary.store.soundness import Sound
from tests.support.desk import CONFIG, DeskRig, make_desk, prepared_of, run


def test_a_root_that_is_added_is_trusted_shown_and_on_the_disk(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    view = desk.management.trusted.one(row)
    assert view.name == "partners"
    assert view.version == view.newest == 1
    assert not view.upgradable
    assert view.expiry is Expiry.GOOD
    assert [one.subject for _, trusted in desk.gatekeeper.applied for one in trusted] == [
        view.subject
    ]
    assert isinstance(desk.shelf.verify(), Sound)
    assert "BEGIN CERTIFICATE" in desk.management.trusted.certificates(row)[0].pem


def test_a_newer_version_is_indicated_and_acts_after_the_upgrade(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    component = desk.management.trusted.one(row).component
    assert component is not None
    newer = desk.kit.root("newer")
    run(desk.management.library.add_version(desk.order(), component, upload=newer.pem))
    assert desk.management.trusted.one(row).upgradable
    done = run(desk.management.trusted.upgrade(desk.order(), row))
    view = desk.management.trusted.one(int(done.object))
    assert view.version == 2
    assert not view.upgradable
    assert [one.sha256 for one in desk.gatekeeper.applied[-1][1]] == [newer.certificate.sha256]
    versions = desk.management.library.component(component).versions
    assert [(one.number, one.trusted) for one in versions] == [(2, True), (1, False)]
    with pytest.raises(Conflicting, match="newest"):
        run(desk.management.trusted.upgrade(desk.order(), int(done.object)))


@pytest.mark.parametrize(
    ("days", "expiry"), [(91, Expiry.GOOD), (90, Expiry.SOON), (-1, Expiry.EXPIRED)]
)
def test_the_end_is_indicated_from_90_days_before(desk: DeskRig, days: int, expiry: Expiry) -> None:
    row = desk.trusting("partners", not_after=desk.clock.now + timedelta(days=100))
    desk.clock.move(timedelta(days=100 - days))
    assert desk.management.trusted.one(row).expiry is expiry


def test_the_lookup_offers_what_is_active_unexpired_and_not_trusted(desk: DeskRig) -> None:
    library = desk.management.library
    desk.trusting("trusted already")
    past = desk.clock.now - timedelta(days=1)
    for name, odd in (
        ("fine", {}),
        ("expired", {"not_before": past - timedelta(days=9), "not_after": past}),
        ("retired", {}),
    ):
        root = desk.kit.root(name, **odd)
        made = run(library.add(desk.order(), name=name, upload=root.pem))
        if name == "retired":
            run(library.retire(desk.order(), int(made.object), 1))
    assert [one.name for one in library.lookup().items] == ["fine"]
    assert library.lookup(search="nothing like it").items == ()


def test_pages_of_the_lookup_lead_on_to_the_end(desk: DeskRig) -> None:
    library = desk.management.library
    for number in range(5):
        root = desk.kit.root(f"root{number}")
        run(library.add(desk.order(), name=f"root{number}", upload=root.pem))
    seen, cursor = [], None
    while True:
        page = library.lookup(cursor=cursor, limit=2)
        seen += [one.name for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"root{number}" for number in range(5)]


def test_what_is_expired_is_not_trusted_anew(desk: DeskRig) -> None:
    past = desk.clock.now - timedelta(days=1)
    root = desk.kit.root("old", not_before=past - timedelta(days=9), not_after=past)
    made = run(desk.management.library.add(desk.order(), name="old", upload=root.pem))
    with pytest.raises(Unacceptable, match="expired"):
        run(desk.management.trusted.add(desk.order(), int(made.object)))


def test_without_ssl_no_certificate_can_be_added(tmp_path: Path) -> None:
    plain = "http: {port: 8080}\n" + CONFIG[CONFIG.index("apiEndpoints") :]
    desk = make_desk(tmp_path, plain)
    root = desk.kit.root("root")
    made = run(desk.management.library.add(desk.order(), name="root", upload=root.pem))
    with pytest.raises(Unacceptable, match="certificates can be added only when SSL is enabled"):
        run(desk.management.trusted.add(desk.order(), int(made.object)))


def test_the_last_one_of_type_certificate_goes_only_when_asked_for_twice(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    with pytest.raises(MustConfirm, match="no client certificate would be trusted"):
        run(desk.management.trusted.remove(desk.order(), row))
    assert desk.management.trusted.page().total == 1
    run(desk.management.trusted.remove(desk.order(), row, confirm_last=True))
    assert desk.management.trusted.page().total == 0
    assert desk.gatekeeper.applied[-1][1] == ()


def test_the_last_one_of_type_header_must_be_confirmed_too(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    settings = {"type": "header", "headerName": "X-Cert", "trustedProxies": ["10.0.0.1"]}
    run(desk.management.settings.set_gateway(desk.order(), settings))
    with pytest.raises(MustConfirm, match="no longer be verified"):
        run(desk.management.trusted.remove(desk.order(), row))


def test_a_version_that_is_trusted_stays_in_the_library(desk: DeskRig) -> None:
    row = desk.trusting("partners")
    component = desk.management.trusted.one(row).component
    assert component is not None
    with pytest.raises(InUse):
        run(desk.management.library.delete_version(desk.order(), component, 1))
    with pytest.raises(InUse):
        run(desk.management.library.delete(desk.order(), component))
    run(desk.management.trusted.remove(desk.order(), row))
    run(desk.management.library.delete(desk.order(), component))
    with pytest.raises(NotThere):
        desk.management.library.component(component)


def test_what_the_file_trusts_is_shown_first_and_locked(tmp_path: Path) -> None:
    files = tmp_path / "files"
    desk = make_desk(tmp_path)
    root = desk.kit.root("given", not_after=desk.clock.now + timedelta(days=365))
    root.certificate_file.rename(files / "given.pem")
    config = CONFIG + (
        "clientCertificateAuth: {type: certificate, trustedCertificates: given.pem}\n"
    )
    desk.gatekeeper.serve(prepared_of(desk.kit, config, desk.clock.now))
    desk.trusting("added")
    first, second = desk.management.trusted.page().items
    assert first.id is None
    assert first.locked_by == "gateway.config.yml: clientCertificateAuth.trustedCertificates"
    assert second.name == "added"
    assert second.locked_by is None
    shown = desk.management.trusted.locked_certificate(first.fingerprint)
    assert shown.subject == first.subject


def test_each_certificate_of_the_file_has_the_name_of_its_own_file(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    for name in ("one", "two"):
        made = desk.kit.root(name, not_after=desk.clock.now + timedelta(days=365))
        made.certificate_file.rename(tmp_path / "files" / f"{name}.pem")
    config = CONFIG.replace("cert: server.pem", "cert: server.pem, ca: [one.pem, two.pem]")
    desk.gatekeeper.serve(prepared_of(desk.kit, config, desk.clock.now))
    rows = [(one.name, one.subject) for one in desk.management.trusted.page().items]
    assert rows == [("one.pem", "CN=one"), ("two.pem", "CN=two")]


def test_a_private_key_is_refused_and_not_kept(desk: DeskRig) -> None:
    root = desk.kit.root("root")
    with pytest.raises(Unacceptable, match="key"):
        run(
            desk.management.library.add(
                desk.order(), name="both", upload=root.pem + root.key_file.read_bytes()
            )
        )
    assert desk.management.library.components().items == ()


def test_two_components_of_one_name_are_refused(desk: DeskRig) -> None:
    desk.trusting("partners")
    with pytest.raises(Conflicting, match="already"):
        desk.trusting("partners")
