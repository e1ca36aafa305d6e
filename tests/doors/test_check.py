"""``ostiary check``, and what every command says to bad input: exit code 2, nothing changed."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.rig import House, environment, ostiary
from tests.support.pki import DAY

Spoil = Callable[[House], None]


def _set(old: str, new: str) -> Spoil:
    def spoil(house: House) -> None:
        assert old in house.text
        house.write(house.text.replace(old, new))

    return spoil


def _request(house: House) -> None:
    (house.folder / "site.crt").write_text(
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
    )


def _folder_for_a_file(house: House) -> None:
    (house.folder / "site.crt").unlink()
    (house.folder / "site.crt").mkdir()


def _old_engine(house: House) -> None:
    program = house.folder / "haproxy"
    program.write_text("#!/bin/sh\necho 'HA-Proxy version 1.8.19-1 2019/02/12'\n")
    program.chmod(0o700)
    house.engine = program
    house.write()


def _no_engine(house: House) -> None:
    house.engine = house.folder / "nowhere" / "haproxy"
    house.write()


_MISSPELT = _set("rejectUnauthorized: false", "rejectUnauthorised: false")
_UNKNOWN = _set("{serviceEndpoint: backend}", "{serviceEndpoint: bakend}")


def _no_text(house: House) -> None:
    house.config.write_bytes(b"\xff\xfe")


def _no_listener(house: House) -> None:
    house.write("apiEndpoints: {}\n")


BAD = {
    "a missing file": (_set("root.crt", "rot.crt"), ":5:", "there is no such file"),
    "a folder for a file": (_folder_for_a_file, "site.crt", "this is a folder"),
    "a request for a certificate": (_request, ":5:", "certificate authority sign it"),
    "a key of another": (_set("key: site.key", "key: root.key"), ":5:", "is not the key of"),
    "a certificate for a key": (_set("key: site.key", "key: site.crt"), ":5:", "a private key"),
    "broken YAML": (_set("apiEndpoints:\n", "apiEndpoints: [\n"), ".yml:1", "error"),
    "a name twice": (_set("  odd:", "  open:"), ":14:", "open"),
    "an unknown key": (_MISSPELT, ":9:", "did you mean 'rejectUnauthorized'"),
    "an unknown service": (_UNKNOWN, ".yml:2", "did you mean 'backend'"),
    "an old HAProxy": (_old_engine, "engine", "is version 1.8.19"),
    "no HAProxy": (_no_engine, "engine", "does not run"),
    "no listener": (_no_listener, ":1:", "http"),
    "bytes that are no text": (_no_text, ":1:1", "UTF-8"),
}


@pytest.mark.parametrize(("spoil", "place", "words"), BAD.values(), ids=list(BAD))
def test_bad_input_is_told_with_its_place_and_changes_nothing(
    house: House, spoil: Spoil, place: str, words: str
) -> None:
    spoil(house)
    before = house.everything()
    temporary = house.folder / "tmp"
    temporary.mkdir()
    done = house.do("check", TMPDIR=str(temporary))
    assert done.code == 2, done
    assert place in done.out
    assert "error: " in done.out
    assert words in done.out
    assert "Traceback" not in done.said
    assert not list(temporary.iterdir())
    assert house.everything() == before


def test_a_good_configuration_is_accepted_with_what_was_counted(house: House) -> None:
    done = house.do("check")
    assert done.code == 0, done
    assert "accepted by HAProxy" in done.out
    assert "0 errors, 1 warning; 5 API endpoints, 1 service, 3 pipelines" in done.out


def test_what_is_asked_at_each_request_is_told(house: House) -> None:
    assert ostiary("check", "--json", cwd=house.folder).json["asked"] == []
    step = '\n      - log: {action: {message: "${req.ip.length} characters"}}'
    before, proxy, after = house.text.rpartition("\n      - proxy:")
    house.write(before + step + proxy + after)
    (asked,) = ostiary("check", "--json", cwd=house.folder).json["asked"]
    assert asked["path"].endswith("log.action.message")
    told = ostiary("check", cwd=house.folder)
    assert told.code == 0
    assert "JavaScript at each request: ${req.ip.length} characters" in told.out


def test_an_expired_server_certificate_is_only_a_warning(house: House) -> None:
    house.site(house.kit.now - DAY)
    done = house.do("check", "--json")
    assert done.code == 0, done
    assert done.json["ok"] is True
    assert {problem["severity"] for problem in done.json["problems"]} == {"warning"}
    assert "expired on" in done.json["problems"][-1]["message"]


def test_a_name_that_is_broader_than_it_looks_is_only_a_warning(house: House) -> None:
    where = "  odd:"
    own = "{trustedDistinguishedNames: ['C=GB,**']}"
    assert where in house.text
    house.write(
        house.text.replace(where, f"  named: {{paths: /n, clientCertificateAuth: {own}}}\n{where}")
    )
    done = house.do("check")
    assert done.code == 0, done
    assert "named.clientCertificateAuth.trustedDistinguishedNames[0]: broader" in done.out


def test_devices_that_would_be_administrators_are_warned_of(house: House) -> None:
    """The root that issues to devices, though no client is trusted by it."""
    ours = house.kit.root("ours")
    folder = house.folder / ".ostiary" / "ca"
    folder.mkdir(parents=True)
    (folder / "root.crt").write_bytes(ours.pem)
    house.write(
        house.text + "admin: {port: 9, tls: {key: site.key, cert: site.crt, ca: ours.crt}}\n"
    )
    done = house.do("check")
    assert done.code == 0, done
    assert "admin.tls.ca" in done.said
    assert "devices that enrol, too: each of them makes its holder an administrator" in done.said


def test_a_missing_file_is_named_once_as_written_and_once_with_its_folder(house: House) -> None:
    house.write(house.text.replace("root.crt", "rot.crt", 1))
    (line,) = [one for one in house.do("check").out.splitlines() if " error: " in one]
    path = str(house.folder / "rot.crt")
    assert f"'rot.crt' ({path}): there is no such file" in line
    assert line.count(path) == 1


def test_every_problem_is_told_at_once_in_json_too(house: House) -> None:
    house.write(house.text.replace("root.crt", "rot.crt").replace("foreign.crt", "forein.crt"))
    problems = house.do("check", "--json").json["problems"]
    errors = [one for one in problems if one["severity"] == "error"]
    assert [(one["line"], one["path"]) for one in errors] == [
        (5, "https.tls.default.ca[0]"),
        (6, 'https.tls["strict.example"].ca[0]'),
        (7, 'https.tls["other.example"].ca[0]'),
    ]


def test_what_only_haproxy_refuses_is_told_at_the_operators_line(house: House) -> None:
    house.kit.server(house.root, "weak", key="rsa1024", not_after=house.kit.now + 90 * DAY)
    good = "strict.example: {key: site.key, cert: site.crt"
    assert good in house.text
    house.write(house.text.replace(good, good.replace("site", "weak")))
    done = house.do("check", "--json")
    assert done.code == 2
    (problem,) = [one for one in done.json["problems"] if one["severity"] == "error"]
    assert problem["line"] == 6
    assert problem["path"] == 'https.tls["strict.example"].cert'
    assert "HAProxy refuses" in problem["message"]
    assert "/ostiary-check" not in problem["message"]


def test_the_generated_files_are_shown_without_private_keys(house: House) -> None:
    done = house.do("check", "--show", "engine")
    assert done.code == 0
    assert "==> haproxy.cfg <==" in done.out
    assert "frontend https" in done.out
    assert "BEGIN CERTIFICATE" in done.out
    assert "PRIVATE KEY" not in done.out
    assert "(private key, not shown)" in done.out
    key = (house.folder / "site.key").read_text().splitlines()[1]
    assert key not in done.out
    shown = house.do("check", "--show", "engine", "--json")
    assert key not in shown.out
    assert "haproxy.cfg" in shown.json["files"]


def test_without_a_configuration_the_demo_is_named(tmp_path: Path) -> None:
    for verb in ("check", "run"):
        done = ostiary(verb, cwd=tmp_path)
        assert done.code == 2
        assert "ostiary demo" in done.said
        assert "--config" in done.said
    assert not list(tmp_path.iterdir())


def test_a_port_in_use_is_told_with_who_holds_it(house: House) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()
        done = house.do("run", "--state", house.state)
    assert done.code == 2
    assert f"127.0.0.1:{house.port}" in done.err
    assert "listens there" in done.err


def test_wrong_use_is_exit_code_2() -> None:
    assert ostiary("check", "--shwo").code == 2
    assert ostiary("chekc").code == 2
    assert ostiary("explain").code == 2
    assert ostiary("demo", "--port", "70000").code == 2


def test_help_names_every_verb_and_completion_completes() -> None:
    said = ostiary("--help").said
    for verb in ("run", "check", "demo", "explain", "doctor"):
        assert f" {verb} " in said
    words = {"_OSTIARY_COMPLETE": "complete_bash", "COMP_WORDS": "ostiary ex", "COMP_CWORD": "1"}
    script = "import sys; sys.argv[0] = 'ostiary'; from ostiary.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(**words),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["explain"]
