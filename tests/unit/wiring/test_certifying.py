"""The ends of our own authorities, read while somebody else works with them."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ostiary.store.ledger.ledger import Ledger
from ostiary.store.ledger.records import Entry, Kind, Revocation
from ostiary.wiring.certifying import own_authorities
from tests.support.pki import Kit, Made


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    (tmp_path / "files").mkdir()
    (tmp_path / "ca").mkdir(mode=0o700)
    return Kit(tmp_path / "files")


def entry(made: Made, kind: Kind, **more: object) -> Entry:
    one = made.certificate
    usual = Entry(
        serial=one.serial,
        issuer=None,
        kind=kind,
        name="a",
        subject=one.subject,
        not_before=one.not_before,
        not_after=one.not_after,
        der=one.der,
        key=one.sha256,
        issued=one.not_before,
        issued_by="local:0",
    )
    return replace(usual, **more)  # type: ignore[arg-type] # as the test names them


def test_roots_and_issuing_authorities_are_found_unless_revoked(kit: Kit, tmp_path: Path) -> None:
    root = kit.root("root")
    old, new = kit.intermediate(root, "old"), kit.intermediate(root, "new")
    client = kit.client(new, "client")
    with Ledger(tmp_path / "ca" / "ledger.db") as ledger:
        ledger.write_below_new(entry(root, Kind.ROOT), entry(old, Kind.ISSUING))
        ledger.write([entry(new, Kind.ISSUING, issuer=1), entry(client, Kind.CLIENT, issuer=3)])
        assert len(list(own_authorities(tmp_path))) == 3  # while the ledger is open
        ledger.revoke([2], Revocation(at=kit.now, reason="superseded", by="local:0"))
        found = list(own_authorities(tmp_path))
    assert [one.subject for one in found] == ["CN=root", "CN=new"]
    assert found[0].not_after == root.certificate.not_after


def test_without_an_authority_there_is_none(tmp_path: Path) -> None:
    assert list(own_authorities(tmp_path)) == []
    assert not (tmp_path / "ca").exists()


def test_a_ledger_that_can_not_be_read_is_told_and_holds_up_nothing(
    kit: Kit, tmp_path: Path
) -> None:
    (tmp_path / "ca" / "ledger.db").write_bytes(b"no ledger at all" * 1000)
    with capture_logs() as log:
        assert list(own_authorities(tmp_path)) == []
    assert [line["event"] for line in log] == ["authority-not-read"]
