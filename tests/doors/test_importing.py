"""``ostiary import express-gateway``: as a command, and from one that runs."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.secrets import verify
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.wiring import world
from tests.doors.cli_rig import Shell, call
from tests.doors.rig import House
from tests.support.eg import HOME, need_eg

FIXTURES = Path(__file__).parents[1] / "vectors/express_gateway"
SHOP = FIXTURES / "shop"
CONSUMERS = FIXTURES / "consumers.ndjson"
JANE = "57b8acc1-0859-47e2-ac36-2a5b9d6c2dba"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project as ``eg gateway create`` makes one."""
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


@pytest.fixture
def shell(house: House) -> Shell:
    return Shell(house)


def import_shop(*more: object) -> Any:
    return call("import", "express-gateway", *more)


# -- the report, and the file ---------------------------------------------------------------------


def test_every_line_is_told_with_its_verdict_and_differences_are_no_failure(shop: Path) -> None:
    done = import_shop(shop)
    assert done.code == 0, done.said
    config = shop / "config"
    told = {tuple(line.split()[:3]) for line in done.out.splitlines()}
    assert (f"{config}/gateway.config.yml:2", "http", "same") in told
    assert (f"{config}/models/users.json:1", "everything", "same") in told
    for words in ("resumed TLS 1.3 session", "unknown key 'owner'", "/oauth2/token"):
        assert words in done.out
    assert f"{config}/system.config.yml:1" in done.out
    assert "0 not possible" in done.err


def test_the_folder_config_itself_will_do_and_json_has_the_same(shop: Path) -> None:
    inner, outer = (import_shop(one, "--json").json for one in (shop / "config", shop))
    assert inner == outer
    assert inner["ok"]
    assert inner["counts"]["not possible"] == 0
    owner = next(one for one in inner["findings"] if one["path"] == "apiEndpoints.orders.owner")
    assert (owner["line"], owner["verdict"], owner["wayOut"]) == (21, "differs", "leave it out")


def test_what_is_not_possible_makes_exit_code_1(shop: Path) -> None:
    config = shop / "config/gateway.config.yml"
    config.write_text(
        config.read_text().replace("      - proxy:\n", "      - magic:\n      - proxy:\n")
    )
    done = import_shop(shop)
    assert done.code == 1
    assert "unknown policy 'magic'" in done.out
    assert not import_shop(shop, "--json").json["ok"]


def test_the_file_that_is_written_runs_and_is_not_written_twice(shop: Path, house: House) -> None:
    (shop / "certs").mkdir()
    shutil.copy(house.folder / "site.crt", shop / "certs/shop.crt")
    shutil.copy(house.folder / "site.key", shop / "certs/shop.key")
    shutil.copy(house.folder / "root.crt", shop / "certs/partners.crt")
    out = house.folder / "new.config.yml"
    foreseen = import_shop(shop, "--out", out, "--dry-run")
    assert "would be written" in foreseen.err
    assert not out.exists()
    done = import_shop(shop, "--out", out)
    assert done.code == 0, done.said
    assert "# Partners have certificates." in out.read_text()
    assert "port: ${HTTP_PORT:-8080}" in out.read_text()
    checked = call("check", "-c", out)
    assert checked.code == 0, checked.said
    again = import_shop(shop, "--out", out)
    assert again.code == 2
    assert "--force" in again.err
    assert import_shop(shop, "--out", out, "--force").code == 0


@pytest.mark.parametrize("kind", ["basic", "getting-started"])
def test_what_eg_gateway_create_makes_has_nothing_that_cannot_be(kind: str) -> None:
    need_eg()
    done = import_shop(HOME / "bin/generators/gateway/templates" / kind, "--json")
    assert done.code == 0, done.said
    assert done.json["counts"]["same"] >= 3


WRONG = {
    "no installation": ((), "neither gateway.config.yml nor gateway.config.json"),
    "both sources": ((SHOP, "--consumers", "x", "--admin-url", "http://h"), "not both"),
    "a header for nobody": ((SHOP, "-H", "a:b"), "--header is for --admin-url"),
    "a bad header": ((SHOP, "--admin-url", "http://h", "-H", "ab"), "KEY:VALUE"),
}


@pytest.mark.parametrize(("words", "told"), WRONG.values(), ids=list(WRONG))
def test_wrong_use_is_told_with_exit_code_2(
    words: tuple[object, ...], told: str, tmp_path: Path
) -> None:
    done = import_shop(*(words or (tmp_path,)))
    assert done.code == 2
    assert told in " ".join(done.said.replace("│", " ").split())


# -- consumers ------------------------------------------------------------------------------------


