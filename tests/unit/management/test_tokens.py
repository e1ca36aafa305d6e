"""Credentials: made once, kept as hashes, ended at once; failures are counted."""

from datetime import timedelta

import pytest

from ostiary.management.actors import Actor
from ostiary.management.attempts import Attempts
from ostiary.management.errors import (
    BadCredential,
    Conflicting,
    Forbidden,
    TooManyAttempts,
    Unacceptable,
)
from ostiary.management.tokens import Tokens
from ostiary.store.database.records import Role
from tests.support.desk import DeskRig, run

HERE = "192.0.2.1"


def made(desk: DeskRig, name: str = "ci", role: Role = Role.OPERATOR, **more: object) -> str:
    token = run(desk.management.tokens.make(desk.order(), name=name, role=role, **more))  # type: ignore[arg-type] # test data
    assert token.secret is not None
    return token.secret


def test_a_token_is_shown_once_and_says_who_holds_it(desk: DeskRig) -> None:
    secret = made(desk)
    assert secret.startswith("ost_")
    actor = desk.management.tokens.authenticate(secret, HERE)
    assert (actor.name, actor.role, actor.address) == ("token:ci", Role.OPERATOR, HERE)
    (shown,) = desk.management.tokens.all()
    assert shown.secret is None
    assert secret.startswith(shown.prefix)


def test_no_secret_is_in_the_database_or_the_audit_log(desk: DeskRig) -> None:
    secret = made(desk)
    assert secret not in repr(desk.management.audit.page())
    for file in desk.state.iterdir():
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


def test_a_revoked_token_opens_nothing_from_then_on(desk: DeskRig) -> None:
    secret = made(desk)
    made(desk, "other admin", Role.ADMIN)
    tokens = desk.management.tokens
    assert tokens.authenticate(secret, HERE)
    (one,) = [token for token in tokens.all() if token.name == "ci"]
    run(tokens.revoke(desk.order(), one.id))
    assert tokens.still(secret, HERE) is None
    with pytest.raises(BadCredential):
        tokens.authenticate(secret, HERE)


def test_a_token_ends_when_it_was_to_end(desk: DeskRig) -> None:
    secret = made(desk, expires=desk.clock.now + timedelta(hours=1))
    assert desk.management.tokens.authenticate(secret, HERE)
    desk.clock.move(timedelta(hours=1))
    with pytest.raises(BadCredential):
        desk.management.tokens.authenticate(secret, HERE)
    with pytest.raises(Unacceptable):
        made(desk, "late", expires=desk.clock.now)


def test_the_last_admin_token_stays(desk: DeskRig) -> None:
    made(desk, "boss", Role.ADMIN)
    (boss,) = desk.management.tokens.all()
    with pytest.raises(Conflicting, match="last admin token"):
        run(desk.management.tokens.revoke(desk.order(), boss.id))


def test_an_operator_makes_no_tokens(desk: DeskRig) -> None:
    operator = Actor(name="token:ops", role=Role.OPERATOR)
    with pytest.raises(Forbidden):
        run(desk.management.tokens.make(desk.order(actor=operator), name="mine", role=Role.ADMIN))


def test_the_first_start_makes_one_admin_token(desk: DeskRig) -> None:
    secret = desk.management.tokens.first()
    assert secret is not None
    desk.management.tokens.keep_first(secret)
    assert desk.management.tokens.first() is None
    assert desk.management.tokens.authenticate(secret, HERE).role is Role.ADMIN


def test_failures_from_one_address_make_it_wait_longer_and_longer(desk: DeskRig) -> None:
    secret, tokens = made(desk), desk.management.tokens
    for _ in range(5):
        with pytest.raises(BadCredential):
            tokens.authenticate("ost_wrong", HERE)
    with pytest.raises(TooManyAttempts) as waits:
        tokens.authenticate(secret, HERE)
    assert waits.value.seconds == 1
    assert tokens.authenticate(made(desk, "other"), "192.0.2.2")
    desk.clock.move(timedelta(seconds=1))
    with pytest.raises(BadCredential):
        tokens.authenticate("ost_wrong", HERE)
    with pytest.raises(TooManyAttempts) as waits:
        tokens.authenticate(secret, HERE)
    assert waits.value.seconds == 2
    desk.clock.move(timedelta(seconds=2))
    assert tokens.authenticate(secret, HERE)
    with pytest.raises(BadCredential):
        tokens.authenticate("ost_wrong", HERE)


def test_failures_from_everywhere_hold_up_strangers_and_nobody_who_was_good(
    desk: DeskRig,
) -> None:
    secret, tokens = made(desk), desk.management.tokens
    assert tokens.authenticate(secret, HERE)
    for number in range(100):
        with pytest.raises(BadCredential):
            tokens.authenticate("ost_wrong", f"198.51.100.{number}")
    other = made(desk, "other")
    with pytest.raises(TooManyAttempts):
        tokens.authenticate(other, "203.0.113.1")
    assert tokens.authenticate(other, HERE)
    desk.clock.move(timedelta(minutes=1))
    assert tokens.authenticate(made(desk, "third"), "203.0.113.1")


def test_nobody_s_failures_shut_out_who_was_good_before(desk: DeskRig) -> None:
    secret, stranger, tokens = made(desk), made(desk, "new"), desk.management.tokens
    assert tokens.authenticate(secret, HERE)
    for _ in range(5):
        with pytest.raises(BadCredential):
            tokens.authenticate("ost_wrong", HERE)
    for wait in (1, 2, 4):
        # Nor does a good one beside them let those who fail begin anew.
        assert tokens.authenticate(secret, HERE)
        with pytest.raises(TooManyAttempts) as waits:
            tokens.authenticate(stranger, HERE)
        assert waits.value.seconds == wait
        desk.clock.move(timedelta(seconds=wait))
        with pytest.raises(BadCredential):
            tokens.authenticate("ost_wrong", HERE)


def test_a_token_revoked_while_it_is_looked_at_has_ended(desk: DeskRig) -> None:
    tokens: Tokens

    class RevokedMeanwhile(Attempts):
        """The one moment of ``authenticate`` that can be seen from outside."""

        def succeeded(self, address: str) -> None:
            super().succeeded(address)
            (token,) = tokens.all()
            run(tokens.revoke(desk.order(), token.id))

    tokens = Tokens(desk.changes, bytes, RevokedMeanwhile())
    secret = made(desk)
    tokens.authenticate(secret, HERE)
    assert tokens.still(secret, HERE) is None
    with pytest.raises(BadCredential):
        tokens.authenticate(secret, HERE)


@pytest.mark.parametrize(
    "secret", ["", "ost_", "Bearer", "ost_" + "x" * 10_000, "ost_\udcff", "\0"]
)
def test_what_is_no_token_is_only_a_bad_credential(desk: DeskRig, secret: str) -> None:
    with pytest.raises(BadCredential):
        desk.management.tokens.authenticate(secret, HERE)
