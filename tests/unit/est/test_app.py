"""The door as HAProxy comes to it: operations, statuses, who is let in, who has to wait."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from ostiary.ca.signing import Reason
from ostiary.config.model.pki import Est
from ostiary.est.app import MOST_BODIES, RETRY_SECONDS, create_est
from ostiary.management.authority.approving import approve, deny
from ostiary.management.authority.counter import Around, Counter
from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import Allowed, Profile
from ostiary.management.authority.revoking import revoke
from ostiary.store.database.records import AuditEntry
from ostiary.store.lock import StateLock
from ostiary.wiring import certifying
from ostiary.wiring.certifying import Holder, found_house
from ostiary.x509.certificate import Certificate, parse
from tests.unit.management.authority.scene import issued, order, request

MEDIA = {"Content-Type": "application/pkcs10"}


def basic(token: str) -> dict[str, str]:
    pair = base64.b64encode(f"device:{token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


class Door:
    """An authority in a folder, and the door before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ca"
        self.settings: Est | None = Est(port=1)
        self.blocked: set[bytes] = set()
        self.now = datetime.now(UTC)
        self.audited: list[AuditEntry] = []
        profile = Profile(allowed=Allowed(distinguished_names=("CN=*",)))
        with found_house(self.folder, None, Founding(name="Example"), profile):
            pass
        self.holder = Holder(self.folder, None)
        around = Around(
            clock=lambda: self.now,
            settings=lambda: self.settings,
            blocked=lambda leaf: leaf in self.blocked,
            audit=self.audited.append,
        )
        self.executor = ThreadPoolExecutor(max_workers=1)
        self.app = create_est(Counter(self.holder, around), self.executor)

    def token(self, name: str = "*", **more: Any) -> str:
        with self.holder.open("test") as house:
            return invite(house, Invitation(name=name, **more))[1]

    def issue(self, name: str, csr: bytes) -> bytes:
        with self.holder.open("test") as house:
            return issued(house, order(name, request=csr))[0].der

    def ask(
        self,
        path: str,
        csr: bytes | None = None,
        *,
        token: str | None = None,
        shown: bytes | None = None,
        address: str = "192.0.2.1",
        **more: Any,
    ) -> httpx.Response:
        headers = {"X-Ostiary-Client-Address": address, **MEDIA, **more.pop("headers", {})}
        if shown is not None:
            headers["X-Ostiary-Client-Fingerprint"] = hashlib.sha256(shown).hexdigest().upper()
        if token is not None:
            headers |= basic(token)
        if csr is not None:
            more["content"] = base64.encodebytes(csr)
        method = more.pop("method", "GET" if csr is None and "content" not in more else "POST")

        async def once() -> httpx.Response:
            way = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=way, base_url="http://est") as client:
                where = f"/.well-known/est/{path}"
                return await client.request(method, where, headers=headers, **more)

        return asyncio.run(once())


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.executor.shutdown()


def certificates(answer: httpx.Response) -> list[Certificate]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/pkcs7-mime; smime-type=certs")
    assert answer.headers["content-transfer-encoding"] == "base64"
    assert "\n" not in answer.text
    natives = load_der_pkcs7_certificates(base64.b64decode(answer.content, validate=True))
    return [parse(one.public_bytes(Encoding.DER)) for one in natives]


@pytest.mark.parametrize("label", ["", "client/", "server/"])
def test_everybody_gets_the_authorities(door: Door, label: str) -> None:
    found = certificates(door.ask(f"{label}cacerts"))
    assert {one.subject for one in found} == {"CN=Example", "CN=Example issuing 1"}


def test_wanted_attributes_are_told(door: Door) -> None:
    answer = door.ask("csrattrs")
    assert answer.headers["content-type"] == "application/csrattrs"
    assert base64.b64decode(answer.content)[:2] == b"\x30\x21"


def test_a_token_brings_a_certificate_once(door: Door) -> None:
    token = door.token()
    (got,) = certificates(door.ask("simpleenroll", request("device-1"), token=token))
    assert got.subject == "CN=device-1"
    again = door.ask("simpleenroll", request("device-1"), token=token)
    assert (again.status_code, again.headers["www-authenticate"]) == (
        401, 'Basic realm="enrolment"',
    )  # fmt: skip
    with door.holder.open("test") as house:
        (written,) = house.ledger.named(["device-1"])
    assert (written.entry.issued_by, written.fingerprint) == ("est:token:1", got.sha256)


def test_without_a_credential_there_is_nothing_but_a_challenge(door: Door) -> None:
    for path in ("simpleenroll", "simplereenroll"):
        answer = door.ask(path, request())
        assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)