def known(house: House, kind: CredentialType, name: str) -> Known:
    database = Database.open(sqlite_url(house.state / "ostiary.db"), now=world.now())
    try:
        found = StoredDirectory(lambda: database).find(kind, name)
    finally:
        database.close()
    assert found is not None
    return found


def test_consumers_of_a_dump_are_imported_once(shell: Shell) -> None:
    words = ("import", "express-gateway", SHOP, "--consumers", CONSUMERS)
    looked = shell(*words, "--dry-run")
    assert looked.code == 1
    assert "1 users, 1 apps, 3 credentials and 1 scopes would be imported" in looked.err
    assert not shell.told("users", "list")
    done = shell(*words)
    assert done.code == 1, done.said
    assert "oauth2 credential of" in done.out
    assert "let an authorization server do it" in done.out
    assert "imported; 0 there already, 1 not taken" in done.err
    assert [one["id"] for one in shell.told("users", "list")] == [JANE]
    again = shell(*words, "--json").json["consumers"]
    assert (again["users"], again["credentials"], again["thereAlready"]) == (0, 0, 5)
    basic = known(shell.house, CredentialType.BASIC_AUTH, "jane")
    assert verify(basic.credential.secret, "swordfish")
    assert basic.credential.scopes == {"orders"}
    partner = known(shell.house, CredentialType.KEY_AUTH, "partner")
    assert not partner.credential.active


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"{", "isn't JSON"), (b"[1]", "holds no consumers"), (b"\xff", "isn't UTF-8")],
)
def test_a_dump_that_is_none_is_wrong_use(shell: Shell, content: bytes, told: str) -> None:
    dump = shell.house.folder / "dump"
    dump.write_bytes(content)
    words = ("import", "express-gateway", SHOP, "--consumers", dump)
    assert told in shell.refused(*words)


def test_an_express_gateway_that_does_not_answer_is_told(shell: Shell) -> None:
    words = ("import", "express-gateway", SHOP, "--admin-url", "http://127.0.0.1:1")
    assert "the admin API of Express Gateway" in shell.refused(*words, code=1)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """An Express Gateway with consumers, in memory."""
    need_eg()
    config = tmp_path / "config"
    shutil.copytree(HOME / "lib/config/models", config / "models")
    (config / "gateway.config.yml").write_text(
        "admin: {port: 0, host: 127.0.0.1}\nhttp: {port: 0}\n"
    )
    (config / "system.config.yml").write_text(
        "db: {redis: {emulate: true, namespace: shop}}\n"
        "crypto: {cipherKey: k, algorithm: aes256, saltRounds: 4}\nsession: {secret: k}\n"
        "accessTokens: {timeToExpiry: 1}\nrefreshTokens: {timeToExpiry: 1}\n"
        "authorizationCodes: {timeToExpiry: 1}\n"
    )
    environment = {**os.environ, "EG_DISABLE_CONFIG_WATCH": "1", "LOG_LEVEL": "error"}
    script = Path(__file__).with_name("eg_consumers.js")
    with subprocess.Popen(
        ["node", script, HOME, config],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield {**json.loads(process.stdout.readline()), "config": config}
        finally:
            process.stdin.close()


def test_consumers_of_the_real_express_gateway_are_told_by_its_api_and_its_redis(
    shell: Shell, running: dict[str, Any]
) -> None:
    words = ("import", "express-gateway", running["config"])
    by_api = shell(*words, "--admin-url", running["url"], "--json").json["consumers"]
    assert (by_api["users"], by_api["apps"], by_api["credentials"]) == (2, 1, 3)
    assert by_api["scopes"] == ["read", "write"]
    (password, oauth2) = by_api["notTaken"]
    assert "Redis" in password["wayOut"]
    assert "OAuth 2.0" in oauth2["why"]

    dump = shell.house.folder / "redis.json"
    dump.write_text(json.dumps(running["redis"]))
    by_redis = shell(*words, "--consumers", dump, "--json").json["consumers"]
    assert (by_redis["thereAlready"], by_redis["credentials"]) == (6, 1)

    user = known(shell.house, CredentialType.BASIC_AUTH, "jane")
    assert str(user.consumer.id) == running["jane"]["id"]
    assert verify(user.credential.secret, "swordfish")
    key = known(shell.house, CredentialType.KEY_AUTH, running["key"]["keyId"])
    assert verify(key.credential.secret, running["key"]["keySecret"])
    # Its own secrets are random: no slow hash is needed.
    assert key.credential.secret.startswith("sha256$")
    given = known(shell.house, CredentialType.KEY_AUTH, "given")
    assert (given.credential.active, given.consumer.name) == (False, "mobile")
    token = known(shell.house, CredentialType.JWT, running["token"]["keyId"])
    assert (token.consumer.name, token.consumer.active) == ("bob", False)
