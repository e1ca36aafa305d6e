"""What commands say of changes that are made, would be, or can't be."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.doors.cli_rig import Shell
from tests.doors.rig import House
from tests.support.pki import DAY


@pytest.fixture
def shell(house: House) -> Shell:
    return Shell(house)


@pytest.fixture
def expired(house: House) -> Path:
    """An authority whose time is over."""
    now = house.kit.now
    return house.kit.root(
        "legacy-ca", not_before=now - 90 * DAY, not_after=now - DAY
    ).certificate_file


def test_an_expired_certificate_is_named_with_the_way_out(shell: Shell, expired: Path) -> None:
    said = shell.refused("trust", "add", expired)
    assert f"'{expired}': not added: version 1 expired on" in said
    assert "upload a version that has not expired" in said
    assert shell.told("trust", "library", "list") == []


def test_of_several_files_each_is_told_added_or_not(
    shell: Shell, house: House, expired: Path
) -> None:
    files = (expired, house.foreign.certificate_file, house.folder / "none.pem")
    said = shell.refused("trust", "add", *files)
    assert f"'{expired}': not added: " in said
    assert "foreign: trusted" in said
    assert "none.pem': not added: " in said
    done = shell("trust", "add", *files, "--json")
    assert done.code == 2
    told: Any = done.json
    assert [("error" in one, one["file"]) for one in told] == [
        (True, str(files[0])), (False, str(files[1])), (True, str(files[2])),
    ]  # fmt: skip


def test_a_password_that_is_missing_is_asked_for_by_its_option(shell: Shell, house: House) -> None:
    made = house.foreign
    path = house.folder / "locked.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", made.key, made.native, None, BestAvailableEncryption(b"secret")
        )
    )
    assert "--password-file" in shell.refused("trust", "add", path)
    assert "--password-file" in shell.refused("trust", "library", "add", path)


def test_what_would_be_done_is_told_as_that(shell: Shell, house: House) -> None:
    root = house.root.certificate_file
    shell.good("trust", "add", house.foreign.certificate_file, "--name", "both")
    shell.good("trust", "library", "add-version", "both", root)
    said = shell.good("trust", "upgrade", "both", "--dry-run").err
    assert "1: would be upgraded; nothing was changed" in said
    assert "both: would be removed" in shell.good("trust", "remove", "both", "--dry-run").err
    assert (
        "both: would be trusted"
        in shell.good("trust", "add", root, "--name", "both", "--dry-run").err
    )


def test_recovery_is_foreseen_on_a_damaged_folder_that_nothing_can_be_changed_in(
    shell: Shell, house: House
) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    shell.good("trust", "verify")
    shell.good("dn", "add", "CN=a,**")
    database = house.state / "ostiary.db"
    database.write_bytes(b"no database at all" * 1000)
    said = shell.good("trust", "recover", "--dry-run").err
    assert "1 change would be lost" in said
    assert "ostiary trust recover'" in shell.refused("dn", "add", "CN=b", code=1)
    assert "1 in all" in shell.good("trust", "recover").err
    shell.good("dn", "add", "CN=b")


def test_a_choice_that_there_is_not_is_told_with_those_there_are(shell: Shell) -> None:
    for option, known in (("--type", "'certificate'"), ("--header-preset", "'aws-alb'")):
        said = shell.refused("client-auth", "set", option, "nope")
        assert "Value error" not in said
        assert "'nope' is not one of" in said
        assert known in said


def test_a_test_that_there_is_not_is_told_with_those_there_are(shell: Shell) -> None:
    said = shell.refused("api", "set", "users", "--allow", "spiffe=spiffe://example.com/a")
    assert "there is no test 'spiffe'" in said
    for test in ("uri", "dns", "serial", "fingerprint", "distinguishedName"):
        assert test in said


def test_a_value_that_fits_no_test_has_no_column(shell: Shell) -> None:
    said = shell.refused("api", "set", "users", "--deny", "serial=zz")
    assert "'zz' is no serial number" in said
    assert "column" not in said


def test_times_are_told_with_their_zone(shell: Shell, house: House) -> None:
    shell.good("trust", "add", house.foreign.certificate_file)
    assert " UTC " in shell.good("audit").out
