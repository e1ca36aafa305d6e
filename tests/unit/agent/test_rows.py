"""It is known which rows hold verdicts on a blocked certificate, or known that it isn't."""

from datetime import UTC, datetime, timedelta

from ostiary.agent.rows import MOST_OF_ONE, MOST_UNREAD, Rows
from ostiary.ca.authority import issue_client, new_root
from ostiary.ca.dice import SystemDice
from ostiary.kernel.blocked import Block
from ostiary.trust.blocks import by_issuer
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate
from ostiary.x509.twins import twin_fingerprints

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = int(NOW.timestamp())
END = START + 3600
ROOT = new_root("Root", NOW, SystemDice())
ONE, OTHER, THIRD = (
    issue_client(ROOT, name, NOW, SystemDice()).certificate for name in ("one", "other", "third")
)
REFUSED = Refused(Reason.BLOCKED, "by ann", NOW + timedelta(seconds=60))


def note(
    rows: Rows, key: str, leaf: Certificate, decision: Decision | None = None, until: int = END
) -> None:
    admitted = Admitted((leaf, ROOT.certificate), NOW + timedelta(hours=1))
    rows.note(key, leaf.sha256, leaf.der, decision or admitted, until)


def block(mark: bytes, serial: int | None = None) -> Block:
    return Block(number=1, mark=mark, serial=serial, at=NOW, by="ann")


def by_number(leaf: Certificate) -> Block:
    return block(by_issuer("CN=Root", f"{leaf.serial:x}").mark, leaf.serial)


def test_a_block_concerns_every_row_of_its_certificate_and_no_other() -> None:
    rows = Rows()
    for key, leaf in (("a|1", ONE), ("b|1", ONE), ("a|2", OTHER)):
        note(rows, key, leaf)
    assert rows.affected([block(ONE.sha256)], START) == {"a|1", "b|1"}
    assert rows.affected([by_number(ONE)], START) == {"a|1", "b|1"}
    assert rows.affected([by_number(ONE), block(OTHER.sha256)], START) == {"a|1", "b|1", "a|2"}
    assert rows.affected([block(THIRD.sha256)], START) == frozenset()
    assert rows.affected([by_number(THIRD)], START) == frozenset()


def test_a_block_of_the_twin_concerns_it_too() -> None:
    rows = Rows()
    note(rows, "a|1", ONE)
    for twin in twin_fingerprints(ONE.der):
        assert rows.affected([block(twin)], START) == {"a|1"}


def test_of_a_refused_certificate_the_number_is_not_known_so_any_may_be_meant() -> None:
    rows = Rows()
    note(rows, "a|1", ONE, REFUSED)
    assert rows.affected([by_number(OTHER)], START) == {"a|1"}
    assert rows.affected([block(OTHER.sha256)], START) == frozenset()
    note(rows, "a|1", ONE)
    assert rows.affected([by_number(OTHER)], START) == frozenset()
    assert rows.affected([by_number(ONE)], START) == {"a|1"}


def test_what_is_not_remembered_by_the_engine_is_not_remembered_here() -> None:
    rows = Rows()
    note(rows, "a|1", ONE, until=0)
    rows.note("a|2", b"", b"", REFUSED, END)
    assert len(rows) == 0


def test_what_had_to_be_forgotten_may_be_meant_until_its_time_is_up() -> None:
    rows = Rows(capacity=2)
    note(rows, "a|1", ONE, until=END)
    note(rows, "a|2", OTHER)
    assert rows.affected([block(ONE.sha256)], START) == {"a|1"}
    note(rows, "a|3", THIRD)
    assert rows.affected([block(OTHER.sha256)], START) is None
    assert rows.affected([block(OTHER.sha256)], END) == {"a|2"}
    for twin in twin_fingerprints(ONE.der):
        assert rows.affected([block(twin), by_number(ONE)], END) == frozenset()


def test_which_rows_a_certificate_with_too_many_has_is_not_known_and_of_others_it_is() -> None:
    rows = Rows()
    note(rows, "a|other", OTHER)
    for number in range(MOST_OF_ONE):
        note(rows, f"a|{number}", ONE)
        note(rows, f"a|{number}", ONE)
    found = rows.affected([block(ONE.sha256)], START)
    assert found is not None
    assert len(found) == MOST_OF_ONE
    for more in ("a|x", "a|y", "a|0"):
        note(rows, more, ONE)
        assert rows.affected([block(ONE.sha256)], START) is None
        assert rows.affected([by_number(ONE), block(OTHER.sha256)], START) is None
        assert rows.numbered([ONE.serial], START) is None
    assert rows.affected([block(OTHER.sha256)], START) == {"a|other"}
    assert rows.numbered([OTHER.serial], START) == {"a|other"}


def test_of_all_rows_together_only_so_many_are_remembered() -> None:
    rows = Rows(most_keys=MOST_OF_ONE + 1)
    note(rows, "a|other", OTHER, until=START + 5)
    for number in range(MOST_OF_ONE + 1):
        note(rows, f"a|{number}", ONE)
    for number in range(MOST_OF_ONE):
        note(rows, f"a|{number}", THIRD)
    # What the crowded one's rows took is free again, so nobody was pushed out for it.
    assert rows.affected([block(OTHER.sha256)], START) == {"a|other"}
    note(rows, "a|root", ROOT.certificate)
    assert rows.affected([block(OTHER.sha256)], START) is None
    assert rows.affected([block(OTHER.sha256)], START + 5) == frozenset()
    assert rows.affected([block(ROOT.certificate.sha256)], START + 5) == {"a|root"}


def test_with_many_whose_number_is_not_known_it_can_not_be_said() -> None:
    rows = Rows()
    for number in range(MOST_UNREAD + 1):
        assert rows.affected([block(ONE.sha256)], START) is not None
        rows.note(f"a|{number}", number.to_bytes(32, "big"), b"\x30\x00", REFUSED, END)
    assert rows.affected([block(ONE.sha256)], START) is None


def test_other_word_about_serial_numbers_concerns_their_rows_and_those_not_read() -> None:
    rows = Rows()
    note(rows, "a|1", ONE)
    note(rows, "a|2", OTHER)
    assert rows.numbered([ONE.serial, THIRD.serial], START) == {"a|1"}
    note(rows, "a|3", THIRD, REFUSED)
    assert rows.numbered([ONE.serial], START) == {"a|1", "a|3"}
    assert rows.numbered([], START) == {"a|3"}


def test_other_word_about_an_authority_may_concern_anybody() -> None:
    rows = Rows()
    note(rows, "a|1", ONE)
    assert rows.numbered([ROOT.certificate.serial], START) is None
    assert rows.numbered([ONE.serial, ROOT.certificate.serial], START) is None
