"""Commands about a gateway that is stopped: its data folder answers, by the same rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostiary.store.lock import StateLock
from ostiary.x509.pem import read_certificates
from tests.doors.cli_rig import Shell, call, file_with
from tests.doors.rig import House


@pytest.fixture
def shell(house: House) -> Shell:
    return Shell(house)


def managed(rows: Any) -> list[dict[str, Any]]:
    return [row for row in rows if row["lockedBy"] is None]


def test_a_stopped_gateway_is_worked_on_and_that_is_said(shell: Shell) -> None:
    done = shell.good("client-auth", "show")
    assert "the gateway is stopped: working on its data folder" in done.err
    assert done.out.split()[3:6] == ["type", "none", "default"]


def test_a_file_becomes_a_component_and_is_trusted(shell: Shell, house: House) -> None:
    path = house.foreign.certificate_file
    (placed,) = shell.told("trust", "add", path, "--description", "theirs")
    assert (placed["name"], placed["change"]["applied"]) == ("foreign", True)
    (row,) = managed(shell.told("trust", "list"))
    assert (row["name"], row["version"], row["upgradable"]) == ("foreign", 1, False)
    (shown,) = shell.told("trust", "show", "foreign")
    assert shown["fingerprint"] == house.foreign.certificate.fingerprint
    assert "keyCertSign" in shown["keyUsages"]
    text = shell.good("trust", "show", "foreign").out
    assert shown["sha1"] in text
    assert "keyCertSign" in text
    pem = shell.good("trust", "show", "foreign", "--pem").out.encode()
    assert [one.der for one in read_certificates(pem)] == [house.foreign.der]


def test_the_same_file_again_changes_nothing(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    before = shell.told("audit")
    for words in ((), ("--library-only",), ("--dry-run",)):
        said = shell.good("trust", "add", house.foreign.certificate_file, *words).err
        assert "nothing to do" in said
    assert shell.told("audit") == before


def test_another_file_of_the_same_name_is_a_new_version_and_upgrades(
    shell: Shell, house: House
) -> None:
    shell.good("trust", "add", house.foreign.certificate_file, "--name", "Partner")
    newer = house.kit.root("newer")
    shell.good("trust", "add", newer.certificate_file, "--name", "Partner")
    (row,) = managed(shell.told("trust", "list"))
    assert (row["name"], row["version"], row["subject"]) == ("Partner", 2, "CN=newer")


def test_an_upgrade_of_all_takes_what_has_newer_versions(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    newer = house.kit.root("newer").certificate_file
    shell.good("trust", "library", "add-version", "foreign", newer)
    assert "1 (upgrade: 2)" in shell.good("trust", "list").out
    shell.good("trust", "upgrade", "--all")
    assert [row["version"] for row in managed(shell.told("trust", "list"))] == [2]
    assert "newest version" in shell.good("trust", "upgrade", "--all").err
    assert shell.told("trust", "upgrade", "--all") == []


def test_the_library_alone_trusts_nothing(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file, "--library-only")
    assert managed(shell.told("trust", "list")) == []
    assert [row["name"] for row in shell.told("trust", "library", "lookup")] == ["foreign"]
    assert "trusted" in shell.good("trust", "add", house.foreign.certificate_file).err
    assert [row["version"] for row in managed(shell.told("trust", "list"))] == [1]


def test_a_file_that_can_not_be_trusted_does_not_stay_in_the_library(
    shell: Shell, house: House
) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    odd = {"not_before": past - timedelta(days=9), "not_after": past}
    old = house.kit.root("old", **odd).certificate_file
    assert "expired" in shell.refused("trust", "add", old)
    assert shell.told("trust", "library", "list") == []


def test_components_are_described_retired_and_deleted(shell: Shell, house: House) -> None:
    shell.good("trust", "library", "add", house.foreign.certificate_file)
    shell.good("trust", "library", "describe", "foreign", "--name", "theirs")
    shell.good("trust", "library", "retire", "theirs", 1)
    found: Any = shell.told("trust", "library", "show", "theirs")
    assert [one["retired"] for one in found["versions"]] == [True]
    shell.good("trust", "library", "delete", "theirs")
    assert shell.told("trust", "library", "list") == []


def test_what_is_trusted_is_not_deleted_from_the_library(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    assert "trusted" in shell.refused("trust", "library", "delete", "foreign")


def test_a_file_without_certificates_is_refused_by_name(shell: Shell, house: House) -> None:
    path = file_with(house.folder, "notes.txt", b"hello")
    assert "notes.txt" in shell.refused("trust", "add", path)
    assert "gone.pem" in shell.refused("trust", "add", house.folder / "gone.pem")


def test_what_the_file_gives_is_locked(shell: Shell) -> None:
    said = shell.refused("trust", "remove", "root.crt")
    assert "gateway.config.yml" in said


def test_names_go_in_and_out_as_text(shell: Shell, house: House) -> None:
    text = b"# ours\nCN=device-*,O=Example,**\nCN=alice\n"
    shell.good("dn", "import", file_with(house.folder, "names.txt", text))
    out = shell.good("dn", "export").out
    assert out.splitlines()[1:] == ["CN=device-*,O=Example,**", "CN=alice"]
    shell.good("dn", "import", "-", "--replace", stdin=b"CN=bob\n")
    assert [row["pattern"] for row in shell.told("dn", "list")] == ["CN=bob"]
    shell.good("dn", "add", "CN=carol", "--note", "since May")
    shell.good("dn", "remove", "CN=bob")
    (row,) = shell.told("dn", "list")
    assert (row["pattern"], row["note"]) == ("CN=carol", "since May")
    shell.good("dn", "replace", "CN=dave", "CN=erin")
    shell.good("dn", "replace", "--none")
    assert shell.told("dn", "list") == []


def test_a_bad_name_is_pointed_at_and_nothing_is_kept(shell: Shell) -> None:
    said = shell.refused("dn", "add", "CN=a", "CN", "=b")
    assert "/patterns/1" in said
    assert "/patterns/2" in said
    assert shell.told("dn", "list") == []


def test_names_are_tried_without_being_kept(shell: Shell, house: House) -> None:
    assert shell.good("dn", "test", "CN=a,O=x", "--pattern", "CN=?,**").out.startswith("✓")
    assert shell("dn", "test", "CN=ab,O=x", "--pattern", "CN=?,**").code == 1
    cert = house.kit.client(house.root, "alice").certificate_file
    (found,) = shell.told("dn", "test", "--cert", cert, "--pattern", "CN=ali*")
    assert found["passes"] is True
    assert shell.told("dn", "list") == []


def test_an_api_overrides_and_inherits_part_by_part(shell: Shell) -> None:
    shell.good("api", "set", "users", "--required", "--name", "CN=a,**", "--deny", "serial=0F")
    one: Any = shell.told("api", "show", "users")
    assert one["policy"]["required"] == {"value": True, "source": "store", "lockedBy": None}
    assert one["policy"]["names"]["value"] == ["CN=a,**"]
    assert [rule["serial"] for rule in one["policy"]["deny"]["value"]] == ["0F"]
    shell.good("api", "set", "users", "--inherit-required", "--no-names", "--inherit-deny")
    one = shell.told("api", "show", "users")
    assert one["policy"]["required"]["source"] == "gateway"
    assert one["policy"]["names"] == {"value": [], "source": "store", "lockedBy": None}
    assert [row["name"] for row in shell.told("api", "list", "--overriding")] == ["users"]
    shell.good("api", "clear", "users")
    assert shell.told("api", "list", "--overriding") == []


def test_rules_of_several_tests_come_from_a_file(shell: Shell, house: House) -> None:
    rules = b"allow: [{dns: '*.example', issuer: 'CN=root'}]\ndeny: []\n"
    shell.good("api", "set", "users", "--rules", file_with(house.folder, "rules.yml", rules))
    one: Any = shell.told("api", "show", "users")
    (rule,) = one["policy"]["allow"]["value"]
    assert (rule["dns"], rule["issuer"]) == ("*.example", "CN=root")
    odd = file_with(house.folder, "odd.yml", b"names: []\n")
    assert "'allow'" in shell.refused("api", "set", "users", "--rules", odd)


WRONG = (
    ("api", "set", "users"),
    ("api", "set", "users", "--required", "--inherit-required"),
    ("api", "set", "users", "--name", "CN=a", "--no-names"),
    ("api", "set", "users", "--deny", "nonsense"),
    ("client-auth", "set"),
    ("client-auth", "set", "--required", "--unset", "required"),
    ("dn", "replace"),
    ("dn", "test"),
    ("trust", "upgrade"),
    ("trust", "remove"),
    ("tokens", "create", "x", "--expires", "soon"),
    ("audit", "--since", "99999999d"),
)


def test_wrong_use_ends_with_2_and_changes_nothing(shell: Shell) -> None:
    assert {words: shell(*words).code for words in WRONG} == dict.fromkeys(WRONG, 2)
    assert shell.told("audit") == []


def test_a_dry_run_changes_nothing(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    before = shell.told("audit")
    for words in (
        ("trust", "remove", "foreign"),
        ("dn", "add", "CN=a"),
        ("api", "set", "users", "--required"),
        ("client-auth", "set", "--type", "certificate"),
        ("trust", "add", str(house.root.certificate_file), "--name", "foreign"),
        ("trust", "add", str(house.root.certificate_file)),
        ("tokens", "create", "ci"),
    ):
        shell.good(*words, "--dry-run")
        shell.good(*words, "--dry-run", "--json")
    assert shell.told("audit") == before


def test_a_dry_run_tells_what_would_come_of_it(shell: Shell) -> None:
    done: Any = shell.told("dn", "add", "CN=a", "--dry-run", "--days", "7")
    assert done["applied"] is False
    assert done["preview"]["days"] == 7
    said = shell.good("dn", "add", "CN=a", "--dry-run").said
    assert "newly refused" in said
    assert "1 name: would be added; nothing was changed" in said


def test_a_token_is_printed_alone_and_once(shell: Shell) -> None:
    made = shell.good("tokens", "create", "ci", "--role", "operator", "--expires", "90d")
    secret = made.out.strip()
    assert secret.startswith("ost_")
    assert "\n" not in secret
    listed = shell.good("tokens", "list", "--json")
    assert secret not in listed.out
    assert [(one["name"], one["role"]) for one in listed.json] == [("ci", "operator")]
    shell.good("tokens", "create", "admin", "--role", "admin")
    shell.good("tokens", "revoke", "ci")
    assert "no active token" in shell.refused("tokens", "revoke", "ci")


def test_the_truststore_is_verified_and_recovered(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    for path in (house.state / "truststore/current").glob("*.pem"):
        path.write_bytes(b"damage")
    shell.good("trust", "recover")
    found: Any = shell.told("trust", "verify")
    assert (found["state"], found["database"], found["certificates"]) == ("sound", "sound", 1)
    (path,) = (house.state / "truststore/current").glob("*.pem")
    assert [one.der for one in read_certificates(path.read_bytes())] == [house.foreign.der]


def test_there_is_nothing_to_follow_while_it_is_stopped(shell: Shell) -> None:
    assert "stopped" in shell.refused("events", "--follow")


def test_a_store_that_does_not_fit_the_file_any_more_can_be_mended(
    shell: Shell, house: House
) -> None:
    shell.good("client-auth", "set", "--type", "certificate")
    text = house.text
    https = text[text.index("https:") : text.index("apiEndpoints:")]
    house.write(text.replace(https, f"http: {{port: {house.port}, hostname: 127.0.0.1}}\n"))
    banners: Any = shell.told("overview")
    assert {one["kind"] for one in banners["banners"]} == {"not-applied"}
    assert "SSL" in shell.refused("client-auth", "set", "--required")
    shell.good("client-auth", "set", "--type", "none")
    assert shell.told("client-auth", "show")["type"]["value"] == "none"


def test_a_folder_that_another_process_holds_is_left_alone(shell: Shell, house: House) -> None:
    with StateLock(house.state):
        said = shell.refused("trust", "list", code=1)
    assert "runs on the state folder" in said


def test_a_configuration_that_is_refused_leaves_no_folder_behind(
    shell: Shell, house: House
) -> None:
    house.write("http: {port: nonsense}\n")
    assert "nonsense" in shell.refused("trust", "list")
    assert shell("trust", "list", "--json").json["ok"] is False
    assert not house.state.exists()


def test_explain_counts_what_was_set_by_command(shell: Shell, house: House) -> None:
    cert = house.kit.client(house.root, "alice").certificate_file
    asked = ("explain", "--cert", cert, "--api", "users")
    assert shell(*asked).code == 0
    shell.good("client-auth", "set", "--type", "certificate")
    assert shell(*asked).code == 0
    shell.good("dn", "add", "CN=bob")
    done = shell(*asked, "--json")
    assert (done.code, done.json["certificate"]["reason"]) == (1, "name-not-trusted")


def test_json_says_too_what_can_not_be_done(shell: Shell) -> None:
    done = shell("api", "show", "nobody", "--json")
    assert done.code == 2
    assert done.json["problem"]["status"] == 404
    assert done.json["error"] == "there is no API 'nobody'"


READING = (
    ("overview",),
    ("trust", "list"),
    ("trust", "verify"),
    ("trust", "library", "list"),
    ("trust", "library", "show", "foreign"),
    ("trust", "library", "show", "foreign", "1"),
    ("trust", "library", "lookup"),
    ("dn", "list"),
    ("dn", "export"),
    ("api", "list"),
    ("api", "show", "users"),
    ("client-auth", "show"),
    ("clients", "list"),
    ("clients", "expiring"),
    ("tokens", "list"),
    ("events",),
    ("audit",),
)


def test_every_reading_command_answers_in_json_and_in_words(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    for words in READING:
        shell.told(*words)
        shell.good(*words)


def test_json_is_the_same_for_the_same_state(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    shell.good("dn", "add", "CN=a", "CN=b")
    for words in (("trust", "list"), ("dn", "list"), ("api", "list"), ("client-auth", "show")):
        assert shell.good(*words, "--json").out == shell.good(*words, "--json").out
    names = {key for row in managed(shell.told("trust", "list")) for key in row}
    assert {"id", "issuedOn", "expiresOn", "lockedBy", "upgradable"} <= names


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("gateway.example", "no address"),
        ("ftp://gateway.example", "no address"),
        ("https://gateway.example/path", "address alone"),
        ("https://me:secret@gateway.example", "address alone"),
        ("https://gateway.example:99999", "no address"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, word: str) -> None:
    done = call("trust", "list", "--url", url, OSTIARY_ADMIN_TOKEN="ost_x")
    assert done.code == 2
    assert word in done.said
    assert "secret" not in done.said.replace(url, "")


def test_a_gateway_elsewhere_wants_a_token_and_an_answer() -> None:
    nowhere = ("trust", "list", "--url", "http://127.0.0.1:1")
    assert "OSTIARY_ADMIN_TOKEN" in call(*nowhere).said
    done = call(*nowhere, OSTIARY_ADMIN_TOKEN="ost_x")
    assert (done.code, "does not answer" in done.said) == (1, True)


def test_sources_of_lists_are_told_and_not_fetched_while_it_is_stopped(
    shell: Shell, house: House
) -> None:
    listed = "clientCertificateAuth: {type: certificate, revocation: {crl: ['http://a.example/x']}}"
    house.write(f"{house.text}{listed}\n")
    (source,) = shell.told("trust", "revocation")["sources"]
    assert (source["source"], source["kind"]) == ("http://a.example/x", "url")
    assert (source["freshness"], source["nextTry"]) == ("missing", None)
    done = shell.good("trust", "revocation")
    assert "missing" in done.out
    assert "its clients are refused" in done.err
    assert "while the gateway is stopped" in shell.refused("trust", "revocation", "--fetch")
    assert "--fetch" in shell.refused("trust", "revocation", "--source", "http://a.example/x")
