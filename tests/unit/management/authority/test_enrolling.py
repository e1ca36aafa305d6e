"""Enrolment: a token is good for what it was made for, once; a certificate for its own names."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary.ca.signing import Purpose, Reason
from ostiary.management.authority.approving import approve, deny, faults_of, request_numbered
from ostiary.management.authority.enrolling import Invited, Registrar, Waiting, enrol, reenrol
from ostiary.management.authority.errors import BadProfile, BadToken, NoSuchRequest, NotIssued, Why
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import Invitation, invite, is_for, token_of
from ostiary.management.authority.orders import Certified
from ostiary.management.authority.profile import Allowed, Enrolment, Profile, read_profile
from ostiary.management.authority.revoking import revoke
from ostiary.store.ledger import enrolments
from ostiary.store.ledger.enrolment_records import (
    AlreadyDecided,
    Claim,
    KeptToken,
    NewRequest,
    RequestState,
    TokenSpent,
    TooManyWaiting,
)
from ostiary.store.ledger.records import Kind, State, Written
from ostiary.trust.names.reading import parse_pattern
from tests.unit.management.authority.scene import (
    DAY,
    World,
    certificate,
    issued,
    order,
    request,
)


@pytest.fixture
def scene(tmp_path: Path) -> World:
    return World(tmp_path / "ca")


@pytest.fixture
def house(scene: World) -> Iterator[House]:
    allowed = Allowed(distinguished_names=("CN=*", "CN=*,O=Acme", "CN=station-*,O=Acme"))
    named = Enrolment(alternative_names=("dns:{name}", "dns:{name}.example", "dns:a.example"))
    with scene.founded(Profile(allowed=allowed, enrolment=named)) as made:
        made.hands = replace(made.hands, secret=secrets.token_bytes)
        yield made


def token(house: House, name: str = "*", **more: Any) -> KeptToken:
    return invite(house, Invitation(name=name, **more))[0]


def invited(house: House, kept: KeptToken, *, approval: bool = False) -> Invited:
    """As it stands now."""
    found = house.ledger.enrolments.token(kept.id)
    assert found is not None
    return Invited(found, approval)


def certified(done: Certified | Waiting) -> Certified:
    assert isinstance(done, Certified), done
    return done


def waiting(done: Certified | Waiting) -> int:
    assert isinstance(done, Waiting), done
    return done.request


def entry(house: House, done: Certified) -> Written:
    found = house.ledger.of_serial(done.serial)
    assert found is not None
    return found


def why(*arguments: Any, act: Any = enrol, **more: Any) -> Why:
    with pytest.raises(NotIssued) as refused:
        act(*arguments, **more)
    return refused.value.why


def count(house: House) -> int:
    everything = house.ledger.page(
        search="", state=State.ALL, now=house.hands.clock(), before=None, limit=1000
    )
    return len(everything)


def test_a_token_is_good_once_and_its_secret_is_nowhere_in_the_ledger(
    scene: World, house: House
) -> None:
    kept, secret = invite(house, Invitation(name="device-1"))
    assert token_of(house, secret) == kept
    done = certified(enrol(house, invited(house, kept), request("device-1", O="Acme")))
    assert certificate(done).subject == "CN=device-1,O=Acme"
    assert certificate(done).extended_key_usages == ("1.3.6.1.5.5.7.3.2",)
    with pytest.raises(BadToken):
        enrol(house, invited(house, kept), request("device-1", O="Acme"))
    for path in scene.folder.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_who_repeats_what_was_asked_gets_the_same_certificate(house: House) -> None:
    kept, asked = token(house), request("device-1", "a.example")
    first = certified(enrol(house, invited(house, kept), asked))
    again = certified(enrol(house, invited(house, kept), asked))
    assert (again.serial, again.there_already) == (first.serial, True)


def test_a_repeated_request_does_not_replace_what_was_revoked(house: House) -> None:
    kept, asked = token(house), request("device-1")
    revoke(house, [entry(house, certified(enrol(house, invited(house, kept), asked)))],
           Reason.PRIVILEGE_WITHDRAWN)  # fmt: skip
    assert why(house, invited(house, kept), asked) is Why.NOT_GOOD


@pytest.mark.parametrize(
    ("name", "asked", "fits"),
    [
        ("device-1", "device-1", True),
        ("device-1", "device-11", False),
        ("device-*", "device-11", True),
        ("device-*", "router", False),
        ("*", "anything at all", True),
        ("a.b", "axb", False),
        ("*-x-*", "a-x-", True),
    ],
)
def test_a_token_is_for_its_name(house: House, name: str, asked: str, fits: bool) -> None:
    assert is_for(token(house, name).token, asked) is fits


def test_a_token_for_another_name_or_purpose_gives_nothing(house: House) -> None:
    kept = token(house, "device-1")
    assert why(house, invited(house, kept), request("device-2")) is Why.NOT_ALLOWED
    assert why(house, invited(house, kept), request("device-1"), Purpose.SERVER) is Why.NOT_ALLOWED
    servers = token(house, "web.example", purpose=Purpose.SERVER)
    done = certified(enrol(house, invited(house, servers), request("web.example")))
    assert certificate(done).extended_key_usages == ("1.3.6.1.5.5.7.3.1",)
    assert count(house) == 3


def test_the_rules_of_the_profile_hold_for_tokens_and_do_not_use_them_up(house: House) -> None:
    kept = token(house)
    assert why(house, invited(house, kept), request("x", O="Elsewhere")) is Why.NOT_ALLOWED
    assert why(house, invited(house, kept), b"nonsense") is Why.BAD_REQUEST
    certified(enrol(house, invited(house, kept), request("x")))


def test_a_token_ends_with_its_time_and_when_it_is_ended(scene: World, house: House) -> None:
    late, ended = token(house), token(house)
    house.ledger.enrolments.end_token(ended.id, scene.now)
    scene.now += DAY
    for kept in (late, ended):
        with pytest.raises(BadToken):
            enrol(house, invited(house, kept), request("x"))


def test_a_token_for_many_does_not_give_away_names_that_others_have(house: House) -> None:
    issued(house, order("device-1"))
    fleet, own = token(house, "device-*", uses=2), token(house, "device-1")
    assert why(house, invited(house, fleet), request("device-1")) is Why.NAME_TAKEN
    certified(enrol(house, invited(house, own), request("device-1")))


def test_an_authoritys_name_is_given_to_nobody(house: House) -> None:
    own = token(house, "Example")
    assert why(house, invited(house, own), request("Example")) is Why.NAME_TAKEN


def test_of_many_at_once_a_token_serves_as_many_as_it_may(scene: World, house: House) -> None:
    kept = token(house, uses=3)
    found: list[object] = []

    def one(number: int) -> None:
        with scene.opened() as mine:
            # What was read of the token before others used it must not matter.
            try:
                found.append(enrol(mine, Invited(kept, approval=False), request(f"d{number}")))
            except BadToken as error:
                found.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Certified) for one in found) == 3
    assert sum(isinstance(one, BadToken) for one in found) == 5
    assert count(house) == 2 + 3


def test_a_spent_token_leaves_no_certificate_in_the_ledger(scene: World, house: House) -> None:
    kept = token(house)
    claim = Claim(token=kept.id, content=b"1" * 32, at=scene.now)
    first = entry(house, issued(house, order("a"))[0]).entry
    house.ledger.write([_like(first, 7)], claim)
    with pytest.raises(TokenSpent):
        house.ledger.write([_like(first, 8)], Claim(token=kept.id, content=b"2" * 32, at=scene.now))
    assert house.ledger.of_serial(8) is None
    assert house.ledger.of_serial(7) is not None


def _like(one: Any, serial: int) -> Any:
    return replace(one, serial=serial, der=one.der + bytes([serial]))


def test_a_request_waits_until_an_operator_approves_it(house: House) -> None:
    kept, asked = token(house, "device-1", approval=True), request("device-1", "a.example")
    number = waiting(enrol(house, invited(house, kept, approval=True), asked))
    assert waiting(enrol(house, invited(house, kept, approval=True), asked)) == number
    assert house.ledger.enrolments.pending() == 1
    done = approve(house, number, days=30)
    got = certified(enrol(house, invited(house, kept, approval=True), asked))
    assert (got.serial, got.name) == (done.serial, "device-1")
    assert got.not_after - house.hands.clock() <= 30 * DAY
    assert request_numbered(house, number).state is RequestState.APPROVED
    with pytest.raises(AlreadyDecided):
        deny(house, number)
    with pytest.raises(BadToken):
        enrol(house, invited(house, kept, approval=True), request("device-1"))


def test_who_is_denied_is_told_why_and_gets_nothing(house: House) -> None:
    kept, asked = token(house, approval=True), request("device-1")
    number = waiting(enrol(house, invited(house, kept, approval=True), asked))
    deny(house, number, "not one of ours")
    with pytest.raises(NotIssued, match="not one of ours") as refused:
        enrol(house, invited(house, kept, approval=True), asked)
    assert refused.value.why is Why.DENIED
    with pytest.raises(AlreadyDecided):
        approve(house, number)
    assert count(house) == 2


def test_a_request_shows_which_rule_it_breaks_and_can_not_be_approved_against_it(
    scene: World, house: House
) -> None:
    kept = token(house, approval=True)
    asked = request("x", O="Elsewhere")
    number = waiting(enrol(house, invited(house, kept, approval=True), asked))
    (fault,) = faults_of(house, request_numbered(house, number))
    assert "allowed.distinguishedNames" in str(fault)
    assert why(house, number, act=approve) is Why.NOT_ALLOWED
    assert request_numbered(house, number).state is RequestState.PENDING
    scene.folder.joinpath("profile.yml").write_text("{}")
    with scene.opened() as mended:
        assert faults_of(mended, request_numbered(mended, number)) == ()
        approve(mended, number)


def test_a_name_that_somebody_has_is_approved_only_on_purpose(house: House) -> None:
    kept, asked = token(house, approval=True), request("device-1")
    issued(house, order("device-1"))
    number = waiting(enrol(house, invited(house, kept, approval=True), asked))
    assert why(house, number, act=approve) is Why.NAME_TAKEN
    approve(house, number, another=True)


def test_an_approval_that_was_cut_off_is_taken_up_again(house: House) -> None:
    kept, asked = token(house, approval=True), request("device-1")
    number = waiting(enrol(house, invited(house, kept, approval=True), asked))
    before = issued(house, order("device-1", request=asked))[0]
    assert approve(house, number, another=True).serial == before.serial


def test_so_many_may_wait_and_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one = NewRequest(
        content=b"1" * 32,
        name="a",
        purpose="client",
        der=b"",
        asked_by="x",
        received=house.hands.clock(),
    )
    monkeypatch.setattr(enrolments, "MOST_PENDING", 3)
    for _ in range(3):
        house.ledger.enrolments.park(one, None)
    kept = token(house, approval=True)
    with pytest.raises(TooManyWaiting):
        enrol(house, invited(house, kept, approval=True), request("x"))
    fresh = house.ledger.enrolments.token(kept.id)
    assert fresh is not None
    assert fresh.used == 0


def test_nobody_approves_what_nobody_asked_for(house: House) -> None:
    with pytest.raises(NoSuchRequest):
        approve(house, 7)


def test_a_registrar_asks_for_others_and_waits_where_that_is_wanted(house: House) -> None:
    registrar = entry(house, issued(house, order("registrar"))[0])
    asked = request("device-1")
    done = certified(enrol(house, Registrar(registrar, approval=False), asked))
    assert (
        certified(enrol(house, Registrar(registrar, approval=False), asked)).serial == done.serial
    )
    other = request("device-2")
    number = waiting(enrol(house, Registrar(registrar, approval=True), other))
    approve(house, number)
    got = certified(enrol(house, Registrar(registrar, approval=True), other))
    assert got.name == "device-2"
    revoke(house, [entry(house, got)], Reason.SUPERSEDED)
    assert waiting(enrol(house, Registrar(registrar, approval=True), other)) > number


def test_a_certificate_is_renewed_for_its_own_names_alone(house: House) -> None:
    asked = request("device-1", "a.example", O="Acme")
    old = entry(house, issued(house, order("device-1", request=asked))[0])
    same = reenrol(house, old, asked)
    assert certificate(same).subject_alternative_names == ("DNS:a.example",)
    assert reenrol(house, old, asked).serial == same.serial
    other_key = reenrol(house, old, request("device-1", "a.example", O="Acme"))
    assert other_key.serial != same.serial
    for wrong in (
        request("device-2", "a.example", O="Acme"),
        request("device-1", "a.example"),
        request("device-1", O="Acme"),
        request("device-1", "a.example", "b.example", O="Acme"),
    ):
        assert why(house, old, wrong, act=reenrol) is Why.OTHER_NAMES


def test_so_many_renewals_of_one_certificate_are_good_at_a_time(scene: World, house: House) -> None:
    """A stolen key is not to be turned into more certificates than anybody can find and revoke."""
    first, other = (
        entry(house, issued(house, order("device-1", days=30, another=True))[0]) for _ in range(2)
    )
    last = first
    for _ in range(7):
        last = entry(house, reenrol(house, last, request("device-1")))
    for shown in (first, last):
        assert why(house, shown, request("device-1"), act=reenrol) is Why.TOO_MANY
    # Another one of this name, which came of no renewal of it, is not held up.
    reenrol(house, other, request("device-1"))
    scene.now += timedelta(days=31)  # the first has ended
    newest = entry(house, reenrol(house, last, request("device-1")))
    assert why(house, newest, request("device-1"), act=reenrol) is Why.TOO_MANY
    revoke(house, [last], Reason.SUPERSEDED)
    reenrol(house, newest, request("device-1"))


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (("device-1",), True),
        (("DEVICE-1",), True),
        (("device-1.example",), True),
        (("a.example",), True),
        (("device-2",), False),
        (("device-2.example",), False),
        (("device-1", "device-2"), False),
        (("*.example",), False),
    ],
)
def test_a_token_is_good_for_no_other_devices_alternative_name(
    house: House, asked: tuple[str, ...], fits: bool
) -> None:
    kept = token(house, "device-1")
    if fits:
        certified(enrol(house, invited(house, kept), request("device-1", *asked)))
        return
    assert why(house, invited(house, kept), request("device-1", *asked)) is Why.NOT_ALLOWED
    # It isn't used up; and an operator who looks may allow it.
    number = waiting(enrol(house, invited(house, kept, approval=True), request("device-1", *asked)))
    assert certificate(approve(house, number)).subject_alternative_names == tuple(
        f"DNS:{one}" for one in asked
    )


def test_a_name_that_would_be_a_path_is_put_in_nowhere(scene: World) -> None:
    profile = read_profile(b"enrolment: {alternativeNames: ['uri:urn:example:{name}']}", "x")
    with scene.founded(profile) as house:
        kept = token(house, "*")
        for name in ("a:b", "a/b", ".."):
            asked = request(name, uris=(f"urn:example:{name}",))
            assert why(house, invited(house, kept), asked) is Why.NOT_ALLOWED
        certified(enrol(house, invited(house, kept), request("a", uris=("urn:example:a",))))


def test_without_rules_for_subjects_a_token_is_good_for_the_common_name_alone(
    scene: World,
) -> None:
    with scene.founded() as house:
        kept = token(house, "*")
        assert why(house, invited(house, kept), request("x", O="Acme")) is Why.NOT_ALLOWED
        certified(enrol(house, invited(house, kept), request("x")))


@pytest.mark.parametrize("approval", [False, True])
def test_nobody_becomes_a_registrar_by_enrolling(house: House, approval: bool) -> None:
    registrars = (parse_pattern("CN=station-*,O=Acme"),)
    asked = request("station-9", O="Acme")
    station = entry(house, issued(house, order("station-1"))[0])
    for name, bearer in (
        ("station-a", invited(house, token(house, "station-*"), approval=approval)),
        ("station-b", Registrar(station, approval=approval)),
    ):
        assert why(house, bearer, asked, registrars=registrars) is Why.NOT_ALLOWED
        enrol(house, bearer, request(name), registrars=registrars)


def test_a_server_is_renewed_by_a_request_without_the_name_it_was_given(house: House) -> None:
    kept, asked = token(house, "web.example", purpose=Purpose.SERVER), request("web.example")
    first = certified(enrol(house, invited(house, kept), asked))
    assert certificate(first).subject_alternative_names == ("DNS:web.example",)
    with_it = request("web.example", "web.example")
    for again in (asked, with_it):
        found = certificate(reenrol(house, entry(house, first), again))
        assert found.subject_alternative_names == ("DNS:web.example",)


@pytest.mark.parametrize("text", ["device", "dns:", "fax:1"])
def test_a_pattern_of_an_alternative_name_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BadProfile, match="alternativeNames"):
        read_profile(f"enrolment: {{alternativeNames: ['{text}']}}".encode(), "profile.yml")


def test_an_authoritys_own_responder_name_is_in_the_way_wherever_it_is_looked_at(
    scene: World, house: House
) -> None:
    (done,) = issued(house, order("Example issuing 1 OCSP"))
    house.ledger.write([replace(_like(entry(house, done).entry, 7), kind=Kind.RESPONDER,
                                not_after=scene.now, name="answers")])  # fmt: skip
    scene.now += DAY
    kept = token(house, "answers", approval=True)
    number = waiting(enrol(house, invited(house, kept, approval=True), request("answers")))
    (fault,) = faults_of(house, request_numbered(house, number))
    assert fault.why is why(house, number, act=approve, another=True) is Why.NAME_TAKEN


def test_a_certificate_that_is_not_good_is_not_renewed(scene: World, house: House) -> None:
    asked = request("device-1")
    old = entry(house, issued(house, order("device-1", request=asked, days=1))[0])
    above = house.issuing()
    assert why(house, above, request("Example issuing 1"), act=reenrol) is Why.NOT_GOOD
    scene.now += timedelta(days=2)
    assert why(house, old, asked, act=reenrol) is Why.NOT_GOOD
    scene.now -= timedelta(days=2)
    revoke(house, [old], Reason.UNSPECIFIED)
    assert why(house, entry_of(house, old), asked, act=reenrol) is Why.NOT_GOOD


def entry_of(house: House, one: Written) -> Written:
    found = house.ledger.of_number(one.id)
    assert found is not None
    return found


def test_a_key_that_is_compromised_is_not_renewed(house: House) -> None:
    asked = request("device-1")
    first = entry(house, issued(house, order("device-1", request=asked))[0])
    second = entry(house, reenrol(house, first, asked))
    revoke(house, [first], Reason.KEY_COMPROMISE)
    assert why(house, second, asked, act=reenrol) is Why.KEY_COMPROMISED


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 65},
        {"name": "a\nb"},
        {"name": "****"},
        {"uses": 0},
        {"uses": 10**6},
        {"valid": timedelta(0)},
        {"valid": timedelta(days=400)},
    ],
)
def test_a_token_that_can_not_be_is_not_made(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotIssued):
        invite(house, Invitation(**{"name": "x", **wrong}))


@pytest.mark.parametrize("secret", ["", "enrol_", "enrol_" + "A" * 43, "x" * 5000, "enrol_\ud800"])
def test_a_made_up_token_is_none(house: House, secret: str) -> None:
    token(house)
    with pytest.raises(BadToken):
        token_of(house, secret)
