"""Commands to a gateway that runs: what they change acts on real requests at once."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ostiary.cli.completing import complete_apis, complete_components, complete_trusted
from ostiary.wiring.demo.service import sample_service
from tests.doors.cli_rig import Shell, call, file_with
from tests.doors.client import ask
from tests.doors.rig import House, environment, free_port
from tests.support import nursery

pytestmark = pytest.mark.daemon


def open_house(folder: Path, engine: Path, service: int, admin: int) -> House:
    """Trusts nobody by its file, and leaves open what can be managed."""
    house = House(folder, service_port=service, engine=engine)
    text = house.text.replace("requestCert: true, rejectUnauthorized: false", "")
    for gone in (", rejectUnauthorized: true", ", requestCert: false", ", ca: [root.crt]",
                 ", ca: [foreign.crt]"):  # fmt: skip
        text = text.replace(gone, "")
    house.write(f"{text}admin: {{port: {admin}}}\n")
    return house


def soon(found: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What is found as soon as it is what is wanted."""
    end = time.monotonic() + 60
    while not wanted(value := found()):
        assert time.monotonic() < end, value
        time.sleep(0.2)
    return value


def test_changes_by_command_act_on_requests_and_are_seen(
    short_folder: Path, any_engine: Path
) -> None:
    with sample_service(0) as service:
        house = open_house(short_folder, any_engine, service, free_port())
        alice = house.kit.client(house.root, "alice")

        def status() -> int | None:
            return ask(house.port, "/open", shown=alice).status

        shell = Shell(house)
        with house.running():
            assert status() == 200
            shell.good("trust", "add", house.foreign.certificate_file)
            assert "without a reload" not in shell.good("client-auth", "set", "--type",
                                                        "certificate").err  # fmt: skip
            assert status() == 403
            _a_new_file_is_foreseen(shell)
            shell.good("trust", "add", house.root.certificate_file)
            assert status() == 200
            _names_are_foreseen_and_act(shell, status)
            _refusals_are_followed(shell, status)
            _the_last_one_goes_only_when_confirmed(shell)
        assert shell.told("dn", "list") == []
        assert "stopped" in shell.good("audit").err


def _a_new_file_is_foreseen(shell: Shell) -> None:
    """Who was refused a moment ago would be let in, and nothing of it is kept."""
    path = shell.house.root.certificate_file
    (placed,) = shell.told("trust", "add", path, "--dry-run")
    preview = placed["change"]["preview"]
    assert (preview["newlyAdmitted"], preview["newlyRefused"]) == (1, 0)
    assert "CN=alice" in shell.good("trust", "add", path, "--dry-run").out
    assert [one["name"] for one in shell.told("trust", "library", "list")] == ["foreign"]


def _names_are_foreseen_and_act(shell: Shell, status: Callable[[], int | None]) -> None:
    # It was refused at first; what is seen is kept once in a while.
    seen = soon(lambda: shell.told("clients", "list"), lambda found: found and found[0]["admitted"])
    assert [one["subject"] for one in seen] == ["CN=alice"]
    by_issuer = ("clients", "list", "--issuer")
    assert shell.told(*by_issuer, seen[0]["issuer"].upper()) == seen
    assert shell.told(*by_issuer, "somebody else") == []
    one: Any = shell.told("clients", "show", seen[0]["fingerprint"])
    assert one["anchorName"] == "root, version 1"
    preview: Any = shell.told("dn", "add", "CN=bob", "--dry-run")
    assert preview["preview"]["newlyRefused"] == 1
    assert "CN=alice" in shell.good("dn", "add", "CN=bob", "--dry-run").out
    assert status() == 200
    assert "without a reload" in shell.good("dn", "add", "CN=bob").err
    assert status() == 403
    alice = shell.house.folder / "alice.crt"
    asked = ("explain", "--cert", alice, "--api", "open")
    assert shell(*asked).code == 1
    shell.good("api", "set", "open", "--name", "CN=ali*")
    assert status() == 200
    assert shell(*asked).code == 0
    shell.good("api", "clear", "open")


def _refusals_are_followed(shell: Shell, status: Callable[[], int | None]) -> None:
    where = ("--config", shell.house.config, "--state", shell.house.state)
    ours, its = os.pipe()
    follower = nursery.start(
        *("events", "--follow", "--json", "--limit", "1", *where),
        env=environment(),
        stdout=its,
        stderr=subprocess.DEVNULL,
    )
    os.close(its)
    with os.fdopen(ours) as told:
        try:
            first = json.loads(told.readline())
            assert status() == 403
            line = json.loads(told.readline())
        finally:
            follower.send_signal(signal.SIGINT)
            code = follower.wait(60)
    assert line["id"] > first["id"]
    assert (line["reason"], line["subject"], line["api"]) == (
        "name-not-trusted", "CN=alice", "open",
    )  # fmt: skip
    assert code == 0
    shell.good("dn", "replace", "--none")


def _the_last_one_goes_only_when_confirmed(shell: Shell) -> None:
    shell.good("trust", "remove", "foreign")
    said = shell.refused("trust", "remove", "root")
    assert "this is the last trusted certificate" in said
    assert "--confirm-last" in said
    shell.good("trust", "remove", "root", "--confirm-last")


def test_a_gateway_elsewhere_is_asked_with_a_token(short_folder: Path, any_engine: Path) -> None:
    admin = free_port()
    house = open_house(short_folder, any_engine, free_port(), admin)
    shell = Shell(house)
    with house.running():
        secret = shell.good("tokens", "create", "watcher").out.strip()
        token = file_with(short_folder, "token", f"{secret}\n".encode())
        there = ("--url", f"http://127.0.0.1:{admin}", "--token-file", token)
        assert call("api", "list", "--json", *there).json == shell.told("api", "list")
        refused = call("dn", "add", "CN=a", *there)
        assert (refused.code, "role operator" in refused.said) == (1, True)
        wrong = call("api", "list", *there[:2], OSTIARY_ADMIN_TOKEN="ost_wrong")
        assert wrong.code == 1
        shell.good("tokens", "revoke", "watcher")
        assert call("api", "list", *there).code == 1
        _names_are_completed(shell)


def _names_are_completed(shell: Shell) -> None:
    shell.good("trust", "add", shell.house.root.certificate_file)
    context = mock.Mock(params={"config": shell.house.config, "state": shell.house.state})
    assert complete_apis(context, "o") == ["odd", "open", "orders"]
    assert complete_components(context, "ro") == ["root"]
    assert complete_trusted(context, "") == ["root"]
