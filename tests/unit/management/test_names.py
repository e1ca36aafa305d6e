"""Trusted distinguished names: lists, files, advice, and trying them out."""

import pytest

from ostiary.config.effective import Source
from ostiary.management.errors import Locked, NotThere, Unacceptable
from tests.support.desk import CONFIG, DeskRig, prepared_of, run

SEED = "CN=localhost,C=IND,ST=KA,L=BLR,O=Boomi,OU=Boomi,Email=abc@test.com"


def patterns(desk: DeskRig, api: str | None = None) -> list[str]:
    return [one.pattern for one in desk.management.names.page(api).items]


def test_names_act_in_the_order_they_were_added(desk: DeskRig) -> None:
    names = desk.management.names
    run(names.add(desk.order(), None, [SEED], note="the seed's"))
    run(names.add(desk.order(), None, ["CN=b,**", SEED]))
    assert patterns(desk) == [SEED, "CN=b,**"]
    assert names.page().items[0].note == "the seed's"
    assert desk.gatekeeper.prepared.effective.gateway.names.value == (SEED, "CN=b,**")


def test_a_mistake_is_told_with_its_column_and_nothing_is_added(desk: DeskRig) -> None:
    with pytest.raises(Unacceptable) as refused:
        run(desk.management.names.add(desk.order(), None, ["CN=a", "CN=b,,O=c"]))
    (fault,) = refused.value.faults
    assert fault.where == "/patterns/1"
    assert "column" in fault.message
    assert patterns(desk) == []


def test_the_last_name_of_an_api_that_goes_lets_it_inherit_again(desk: DeskRig) -> None:
    names = desk.management.names
    run(names.add(desk.order(), None, ["CN=gateway"]))
    run(names.add(desk.order(), "orders", ["CN=orders"]))
    run(names.remove(desk.order(), "orders", ["CN=orders"]))
    policy = desk.management.settings.api("orders").policy
    assert policy.names.value == ("CN=gateway",)
    assert policy.names.source is Source.GATEWAY


def test_what_is_not_in_the_list_can_not_be_removed(desk: DeskRig) -> None:
    with pytest.raises(NotThere):
        run(desk.management.names.remove(desk.order(), None, ["CN=nobody"]))


def test_an_exported_list_can_be_imported(desk: DeskRig) -> None:
    names = desk.management.names
    run(names.replace(desk.order(), None, [SEED, "CN=b,**"]))
    text = names.export()
    run(names.load(desk.order(), "orders", "# from the gateway\n" + text, replace=True))
    assert patterns(desk, "orders") == [SEED, "CN=b,**"]


def test_a_bad_line_of_an_import_is_told_by_its_number(desk: DeskRig) -> None:
    with pytest.raises(Unacceptable) as refused:
        run(desk.management.names.load(desk.order(), None, "CN=a\n\n=b\n"))
    assert refused.value.faults[0].where == "/lines/3"
    assert patterns(desk) == []


def test_what_is_broader_than_it_looks_is_pointed_out(desk: DeskRig) -> None:
    broad, (refused,), fine = desk.management.names.advise(["**", "CN=a,,", "CN=a,O=b"])
    assert "broader-than-it-looks" in {one.kind for one in broad}
    assert (refused.kind, refused.at) == ("refused", 6)
    assert fine == ()
    done = run(desk.management.names.add(desk.order(), None, ["**"]))
    assert done.warnings


def test_names_are_tried_on_subjects_and_certificates(desk: DeskRig) -> None:
    names = desk.management.names
    run(names.add(desk.order(), None, ["CN=good,**"]))
    good = desk.kit.client(None, "good")
    first, second, third = names.test(subjects=["CN=good,O=Boomi", "CN=bad"], upload=good.pem)
    assert (first.passes, first.by) == (True, "pattern 'CN=good,**'")
    assert not second.passes
    assert third.passes
    (other,) = names.test(subjects=["CN=bad"], patterns=["CN=?ad"])
    assert other.passes
    assert patterns(desk) == ["CN=good,**"]
    with pytest.raises(Unacceptable, match="wildcards"):
        names.test(subjects=["CN=*"])


def test_names_of_the_file_are_shown_and_locked(desk: DeskRig) -> None:
    config = CONFIG + "clientCertificateAuth: {trustedDistinguishedNames: [CN=file]}\n"
    desk.gatekeeper.serve(prepared_of(desk.kit, config, desk.clock.now))
    (only,) = desk.management.names.page().items
    assert (only.pattern, only.locked_by) == ("CN=file", "gateway.config.yml")
    with pytest.raises(Locked):
        run(desk.management.names.add(desk.order(), None, ["CN=b"]))
    run(desk.management.names.add(desk.order(), "orders", ["CN=b"]))
    assert patterns(desk, "orders") == ["CN=b"]


def test_a_page_of_a_long_list_leads_on(desk: DeskRig) -> None:
    wanted = [f"CN=c{number}" for number in range(250)]
    run(desk.management.names.replace(desk.order(), None, wanted))
    seen: list[str] = []
    cursor = None
    while True:
        page = desk.management.names.page(cursor=cursor, limit=100)
        seen += [one.pattern for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == wanted
    with pytest.raises(Unacceptable, match="cursor"):
        desk.management.names.page(cursor="!!")
