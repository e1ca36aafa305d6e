"""Whose policy judges: the gateway's, or the API's own, found by one look-up."""

import pytest

from ostiary.compiler.bundle import entry_id
from ostiary.compiler.scopes import HEADER_ENTRY, api_id, scope_of
from tests.unit.compiler.auth import HEADER, compiled, frontend

CERTIFICATE = "type: certificate, required: true"


def looked_up(lines: list[str]) -> list[str]:
    return [line for line in lines if "overrides.map" in line or "modes.map" in line]


def test_without_policies_of_apis_the_key_is_made_once_a_connection() -> None:
    files = compiled(CERTIFICATE)
    lines = frontend(files)
    assert looked_up(lines) == []
    assert [line for line in lines if "set-var(sess.ost.key)" in line]
    assert not [line for line in lines if "txn.ost.key" in line]
    assert "entry=var(sess.ost.entry) " in files["spoe.conf"]


def test_an_api_with_a_policy_of_its_own_has_a_scope_of_its_own() -> None:
    files = compiled(CERTIFICATE, {"a": "", "b": "required: false", "c": 'deny: [{dns: "*"}]'})
    assert files["overrides.map"] == f"2 .{api_id('b')}\n3 .{api_id('c')}\n"
    assert files["modes.map"] == "2 0\n3 1\n"
    assert "entry=var(txn.ost.scope) " in files["spoe.conf"]
    assert scope_of(entry_id("https", "x"), "b") == f"{entry_id('https', 'x')}.{api_id('b')}"


def test_where_all_are_enforced_the_same_way_nothing_is_looked_up_for_it() -> None:
    files = compiled(CERTIFICATE, {"a": "", "b": 'trustedDistinguishedNames: ["CN=b"]'})
    assert "modes.map" not in files
    assert len(looked_up(frontend(files))) == 1


@pytest.mark.parametrize("auth", [CERTIFICATE, f"{HEADER}, required: true"])
def test_a_thousand_policies_cost_no_rule_more_than_one(auth: str) -> None:
    def own(count: int) -> list[str]:
        apis = {f"a{n}": f"required: {str(n % 2 == 1).lower()}" for n in range(count)}
        return frontend(compiled(auth, {"plain": ""} | apis))

    assert own(1000) == own(1)


def test_with_type_none_policies_of_apis_do_nothing() -> None:
    files = compiled("required: true", {"a": "required: true"})
    assert "overrides.map" not in files
    assert not [line for line in frontend(files) if "txn.ost.said" in line]


def test_in_header_mode_all_listeners_share_an_entry() -> None:
    files = compiled(HEADER, {"a": "required: true"})
    for name in ("http", "https"):
        (scope,) = [one for one in frontend(files, name) if "set-var(txn.ost.scope)" in one]
        assert scope.endswith(f"str({HEADER_ENTRY}),concat(,txn.ost.api)")


def test_a_key_of_every_kind_fits_the_tables_whole() -> None:
    lines = [
        one for one in compiled(CERTIFICATE)["haproxy.cfg"].splitlines() if "stick-table" in one
    ]
    longest = len(scope_of(HEADER_ENTRY, "any")) + len("|") + 64
    assert [int(line.split(" len ")[1].split()[0]) for line in lines] == [longest] * 2