def test_whoever_tries_tokens_has_to_wait_and_others_do_not(door: Door) -> None:
    good = door.token(uses=3)
    statuses = [door.ask("simpleenroll", request(), token="enrol_x").status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    slowed = door.ask("simpleenroll", request("a"), token=good)
    assert (slowed.status_code, int(slowed.headers["retry-after"]) > 0) == (429, True)
    other = door.ask("simpleenroll", request("b"), token=good, address="192.0.2.2")
    assert other.status_code == 200
    door.now += timedelta(minutes=1)
    assert door.ask("simpleenroll", request("c"), token=good).status_code == 200


def test_the_certificate_itself_brings_the_next(door: Door) -> None:
    csr = request("device-1", "a.example")
    shown = door.issue("device-1", csr)
    (got,) = certificates(door.ask("simplereenroll", csr, shown=shown))
    assert (got.subject, got.subject_alternative_names) == ("CN=device-1", ("DNS:a.example",))
    other = door.ask("simplereenroll", request("device-2"), shown=shown)
    assert (other.status_code, "other names" in other.text) == (403, True)


def test_who_is_revoked_blocked_or_not_ours_is_not_renewed(door: Door) -> None:
    csr = request("device-1")
    shown = door.issue("device-1", csr)
    door.blocked.add(shown)
    assert door.ask("simplereenroll", csr, shown=shown).status_code == 403
    door.blocked.clear()
    with door.holder.open("test") as house:
        revoke(house, house.ledger.named(["device-1"]), Reason.UNSPECIFIED)
    assert door.ask("simplereenroll", csr, shown=shown).status_code == 403
    # The same names by somebody else's authority.
    with found_house(door.folder.parent / "x", None, Founding(name="Example"), Profile()) as house:
        stranger = issued(house, order("device-1", request=csr))[0].der
    assert door.ask("simplereenroll", csr, shown=stranger).status_code == 401
    assert door.ask("simpleenroll", csr, shown=stranger).status_code == 401


def test_only_a_registrar_asks_for_others_by_certificate(door: Door) -> None:
    shown = door.issue("registrar-1", request("registrar-1"))
    assert door.ask("simpleenroll", request("device-1"), shown=shown).status_code == 401
    door.settings = Est(port=1, registrars=("CN=registrar-*",))
    (got,) = certificates(door.ask("server/simpleenroll", request("device-1"), shown=shown))
    assert got.extended_key_usages == ("1.3.6.1.5.5.7.3.1",)


@pytest.mark.parametrize("by_settings", [True, False])
def test_who_needs_approval_waits_and_then_gets_it(door: Door, by_settings: bool) -> None:
    if by_settings:
        door.settings = Est(port=1, approval=True)
    token, csr = door.token(uses=2, approval=not by_settings), request("device-1")
    for _ in range(2):
        answer = door.ask("simpleenroll", csr, token=token)
        assert (answer.status_code, answer.headers["retry-after"]) == (202, str(RETRY_SECONDS))
    with door.holder.open("operator") as house:
        approve(house, 1)
    (got,) = certificates(door.ask("simpleenroll", csr, token=token))
    assert got.subject == "CN=device-1"
    other = request("device-2")
    assert door.ask("simpleenroll", other, token=token).status_code == 202
    with door.holder.open("operator") as house:
        deny(house, 2, "who is that?")
    denied = door.ask("simpleenroll", other, token=token)
    assert (denied.status_code, denied.text) == (403, "who is that?\n")


def test_a_token_or_a_station_makes_no_registrar(door: Door) -> None:
    station = door.issue("station-1", request("station-1"))
    door.settings = Est(port=1, registrars=("CN=station-*",))
    csr = request("station-2")
    for credential in ({"token": door.token()}, {"shown": station}):
        refused = door.ask("simpleenroll", csr, **credential)
        assert (refused.status_code, "name of a registrar" in refused.text) == (403, True)


def test_where_enrolment_is_not_in_force_nobody_enrols(door: Door) -> None:
    csr = request("device-1")
    token, shown = door.token(), door.issue("device-1", csr)
    door.settings = None
    for answer in (
        door.ask("simpleenroll", request("device-2"), token=token),
        door.ask("simplereenroll", csr, shown=shown),
        door.ask("cacerts"),
    ):
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert not door.audited


def test_what_devices_get_is_in_the_audit_log_once(door: Door) -> None:
    token, csr = door.token("device-*", uses=2), request("device-1")
    for _ in range(2):
        (first,) = certificates(door.ask("simpleenroll", csr, token=token))
    certificates(door.ask("simplereenroll", csr, shown=first.der))
    door.settings = Est(port=1, approval=True)
    for _ in range(2):
        assert door.ask("simpleenroll", request("device-2"), token=token).status_code in {202, 401}
    waits = request("device-3")
    for _ in range(2):
        door.ask("simpleenroll", waits, token=door.token("device-3"))
    told = [(one.action, one.actor, one.after) for one in door.audited]
    enrolled, renewed, second, *third = told
    assert enrolled == (
        "ca.enrol",
        "est:token:1",
        {"state": "issued", "name": "device-1", "token": "device-*", "address": "192.0.2.1"},
    )
    assert renewed[:2] == ("ca.reenrol", "est:certificate:device-1")
    assert renewed[2]["shown"] == f"{first.serial:032x}"
    assert second[2]["state"] == "waits"
    assert [one[1] for one in third] == ["est:token:2", "est:token:3"]


def test_who_has_nothing_to_show_is_not_read(door: Door) -> None:
    read = []

    async def body() -> Any:
        read.append(True)
        yield b"A"

    assert door.ask("simpleenroll", content=body()).status_code == 401
    assert not read


def test_slow_bodies_keep_nobody_else_from_the_authority(door: Door) -> None:
    """More than there are places, from many addresses; of one address only some are read."""
    token = door.token(uses=5)
    last: list[int] = []

    async def crowd() -> None:
        done = asyncio.Event()

        async def slow() -> Any:
            yield b"A"
            await done.wait()

        way = httpx.ASGITransport(door.app)
        async with httpx.AsyncClient(transport=way, base_url="http://est") as client:

            async def send(address: str, content: Any) -> int:
                headers = {"X-Ostiary-Client-Address": address, **MEDIA, **basic(token)}
                where = "/.well-known/est/simpleenroll"
                return (await client.post(where, headers=headers, content=content)).status_code

            crowds = [
                asyncio.create_task(send(f"192.0.2.{number % 8}", slow()))
                for number in range(8 * MOST_BODIES)
            ]
            await asyncio.sleep(0)
            good = base64.b64encode(request("device-1"))
            while (refused := await send("192.0.2.1", good)) == 200:
                await asyncio.sleep(0.01)
            last.extend((refused, await send("198.51.100.1", base64.b64encode(request("b")))))
            done.set()
            last.extend({*await asyncio.gather(*crowds)})

    asyncio.run(crowd())
    assert last == [503, 200, 400]


def test_the_rules_hold_and_are_told(door: Door) -> None:
    refused = door.ask("simpleenroll", request("x", O="Acme"), token=door.token())
    assert (refused.status_code, "distinguishedNames" in refused.text) == (403, True)
    assert str(door.folder) not in refused.text


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("simpleenroll", {"content": b"!"}, 400),
        ("simpleenroll", {"content": base64.b64encode(b"no request")}, 400),
        ("simpleenroll", {"content": b"A" * 200_000}, 400),
        ("simpleenroll", {"content": b"", "method": "POST"}, 400),
        ("simpleenroll", {"csr": request(), "headers": {"Content-Type": "text/plain"}}, 400),
        ("simpleenroll", {"csr": request(), "headers": {"Authorization": "Bearer x"}}, 400),
        ("simpleenroll", {"method": "GET"}, 405),
        ("serverkeygen", {"csr": request()}, 404),
        ("other/cacerts", {}, 404),
        ("a/b/cacerts", {}, 404),
        ("", {}, 404),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(
    door: Door, path: str, more: dict[str, Any], status: int
) -> None:
    token = None if "Authorization" in more.get("headers", {}) else door.token()
    answer = door.ask(path, token=token, **more)
    assert (answer.status_code, answer.text.endswith("\n")) == (status, True)
    assert "Traceback" not in answer.text


def test_an_authority_that_is_at_work_or_missing_is_no_mistake(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "TURN_SECONDS", 0.05)
    assert door.ask("cacerts").status_code == 200
    door.now += timedelta(seconds=11)
    with StateLock(door.folder):
        answer = door.ask("cacerts")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    door.folder.rename(door.folder.with_name("elsewhere"))
    answer = door.ask("cacerts")
    assert answer.status_code == 503
    assert str(door.folder) not in answer.text


def test_a_program_error_is_told_once_and_shows_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counter, "authorities", lambda _self: 1 // 0)
    answer = door.ask("cacerts")
    assert (answer.status_code, "division" in answer.text) == (500, False)
