import pytest

from ostiary.store.database.database import Database
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.records import Role, Token
from ostiary.store.database.work import Work
from tests.unit.store.database.samples import DAY, NOW


def made(work: Work, name: str = "ci", digest: bytes = b"\x01" * 32) -> Token:
    return work.tokens.add(
        name=name,
        role=Role.OPERATOR,
        digest=digest,
        prefix="ost_ab",
        at=NOW,
        by="ada",
        expires=NOW + DAY,
    )


def test_a_token_is_found_by_its_hash_only(database: Database) -> None:
    with database.begin() as work:
        token = made(work)
        assert work.tokens.by_digest(b"\x01" * 32) == token
        assert work.tokens.by_digest(b"\x02" * 32) is None
        assert work.tokens.token(token.id) == token
        assert (token.role, token.expires, token.last_used) == (Role.OPERATOR, NOW + DAY, None)


def test_a_revoked_token_stays_on_record_and_frees_its_name(database: Database) -> None:
    with database.begin() as work:
        token = made(work)
        with pytest.raises(NameTaken):
            made(work, digest=b"\x02" * 32)
        assert work.tokens.revoke(token.id, at=NOW).revoked == NOW
        assert work.tokens.revoke(token.id, at=NOW + DAY).revoked == NOW
        again = made(work, digest=b"\x02" * 32)
        assert [one.id for one in work.tokens.all()] == [again.id, token.id]
        found = work.tokens.by_digest(b"\x01" * 32)
        assert found is not None
        assert found.revoked == NOW
        with pytest.raises(NoSuch):
            work.tokens.revoke(99, at=NOW)


def test_use_is_remembered(database: Database) -> None:
    with database.begin() as work:
        token = made(work)
        work.tokens.used(token.id, at=NOW + DAY)
        work.tokens.used(99, at=NOW)
        assert work.tokens.token(token.id).last_used == NOW + DAY
