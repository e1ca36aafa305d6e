"""Settings: what is set, what is locked, what is inherited, and what is refused."""

import pytest

from ostiary.config.effective import AuthType, Source
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor
from ostiary.management.errors import (
    EngineRefuses,
    Forbidden,
    Locked,
    NotApplied,
    NotThere,
    Stale,
    Unacceptable,
)
from ostiary.store.database.records import Role
from tests.support.desk import CONFIG, DeskRig, make_desk, run


def test_a_setting_that_was_set_acts_and_says_that_it_comes_from_the_store(desk: DeskRig) -> None:
    done = run(
        desk.management.settings.set_gateway(
            desk.order(), {"type": "certificate", "required": True}
        )
    )
    view = desk.management.settings.gateway()
    assert done.applied
    assert done.revision == view.revision == 1
    assert view.type.value is AuthType.CERTIFICATE
    assert view.type.source is Source.STORE
    assert view.policy.required.value
    assert len(desk.gatekeeper.applied) == 1


def test_null_gives_a_setting_up(desk: DeskRig) -> None:
    run(desk.management.settings.set_gateway(desk.order(), {"required": True}))
    run(desk.management.settings.set_gateway(desk.order(), {"required": None}))
    assert desk.management.settings.gateway().policy.required.source is Source.DEFAULT


def test_a_change_for_another_revision_is_stale_and_changes_nothing(desk: DeskRig) -> None:
    run(desk.management.settings.set_gateway(desk.order(if_match=0), {"required": True}))
    with pytest.raises(Stale):
        run(desk.management.settings.set_gateway(desk.order(if_match=0), {"required": False}))
    assert desk.management.settings.gateway().policy.required.value


def test_what_the_file_gives_is_locked_and_the_refusal_names_the_file(tmp_path) -> None:  # type: ignore[no-untyped-def] # pytest's folder
    desk = make_desk(tmp_path, CONFIG + "clientCertificateAuth: {required: true}\n")
    with pytest.raises(Locked, match=r"required is set by gateway\.config\.yml"):
        run(desk.management.settings.set_gateway(desk.order(), {"required": False}))
    view = desk.management.settings.gateway().policy.required
    assert view.locked
    assert view.locked_by == "gateway.config.yml"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"requird": True}, "/requird"),
        ({"required": "maybe"}, "/required"),
        ({"type": "tls"}, "/type"),
        ({"trustedCertificates": ["a.pem"]}, "/trustedCertificates"),
        ({"revocation": {"mode": "soft"}}, "/revocation"),
        ({"trustedDistinguishedNames": ["CN=a", "no pattern"]}, "/trustedDistinguishedNames/1"),
        ({"allow": [{"ip": "10.0.0.0/99"}]}, "/allow/0/ip"),
        ({"deny": [{"fingerprint": "xyz"}]}, "/deny/0"),
        ({"headerName": "Bad Name"}, "/headerName"),
    ],
)
def test_what_is_wrong_is_pointed_at(desk: DeskRig, changes: dict[str, object], where: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        run(desk.management.settings.set_gateway(desk.order(), changes))
    assert where in [fault.where for fault in refused.value.faults]
    assert desk.management.settings.revision() == 0


def test_a_type_on_an_api_is_told_apart_from_a_misspelt_key(desk: DeskRig) -> None:
    with pytest.raises(Unacceptable, match="can't be changed at the API level"):
        run(desk.management.settings.set_api(desk.order(), "orders", {"type": "header"}))


def test_an_api_overrides_one_part_and_inherits_the_rest(desk: DeskRig) -> None:
    run(
        desk.management.settings.set_gateway(
            desk.order(), {"required": True, "trustedDistinguishedNames": ["CN=*,**"]}
        )
    )
    run(
        desk.management.settings.set_api(
            desk.order(), "orders", {"trustedDistinguishedNames": ["CN=orders,**"]}
        )
    )
    view = desk.management.settings.api("orders")
    assert view.overrides
    assert view.policy.names.value == ("CN=orders,**",)
    assert view.policy.names.source is Source.STORE
    assert view.policy.required.source is Source.GATEWAY
    assert view.policy.required.value
    assert not desk.management.settings.api("open").overrides
    run(desk.management.settings.clear_api(desk.order(), "orders"))
    assert desk.management.settings.api("orders").policy.names.source is Source.GATEWAY


def test_an_empty_list_of_an_api_is_its_own(desk: DeskRig) -> None:
    run(
        desk.management.settings.set_gateway(
            desk.order(), {"trustedDistinguishedNames": ["CN=somebody"]}
        )
    )
    run(desk.management.settings.set_api(desk.order(), "open", {"trustedDistinguishedNames": []}))
    names = desk.management.settings.api("open").policy.names
    assert names.value == ()
    assert names.source is Source.STORE


def test_an_unknown_api_is_not_there(desk: DeskRig) -> None:
    with pytest.raises(NotThere):
        run(desk.management.settings.set_api(desk.order(), "nowhere", {"required": True}))


def test_what_the_gateway_refuses_is_not_kept(desk: DeskRig) -> None:
    with pytest.raises(EngineRefuses):
        run(desk.management.settings.set_gateway(desk.order(), {"type": "header"}))
    assert desk.management.settings.revision() == 0
    assert desk.management.audit.page().items == ()


def test_what_the_engine_fails_at_is_not_kept(desk: DeskRig) -> None:
    desk.gatekeeper.fails_with = OstiaryError("no worker came up")
    with pytest.raises(NotApplied, match="no worker came up"):
        run(desk.management.settings.set_gateway(desk.order(), {"required": True}))
    assert desk.management.settings.revision() == 0


def test_a_viewer_may_look_and_not_change(desk: DeskRig) -> None:
    viewer = Actor(name="token:looker", role=Role.VIEWER)
    with pytest.raises(Forbidden):
        run(desk.management.settings.set_gateway(desk.order(actor=viewer), {"required": True}))


def test_a_dry_run_changes_nothing_and_is_not_audited(desk: DeskRig) -> None:
    done = run(
        desk.management.settings.set_gateway(
            desk.order(dry_run=True), {"type": "certificate", "required": True}
        )
    )
    assert not done.applied
    assert done.preview is not None
    assert done.preview.looked_at == 0
    assert "401" in done.preview.warnings[0]
    assert desk.management.settings.revision() == 0
    assert desk.management.audit.page().items == ()
    assert desk.gatekeeper.applied == []


def test_every_change_is_audited_with_before_and_after(desk: DeskRig) -> None:
    run(desk.management.settings.set_gateway(desk.order(), {"required": True}))
    run(desk.management.settings.set_gateway(desk.order(), {"required": False}))
    newest, first = desk.management.audit.page().items
    assert (newest.before, newest.after) == ({"required": True}, {"required": False})
    assert first.before == {"required": None}
    assert first.actor == "token:ops"
    assert first.action == "gateway.set"
    assert first.at == desk.clock.now


def test_a_commit_that_fails_takes_back_what_acts(
    desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(desk.management.settings.set_gateway(desk.order(), {"required": True}))

    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ostiary.store.database.audit.Audit.append", full_disk)
    with pytest.raises(OSError, match="no space left"):
        run(desk.management.settings.set_gateway(desk.order(), {"required": False}))
    assert [managed.gateway.required for managed, _ in desk.gatekeeper.applied] == [
        True,
        False,
        True,
    ]
    assert desk.management.settings.gateway().policy.required.value
