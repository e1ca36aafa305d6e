"""``ostiary consumers import``: from a file, in batches, all problems told with their lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.cli import consumer_batches
from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.secrets import verify
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.wiring import world
from tests.doors.cli_rig import Shell
from tests.doors.rig import House

SECRET = "1bSn02SrtJevWNBFBKhcaQ"
BATCH = 4


@pytest.fixture
def shell(house: House, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(consumer_batches, "TOGETHER", BATCH)
    return Shell(house)


def written(folder: Path, *lines: object, name: str = "consumers.jsonl") -> Path:
    path = folder / name
    path.write_text(
        "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines)
    )
    return path


def key(number: int, **more: Any) -> dict[str, Any]:
    return {"credential": "key-auth", "user": "ada", "name": f"k{number}", "secret": SECRET, **more}


def known(house: House, name: str) -> Known | None:
    url = sqlite_url(house.state / "ostiary.db")
    with Database.open(url, now=world.now()) as database:
        return StoredDirectory(lambda: database).find(CredentialType.KEY_AUTH, name)


def test_a_file_is_imported_in_batches_and_the_same_command_again_changes_nothing(
    shell: Shell, tmp_path: Path
) -> None:
    lines = [{"user": "ada"}, {"app": "phone", "user": "ada"}, *(key(n) for n in range(7))]
    file = written(tmp_path, *lines, key(9, app="phone", scopes=["read"]))
    done = shell.told("consumers", "import", file)
    assert done["ok"]
    assert (done["users"], done["apps"], done["credentials"], done["scopes"]) == (1, 1, 8, ["read"])
    assert done["importedUpToLine"] == len(lines) + 1
    # One for each batch.
    assert len(shell.told("audit", "--action", "consumer.import")) == 3
    again = shell.good("consumers", "import", file)
    assert "0 users, 0 apps, 0 credentials and 0 scopes imported; 10 were there" in again.said


def test_problems_that_can_be_seen_in_the_file_are_all_told_and_nothing_is_sent(
    shell: Shell, tmp_path: Path
) -> None:
    file = written(tmp_path, {"user": "ada"}, "", key(1, secret=""), "nonsense", key(2))
    done = shell("consumers", "import", file)
    assert done.code == 1
    assert "line 3: secret: its secret must have" in done.said
    assert "line 4: it isn't JSON" in done.said
    assert "nothing was imported" in done.said
    assert shell.told("users", "list") == []


def test_a_batch_with_a_problem_is_the_last_and_the_mended_file_goes_on(
    shell: Shell, tmp_path: Path, house: House
) -> None:
    lines: list[Any] = [{"user": "ada"}, *(key(n) for n in range(9))]
    lines[6] = key(5, user="bob")
    file = written(tmp_path, *lines)
    done = shell("consumers", "import", file, "--json")
    assert done.code == 1
    told = done.json
    assert (told["ok"], told["applied"], told["importedUpToLine"]) == (False, True, BATCH)
    assert [one["line"] for one in told["problems"]] == [7]
    assert "there is no user 'bob'" in told["problems"][0]["message"]
    assert known(house, "k2") is not None
    assert known(house, "k3") is None
    lines[6] = key(5)
    file = written(tmp_path, *lines)
    assert (shell.told("consumers", "import", file))["credentials"] == 6


def test_a_dry_run_finds_the_problems_of_all_batches_and_keeps_nothing(
    shell: Shell, tmp_path: Path
) -> None:
    lines: list[Any] = []
    for n in range(6):
        lines += [{"user": f"user-{n}"}, {"app": "phone", "user": f"user-{n}"}]
        lines.append(key(n, user=f"user-{n}", app="phone"))
    good = written(tmp_path, *lines, {"scope": "read"})
    done = shell.told("consumers", "import", good, "--dry-run")
    counts = [done[one] for one in ("ok", "applied", "users", "apps", "credentials")]
    assert counts == [True, False, 6, 6, 6]
    assert (done["thereAlready"], done["scopes"]) == (0, ["read"])
    lines[5] = key(1, user="bob")
    lines[17] = key(5, app="watch")
    done = shell("consumers", "import", written(tmp_path, *lines), "--dry-run", "--json")
    assert done.code == 1
    assert [one["line"] for one in done.json["problems"]] == [6, 18]
    assert shell.told("users", "list") == []


def test_csv_has_the_same_words_as_columns(shell: Shell, tmp_path: Path, house: House) -> None:
    file = written(
        tmp_path,
        "user,app,credential,name,secret,scopes,fingerprint,email,active",
        'ada,,,,,,,"ada@example.com",',
        "ada,phone,,,,,,,false",
        f"ada,phone,key-auth,k1,{SECRET},read write,,,true",
        f"ada,,certificate,laptop,,,{'ab' * 32},,",
        name="consumers.csv",
    )
    done = shell.told("consumers", "import", file)
    assert (done["users"], done["apps"], done["credentials"]) == (1, 1, 2)
    found = known(house, "k1")
    assert found is not None
    assert found.credential.scopes == {"read", "write"}
    assert not found.consumer.active
    bad = written(tmp_path, "user,x", "a,", "b,1", 'c,"', name="bad.csv")
    done = shell("consumers", "import", bad)
    assert done.code == 2
    assert "line 4" in done.said
    bad = written(tmp_path, "user,x", "a,", "b,1", "c,,2", name="bad.csv")
    told = shell("consumers", "import", bad, "--json").json
    assert [one["line"] for one in told["problems"]] == [3, 4]


def test_secrets_that_lack_are_made_and_kept_in_a_file_that_is_imported(
    shell: Shell, tmp_path: Path, house: House
) -> None:
    lines = [{"user": "ada"}, {"credential": "key-auth", "user": "ada"}]
    file = written(tmp_path, *lines, key(1, secret=None), key(2))
    out = tmp_path / "with-secrets.jsonl"
    done = shell.told("consumers", "import", file, "--secrets", out)
    assert (done["credentials"], done["file"]) == (3, str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    whole = [json.loads(line) for line in out.read_text().splitlines()]
    assert whole[0] == lines[0]
    assert whole[3] == key(2)
    for line in whole[1:]:
        found = known(house, line["name"])
        assert found is not None
        assert verify(found.credential.secret, line["secret"])
        # Nobody chose it: it costs no slow hash.
        assert found.credential.secret.startswith("sha256$")
    again = shell("consumers", "import", file, "--secrets", out)
    assert again.code == 2
    assert "is there already" in again.said
    assert shell.told("consumers", "import", out)["thereAlready"] == 4


def test_no_file_of_secrets_stays_behind_where_nothing_is_imported(
    shell: Shell, tmp_path: Path
) -> None:
    file, out = written(tmp_path, {"user": "a:b"}), tmp_path / "secrets"
    assert shell("consumers", "import", file, "--secrets", out).code == 1
    assert not out.exists()


def test_standard_input_will_do(shell: Shell) -> None:
    text = '\ufeff{"user": "ada"}\n'.encode() + json.dumps(key(1)).encode()
    done = shell.told("consumers", "import", "-", stdin=text)
    assert (done["users"], done["credentials"]) == (1, 1)


def test_long_lines_go_in_smaller_batches(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_batches, "_BYTES", 90)
    file = written(tmp_path, *({"user": f"user-{n}" + "x" * 80} for n in range(3)))
    assert shell.told("consumers", "import", file)["users"] == 3
    assert len(shell.told("audit", "--action", "consumer.import")) == 3


def test_a_line_that_is_nonsense_is_no_traceback_where_secrets_are_made(
    shell: Shell, tmp_path: Path
) -> None:
    file = written(tmp_path, {"credential": ["key-auth"], "user": "ada"}, [], "{")
    done = shell("consumers", "import", file, "--secrets", tmp_path / "out", "--json")
    assert [one["line"] for one in done.json["problems"]] == [1, 2, 3]


def test_a_file_that_is_not_there_is_wrong_use(shell: Shell, tmp_path: Path) -> None:
    done = shell("consumers", "import", tmp_path / "none")
    assert done.code == 2
    assert "there is no such file" in done.said


def test_what_is_exported_comes_back_as_it_was_but_for_secrets(
    shell: Shell, tmp_path: Path
) -> None:
    lines = [
        {"user": "ada", "firstname": "Ada", "email": "ada@example.com"},
        {"user": "bob", "active": False},
        {"app": "phone", "user": "ada"},
        key(1, app="phone", scopes=["read"]),
        key(2, active=False),
        {"credential": "jwt", "user": "ada", "name": "sub-1", "secret": SECRET},
        {"credential": "basic-auth", "user": "ada", "secret": SECRET},
        {
            "credential": "certificate",
            "user": "ada",
            "name": "laptop",
            "rules": [{"distinguishedName": "CN=ada", "dns": "*.example"}, {"email": "a@b.test"}],
            "validFrom": "2026-01-01T00:00:00+00:00",
            "validUntil": "2036-01-01T00:00:00+00:00",
        },
    ]
    shell.good("consumers", "import", written(tmp_path, *lines))
    first = shell.good("consumers", "export").out
    assert SECRET not in first
    assert "sha256$" not in first
    assert "argon2" not in first
    told = [json.loads(line) for line in first.splitlines()]
    assert len(told) == len(lines) + 1, "the scope has a line, too"
    without = [{word: one[word] for word in one if word != "id"} for one in told]
    wanted = [{word: one[word] for word in one if word != "secret"} for one in lines]
    assert all(one in without for one in wanted)

    shell.good("users", "remove", "ada", "bob")
    file = written(tmp_path, *first.splitlines(), name="back.jsonl")
    secrets = ("--secrets", tmp_path / "made.jsonl")
    shell.good("consumers", "import", file, *secrets)
    assert shell.good("consumers", "export").out == first
