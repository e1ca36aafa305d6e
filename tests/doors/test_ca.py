"""``ostiary ca`` as a shell calls it: files, exit codes, sentences, JSON; openssl agrees."""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ostiary.store.lock import StateLock
from ostiary.wiring import certifying
from ostiary.x509.pem import key_matches, read_certificates, read_crls, read_private_key
from tests.doors.cli_rig import Shell, call, file_with
from tests.doors.rig import Done, House
from tests.support import nursery


class Alone:
    """Commands about an authority without a gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    def __call__(self, *arguments: object) -> Done:
        return call("ca", *arguments, "--state", self.folder / "s")

    def good(self, *arguments: object) -> Done:
        done = self(*arguments)
        assert done.code == 0, done.said
        return done

    def told(self, *arguments: object) -> Any:
        return self.good(*arguments, "--json").json

    def refused(self, *arguments: object, code: int = 2) -> str:
        done = self(*arguments)
        assert done.code == code, done.said
        return done.said

    def issue(self, *arguments: object) -> Any:
        return self.told("issue", *arguments, "--out", self.out)

    def files(self) -> set[str]:
        return {path.name for path in self.out.iterdir()} if self.out.exists() else set()


@pytest.fixture
def ca(tmp_path: Path) -> Alone:
    made = Alone(tmp_path)
    made.good("init", "Example", "--alone", "--crl", tmp_path / "clients.crl")
    return made


def openssl(folder: Path, *arguments: object) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_certificate_comes_with_its_key_and_its_chain(ca: Alone) -> None:
    told = ca.issue("device", "--subject", "O=Acme", "--san", "dns:a.example", "--days", 9)
    assert ca.files() == {"device.crt", "device.key", "chain.pem"}
    shown = read_certificates((ca.out / "device.crt").read_bytes())
    assert [one.subject for one in shown] == ["CN=device,O=Acme", "CN=Example issuing 1"]
    assert f"{shown[0].serial:032x}" == told["serial"]
    assert key_matches(read_private_key((ca.out / "device.key").read_bytes()), shown[0])
    modes = {path.name: path.stat().st_mode & 0o777 for path in ca.out.iterdir()}
    assert modes == {"device.crt": 0o644, "device.key": 0o600, "chain.pem": 0o644}
    openssl(ca.out, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "chain.pem",
            "-crl_check_all", "-CRLfile", "../clients.crl", "device.crt")  # fmt: skip


@pytest.mark.parametrize(("kind", "words"), [("rsa", "rsa 3072 bits"), ("ed25519", "ed25519")])
def test_other_kinds_of_keys_are_made_where_asked_for(
    tmp_path: Path, kind: str, words: str
) -> None:
    ca = Alone(tmp_path)
    ca.good("init", "Example", "--alone", "--key", kind)
    ca.issue("device", "--key", kind)
    ca.issue("usual")
    for name in ("device.crt", "usual.crt"):
        openssl(ca.out, "verify", "-x509_strict", "-CAfile", "chain.pem", name)
    assert words in ca.good("show", "device").out
    assert "ec 256 bits" in ca.good("show", "usual").out


def test_a_server_is_issued_for_its_names(ca: Alone) -> None:
    ca.issue("web.example", "--server")
    openssl(ca.out, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname",
            "web.example", "-CAfile", "chain.pem", "web.example.crt")  # fmt: skip


def test_a_bundle_has_the_key_and_the_chain_and_there_is_no_other_key(ca: Alone) -> None:
    password = file_with(ca.folder, "pw", b"a good password\n")
    ca.issue("device", "--p12", "--password-file", password)
    assert ca.files() == {"device.crt", "device.p12", "chain.pem"}
    assert (ca.out / "device.p12").stat().st_mode & 0o777 == 0o600
    told = openssl(ca.out, "pkcs12", "-in", "device.p12", "-nodes", "-passin", f"file:{password}")
    assert told.count("BEGIN CERTIFICATE") == 3
    assert told.count("BEGIN PRIVATE KEY") == 1


def test_of_a_request_no_key_is_made(ca: Alone) -> None:
    ca.out.mkdir()
    openssl(ca.out, "req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", "own.pem", "-out",
            "csr", "-subj", "/O=Acme/CN=device", "-addext", "subjectAltName=DNS:a.example",
            "-addext", "extendedKeyUsage=codeSigning")  # fmt: skip
    ca.issue("device", "--csr", ca.out / "csr")
    assert ca.files() == {"csr", "own.pem", "device.crt", "chain.pem"}
    (found, _) = read_certificates((ca.out / "device.crt").read_bytes())
    assert (found.subject, found.subject_alternative_names) == (
        "CN=device,O=Acme",
        ("DNS:a.example",),
    )
    assert found.extended_key_usages == ("1.3.6.1.5.5.7.3.2",)
    assert "'device'" in ca.refused("issue", "other", "--csr", ca.out / "csr", "--out", ca.out)


def test_the_same_again_is_no_mistake_and_uses_the_key_that_is_there(ca: Alone) -> None:
    first = ca.issue("device")
    key = (ca.out / "device.key").read_bytes()
    (ca.out / "device.crt").unlink()
    again = ca.issue("device")
    assert (again["serial"], again["thereAlready"]) == (first["serial"], True)
    assert (ca.out / "device.key").read_bytes() == key
    assert (ca.out / "device.crt").exists()


def test_who_is_refused_gets_no_files_and_the_reason(tmp_path: Path) -> None:
    ca = Alone(tmp_path)
    ca.good("init", "Example", "--alone", "--allow", "dn=CN=x-*", "--allow", "dns=*.example")
    said = ca.refused("issue", "device", "--out", ca.out)
    assert "allowed.distinguishedNames" in said
    assert "'CN=x-*'" in said
    done = ca("issue", "x-1", "--san", "dns:a.test", "--out", ca.out, "--json")
    assert (done.code, done.json["reason"]) == (2, "not-allowed")
    assert "allowed.dns" in done.json["error"]
    assert ca.files() == set()
    ca.issue("x-1", "--san", "dns:a.example")


WRONG: tuple[tuple[object, ...], ...] = (
    ("issue",),
    ("issue", "../device"),
    ("issue", ".device"),
    ("issue", "a/b"),
    ("issue", "device", "--san", "nonsense"),
    ("issue", "device", "--subject", "nonsense"),
    ("issue", "device", "--subject", "O=a", "--subject", "O=b"),
    ("issue", "device", "--days", "826"),
    ("issue", "device", "--p12"),
    ("issue", "device", "--csr", "/nowhere"),
    ("issue", "device", "--from", "/nowhere"),
    ("issue", "--from", "/nowhere"),
    ("renew", "device"),
    ("renew", "device", "--same-key", "--csr", "/nowhere"),
    ("revoke",),
    ("revoke", "device"),
    ("revoke", "Example"),
    ("show",),
    ("show", "x" * 300),
    ("show", "a\0b"),
    ("crl", "--der"),
    ("crl", "--authority", "Example"),
    ("init", "Example", "--alone"),
    ("rotate", "--name", "Example"),
    ("rotate", "--days", "99999"),
    ("crl", "--days", "99999"),
)


def test_wrong_use_ends_with_2_and_leaves_no_trace(ca: Alone) -> None:
    before = ca.told("list")
    given = {words: ("--out", ca.out) if words[0] in {"issue", "renew"} else () for words in WRONG}
    assert {words: ca(*words, *more).code for words, more in given.items()} == dict.fromkeys(
        WRONG, 2
    )
    assert ca.told("list") == before
    assert ca.files() == set()


@pytest.mark.parametrize(
    "words",
    [
        ("--crl", "/nowhere/at/all.crl"),
        ("--crl", "/"),
        ("--crl-days", "99999"),
        ("--allow", "dns"),
        ("--allow", "colour=red"),
        ("--allow", "ip=10.0.0.1/8"),
        ("--allow", "dn=CN"),
        ("--passphrase-file", "/nowhere"),
    ],
)
def test_what_can_not_be_begun_is_not(tmp_path: Path, words: tuple[str, ...]) -> None:
    ca = Alone(tmp_path)
    assert ca("init", "Example", "--alone", *words).code in {1, 2}
    assert "ostiary ca init" in ca.refused("list")
    ca.good("init", "Example", "--alone")


def test_without_an_authority_the_way_to_one_is_told(tmp_path: Path) -> None:
    for words in (("issue", "device"), ("list",), ("crl",)):
        assert "ostiary ca init" in Alone(tmp_path).refused(*words)
    assert not (tmp_path / "s").exists()


def test_one_command_at_a_time(ca: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying, "PATIENCE_SECONDS", 0.2)
    with StateLock(ca.folder / "s" / "ca"):
        assert "in use by process" in ca.refused("list")


def test_a_command_waits_for_one_that_is_about_to_end(ca: Alone) -> None:
    lock = StateLock(ca.folder / "s" / "ca")
    ending = threading.Timer(0.3, lock.release)
    ending.start()
    ca.good("list")
    ending.join()


def test_revoking_is_told_listed_and_believed_by_openssl(ca: Alone) -> None:
    ca.issue("good")
    told = ca.issue("gone")
    done = ca.told("revoke", ca.out / "gone.crt", "--reason", "keyCompromise")
    assert [one["name"] for one in done["revoked"]] == ["gone"]
    assert done["lists"] == [str(ca.folder / "clients.crl")]
    root, below = read_crls((ca.folder / "clients.crl").read_bytes())
    entry = below.find(below.issuer_key, int(told["serial"], 16))
    assert entry is not None
    assert entry.reason == "keyCompromise"
    assert (root.count, below.count) == (0, 1)
    assert (root.number, below.number) == (2, 2)
    words = ("verify", "-CAfile", "chain.pem", "-crl_check_all", "-CRLfile", "../clients.crl")
    openssl(ca.out, *words, "good.crt")
    refused = subprocess.run(
        ["openssl", *words, "gone.crt"], cwd=ca.out, capture_output=True, text=True, check=False
    )
    assert "certificate revoked" in refused.stdout + refused.stderr
    assert [one["name"] for one in ca.told("list", "--only", "revoked")] == ["gone"]
    assert "nothing to do" in ca.good("revoke", told["serial"]).err


def test_a_list_that_can_not_be_written_hides_no_revocation_and_keeps_no_other_from_it(
    ca: Alone,
) -> None:
    told = ca.issue("gone")
    profile = ca.folder / "s" / "ca" / "profile.yml"
    here = f"- {ca.folder / 'clients.crl'}"
    text = profile.read_text()
    assert here in text
    (ca.folder / "no-folder").write_text("in the way")
    profile.write_text(text.replace(here, f"- {ca.folder / 'no-folder' / 'a.crl'}\n  {here}"))
    said = ca.refused("revoke", "gone", code=1)
    assert "gone: revoked, serial number" in said
    assert "no-folder/a.crl" in said
    below = read_crls((ca.folder / "clients.crl").read_bytes())[1]
    assert below.find(below.issuer_key, int(told["serial"], 16)) is not None
    (ca.folder / "no-folder").unlink()
    (ca.folder / "no-folder").mkdir()
    assert "nothing to do" in ca.good("revoke", "gone").err
    assert (ca.folder / "no-folder" / "a.crl").exists()


def test_a_name_stands_for_all_that_is_still_good(ca: Alone) -> None:
    ca.issue("device")
    ca.good("renew", "device", "--out", ca.out, "--same-key")
    ca.good("revoke", "device")
    assert [one["state"] for one in ca.told("show", "device")] == ["revoked", "revoked"]
    foreign = file_with(ca.folder, "foreign.pem", _foreign(ca.folder))
    assert "not issued by this authority" in ca.refused("revoke", foreign)


def _foreign(folder: Path) -> bytes:
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "f.key", "-out",
            "f.crt", "-subj", "/CN=device")  # fmt: skip
    return (folder / "f.crt").read_bytes()


def test_a_renewal_replaces_the_files_or_keeps_the_key(ca: Alone) -> None:
    ca.issue("device")
    old = (ca.out / "device.key").read_bytes()
    ca.good("renew", "device", "--out", ca.out, "--same-key")
    assert (ca.out / "device.key").read_bytes() == old
    ca.good("renew", "device", "--out", ca.out, "--revoke-old")
    assert (ca.out / "device.key").read_bytes() != old
    (found, _) = read_certificates((ca.out / "device.crt").read_bytes())
    assert key_matches(read_private_key((ca.out / "device.key").read_bytes()), found)
    assert ca.files() == {"device.crt", "device.key", "chain.pem"}
    states = [one["state"] for one in ca.told("list", "--search", "device")]
    assert states == ["good", "revoked", "revoked"]


def test_lists_go_to_standard_output_where_no_file_is_named(tmp_path: Path) -> None:
    ca = Alone(tmp_path)
    ca.good("init", "Example", "--alone")
    done = ca.good("crl")
    assert [one.issuer for one in read_crls(done.out.encode())] == [
        "CN=Example",
        "CN=Example issuing 1",
    ]
    assert "https.options.crl" in ca.good("rotate").err
    der = tmp_path / "one.crl"
    ca.good("crl", "--der", "--authority", "Example", "--out", der, "--days", 3)
    told = openssl(tmp_path, "crl", "-inform", "DER", "-in", der, "-noout", "-issuer", "-crlnumber")
    assert "CN = Example" in told
    assert "no authority" in ca.refused("crl", "--der", "--authority", "x", "--out", der)


def test_what_was_issued_is_shown_in_every_form(ca: Alone) -> None:
    told = ca.issue("device", "--san", "uri:spiffe://example/a")
    shown = ca.good("show", "device").out
    for word in (told["serial"], "URI:spiffe://example/a", "CN=Example issuing 1", "good"):
        assert word in shown
    pem = ca.good("show", "device", "--pem").out.encode()
    assert [f"{one.serial:032x}" for one in read_certificates(pem)] == [told["serial"]]
    names = [one["name"] for one in ca.told("list")]
    assert names == ["device", "Example issuing 1", "Example"]
    assert [one["name"] for one in ca.told("list", "--limit", 1)] == ["device"]
    assert "nothing fits" in ca.good("list", "--search", "nobody").err


def test_the_root_is_trusted_by_the_stopped_gateway_unless_not_wanted(house: House) -> None:
    shell = Shell(house)
    done = shell.good("ca", "init", "Ours")
    assert "Ours: trusted" in done.err
    (row,) = [one for one in shell.told("trust", "list") if one["lockedBy"] is None]
    assert (row["name"], row["subject"]) == ("Ours", "CN=Ours")
    shell.good("ca", "issue", "device", "--out", house.folder)
    shell.good("client-auth", "set", "--type", "certificate")
    assert shell("explain", "--cert", house.folder / "device.crt", "--api", "users").code == 0
    assert "already" in shell.refused("ca", "init", "Ours")


def test_without_trust_it_is_in_the_library_alone(house: House) -> None:
    shell = Shell(house)
    told: Any = shell.told("ca", "init", "Ours", "--no-trust")
    assert told["library"]["name"] == "Ours"
    assert [one["name"] for one in shell.told("trust", "library", "list")] == ["Ours"]
    assert [one for one in shell.told("trust", "list") if one["lockedBy"] is None] == []


def test_no_authority_is_made_that_the_gateway_could_not_be_told_of(house: House) -> None:
    house.write("http: {port: nonsense}\n")
    assert Shell(house)("ca", "init", "Ours").code == 2
    assert not (house.state / "ca").exists()


def test_an_authority_never_takes_the_place_of_a_component_with_its_name(house: House) -> None:
    shell = Shell(house)
    shell.good("trust", "add", house.foreign.certificate_file, "--name", "Ours")
    assert "choose another name" in shell.refused("ca", "init", "Ours")
    assert not (house.state / "ca").exists()


CSV = """\
name,O,san,days,purpose
a,Acme,dns:a.example,5,
b,,dns:b.example ip:10.0.0.1,,server
x/y,,,,
c,,nonsense,,
d,,,,
d,,,,
"""


def test_many_are_issued_from_a_list_and_the_refused_ones_told(ca: Alone) -> None:
    rows = file_with(ca.folder, "rows.csv", CSV.encode())
    done = ca("issue", "--from", rows, "--out", ca.out, "--json")
    assert done.code == 1
    told = done.json
    assert (told["ok"], told["issued"], told["thereAlready"]) == (False, 3, 0)
    assert [(one["line"], one["name"], one["reason"]) for one in told["refused"]] == [
        (4, "x/y", "bad-name"),
        (5, "c", "bad-name"),
        (7, "d", "name-taken"),
    ]
    files = {f"{name}.{end}" for name in "abd" for end in ("crt", "key")}
    assert ca.files() == {*files, "chain.pem"}
    for name in "ad":
        openssl(ca.out, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "chain.pem",
                f"{name}.crt")  # fmt: skip
        (found, _) = read_certificates((ca.out / f"{name}.crt").read_bytes())
        assert key_matches(read_private_key((ca.out / f"{name}.key").read_bytes()), found)
    said = ca("issue", "--from", rows, "--out", ca.out).err
    assert "line 4: x/y" in said
    assert "0 issued, 3 there already, 3 refused" in said


def test_requests_are_taken_from_lines_and_from_files_beside_the_list(ca: Alone) -> None:
    lines = []
    for name in ("a", "b"):
        openssl(ca.folder, "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-keyout", f"{name}.pem", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")  # fmt: skip
    lines.append({"name": "a", "csr": (ca.folder / "a.csr").read_text(), "san": ["dns:a.example"]})
    lines.append({"name": "b", "csr": "b.csr", "OU": "Lab"})
    rows = file_with(ca.folder, "rows.json", "\n".join(map(json.dumps, lines)).encode())
    assert ca.told("issue", "--from", rows, "--out", ca.out)["issued"] == 2
    assert ca.files() == {"a.crt", "b.crt", "chain.pem"}
    assert ca.told("issue", "--from", rows, "--out", ca.out)["thereAlready"] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "line 1"),
        (b"name\n", "no certificates"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"device\nx\n", "column 'name'"),
        (b"name,colour\nx,red\n", "'colour'"),
        (b"name,O\nx\n", "line 2"),
        (b"name,O\nx,y,z\n", "line 2"),
        (b'name,O\nx,"y\n', "line"),
        (b"name,days\nx,0\n", "line 2"),
        (b"name,days\nx,many\n", "line 2"),
        (b"name,purpose\nx,mailing\n", "line 2"),
        (b"name,csr\nx,gone.csr\n", "gone.csr"),
        (b'{"name": "x"}\n[1]\n', "line 2"),
        (b'{"name": "x"}\n{"name": 7}\n', "line 2"),
        (b'{"name": "x", "san": 5}\n', "line 1"),
        (b'{"name": "x", "days": true}\n', "line 1"),
        (b'{"name": "x"\n', "line 1"),
        (b"{" * 100_000, "line 1"),
    ],
)
def test_a_list_with_a_mistake_is_refused_as_a_whole(ca: Alone, text: bytes, told: str) -> None:
    rows = file_with(ca.folder, "rows", text)
    said = ca.refused("issue", "--from", rows, "--out", ca.out)
    assert told in said
    assert "rows" in said
    assert ca.files() == set()


def test_a_list_that_was_stopped_is_gone_on_with(ca: Alone) -> None:
    """As it is after a kill -9: keys without certificates, the ledger ahead of the files."""
    rows = file_with(ca.folder, "rows.csv", b"name\na\nb\nc\n")
    ca.told("issue", "--from", rows, "--out", ca.out)
    before = {one["serial"] for one in ca.told("list")}
    keys = {name: (ca.out / f"{name}.key").read_bytes() for name in "abc"}
    for name in ("a.crt", "b.crt", "chain.pem"):
        (ca.out / name).unlink()
    done = ca.told("issue", "--from", rows, "--out", ca.out)
    assert (done["issued"], done["thereAlready"]) == (0, 3)
    assert {one["serial"] for one in ca.told("list")} == before
    assert {name: (ca.out / f"{name}.key").read_bytes() for name in "abc"} == keys
    assert ca.files() == {
        "chain.pem",
        *(f"{name}.{end}" for name in "abc" for end in ("crt", "key")),
    }


def test_a_list_that_is_killed_in_its_midst_goes_on_and_nobody_has_two(ca: Alone) -> None:
    names = [f"device-{number}" for number in range(1500)]
    rows = file_with(ca.folder, "rows.csv", "\n".join(["name", *names]).encode())
    words = ("ca", "issue", "--from", rows, "--out", ca.out, "--state", ca.folder / "s")
    child = nursery.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while sum(name.endswith(".crt") for name in ca.files()) < 600:
        assert child.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    child.kill()
    child.wait()
    told = ca.told("issue", "--from", rows, "--out", ca.out)
    assert (told["issued"] + told["thereAlready"], told["refused"]) == (1500, [])
    assert told["thereAlready"] >= 600
    written = [one["name"] for one in ca.told("list") if one["kind"] == "client"]
    assert sorted(written) == sorted(names)
    for name in names:
        (found, _) = read_certificates((ca.out / f"{name}.crt").read_bytes())
        assert key_matches(read_private_key((ca.out / f"{name}.key").read_bytes()), found)


def test_where_the_configuration_waits_for_the_authority_the_way_out_is_told(
    tmp_path: Path,
) -> None:
    config = tmp_path / "gateway.config.yml"
    config.write_text("https: {port: 4444, tls: {default: {key: later.key, cert: later.crt}}}\n")
    done = Alone(tmp_path)("init", "Example", "--config", config)
    assert done.code == 2
    assert "later.crt" in done.said
    assert "--alone" in done.said
    assert not (tmp_path / "s" / "ca").exists()
