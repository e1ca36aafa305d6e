"""Whose a certificate is, asked beside the loop; and what is taken back when that changes."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ostiary.agent.consumers import ConsumerQuestion
from ostiary.agent.credentials import CredentialAnswer
from ostiary.agent.tunnels import Tunnel
from ostiary.compiler.client_certificates import certificate_judgement_of
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.changes import Changed
from ostiary.consumers.judging import Judgement
from ostiary.consumers.model import CredentialType
from ostiary.consumers.reason import CredentialReason
from ostiary.wiring.consumer_tunnels import ConsumerTunnels, Held
from ostiary.wiring.recognizing import Recognizing
from ostiary.wiring.remembering import Remembering, Row
from tests.support.pki import Kit, Made
from tests.unit.consumers.test_tied import NOW, credential

KIND = CredentialType.CERTIFICATE
BY = certificate_judgement_of(ClientCertAction(), Judgement(type=KIND))


class Rows(Remembering):
    """Remembers what the engine would be told, and what would be taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[tuple[int, str], Row] = {}
        self.back: set[tuple[int, str]] = set()

    def tell(self, worker: int, row: Row) -> bool:
        self.rows[worker, row.key] = row
        return True

    async def take_rows_back(self, rows: frozenset[tuple[int, str]]) -> bool:
        self.back |= rows
        return True


class Tunnels(ConsumerTunnels):
    """Remembers WebSockets without an engine."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.held: list[Held] = []
        self.full = False

    def hold(self, one: Held) -> bool:
        self.held.append(one)
        return not self.full


class Scene:
    """One who recognizes, with a clock and a directory that can be changed."""

    def __init__(self) -> None:
        self.now = NOW
        self.kept: dict[str, CertificateCredential] = {}
        self.broken = False
        self.hold: threading.Event | None = None
        self.read = 0
        self.rows = Rows()
        self.tunnels = Tunnels(lambda: self.now)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.one = Recognizing(lambda: self.now, self.rows, self.tunnels, self.counts)

    def put(self, one: CertificateCredential, *rules: CertificateRule) -> None:
        self.kept[one.known.credential.id] = replace(one, rules=rules)

    def certificate(self, name: str) -> CertificateCredential | None:
        if self.hold is not None:
            self.hold.wait(30)
        if self.broken:
            raise OSError("the disk is gone")
        return self.kept.get(name)

    def rules(self) -> Iterable[tuple[str, tuple[CertificateRule, ...]]]:
        self.read += 1
        if self.broken:
            raise OSError("the disk is gone")
        return [(name, one.rules) for name, one in self.kept.items()]

    async def ask(
        self, client: Made, *, by: str = BY.id, tunnel: Tunnel | None = None
    ) -> CredentialAnswer:
        key = f"1|{by}|{client.name}"
        return await self.one(
            ConsumerQuestion(judgement=by, certificate=client.der, key=key, worker=7, tunnel=tunnel)
        )

    async def change(self, *names: str, consumers: tuple[int, ...] = ()) -> bool:
        self.rows.back.clear()
        return await self.one.reconsider(
            Changed(
                credentials=frozenset((KIND, name) for name in names),
                consumers=frozenset(UUID(int=one) for one in consumers),
            )
        )


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        one = Scene()
        one.one.consult(one)
        one.one.judge_by({BY.id: BY})
        try:
            await scene(one)
        finally:
            if one.hold is not None:
                one.hold.set()
            await one.one.end()

    asyncio.run(whole())


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    kit = Kit(tmp_path_factory.mktemp("kit"))
    root = kit.root("root")
    return kit.client(root, "one"), kit.client(root, "two")


def by_print(client: Made) -> CertificateRule:
    return CertificateRule(fingerprint=client.certificate.fingerprint)


def by_serial(client: Made) -> CertificateRule:
    return CertificateRule(issuer="**", serial=f"{client.certificate.serial:x}")


def code(answer: CredentialAnswer) -> int:
    return answer.code


def test_the_consumer_is_told_counted_and_remembered_until_the_next_date(
    clients: tuple[Made, Made],
) -> None:
    mine, other = clients

    async def scene(one: Scene) -> None:
        one.put(credential(1, "a", end=2), by_print(mine))
        one.put(credential(2, "b", end=1), CertificateRule(dns="never.example"))
        told = await one.ask(mine)
        assert (told.code, told.consumer) == (1, UUID(int=1))
        assert code(await one.ask(other)) == CredentialReason.NOBODYS.code
        assert one.counts[KIND.value, "admitted"] == 1
        first, second = one.rows.rows.values()
        assert (first.consumer, first.until) == (UUID(int=1), int(NOW.timestamp()) + 3600)
        assert (second.consumer, second.code) == (None, CredentialReason.NOBODYS.code)
        one.now = NOW + timedelta(minutes=90)
        await one.ask(mine)
        row = one.rows.rows[7, f"1|{BY.id}|{mine.name}"]
        assert row.until == int((NOW + timedelta(hours=2)).timestamp())

    play(scene)


def test_a_change_takes_back_what_it_is_about_and_nothing_else(clients: tuple[Made, Made]) -> None:
    mine, other = clients

    async def scene(one: Scene) -> None:
        one.put(credential(1, "a"), by_print(mine))
        await one.ask(mine)
        await one.ask(other)
        of_mine, of_other = list(one.rows.rows)
        one.put(credential(1, "a", active=False), by_print(mine))
        assert await one.change("a")
        assert one.rows.back == {of_mine}
        assert code(await one.ask(mine)) == CredentialReason.INACTIVE.code
        assert await one.change(consumers=(1,))
        assert one.rows.back == {of_mine}
        assert await one.change(consumers=(2,))
        assert one.rows.back == set()
        one.put(credential(2, "b"), by_serial(other))
        assert await one.change("b")
        assert one.rows.back == {of_other}
        told = await one.ask(other)
        assert told.consumer == UUID(int=2)
        one.put(credential(3, "c"), CertificateRule(distinguished_name="**"))
        assert await one.change("c")
        assert one.rows.back == {of_mine, of_other}
        assert code(await one.ask(other)) == CredentialReason.AMBIGUOUS.code
        del one.kept["c"]
        assert await one.change("c")
        assert one.rows.back == {of_other}

    play(scene)


def test_a_judgement_that_a_change_overtook_is_not_remembered(clients: tuple[Made, Made]) -> None:
    mine, _ = clients

    async def scene(one: Scene) -> None:
        one.put(credential(1, "a"), by_print(mine))
        await one.ask(mine)
        one.rows.rows.clear()
        one.hold = threading.Event()
        asked = asyncio.create_task(one.ask(mine))
        for_websocket = asyncio.create_task(
            one.ask(mine, tunnel=Tunnel(worker=7, stream=1, client="x"))
        )
        await asyncio.sleep(0.05)
        changing = asyncio.create_task(one.change("a"))
        await asyncio.sleep(0)
        one.hold.set()
        assert (await asked).code == 1
        assert (await for_websocket).code == CredentialReason.NO_ANSWER.code
        await changing
        assert one.rows.rows == {}
        assert one.tunnels.held == []

    play(scene)


def test_who_can_t_be_judged_is_told_so(clients: tuple[Made, Made]) -> None:
    mine, _ = clients

    async def scene(one: Scene) -> None:
        one.put(credential(1, "a"), by_print(mine))
        await one.ask(mine)
        one.broken = True
        no_answer = CredentialReason.NO_ANSWER.code
        assert code(await one.ask(mine)) == no_answer
        assert code(await one.ask(mine, by="0" * 16)) == no_answer
        assert not await one.change("a")
        one.broken = False
        assert code(await one.ask(mine)) == 1
        assert not await one.one.reconsider(None)

    play(scene)


def test_without_a_directory_nobody_is_recognized(clients: tuple[Made, Made]) -> None:
    mine, _ = clients

    async def scene() -> None:
        rows, counts = Rows(), Counter[tuple[str, str]]()
        one = Recognizing(lambda: NOW, rows, Tunnels(lambda: NOW), counts)
        one.judge_by({BY.id: BY})
        question = ConsumerQuestion(judgement=BY.id, certificate=mine.der, key="k", worker=7)
        assert (await one(question)).code == CredentialReason.NO_ANSWER.code
        with pytest.raises(OSError, match="no directory"):
            one.fitting(mine.certificate)  # type: ignore[arg-type] # it isn't looked at
        await one.end()

    asyncio.run(scene())


def test_the_index_is_made_once_an_hour_and_only_where_a_step_asks(
    clients: tuple[Made, Made],
) -> None:
    mine, _ = clients

    async def scene(one: Scene) -> None:
        one.put(credential(1, "a"), by_print(mine))
        await one.ask(mine)
        await one.ask(mine)
        assert one.read == 1
        # Another gateway made it, and told nobody here.
        one.put(credential(2, "b"), by_print(mine))
        one.now = NOW + timedelta(minutes=61)
        for _ in range(600):
            if code(await one.ask(mine)) == CredentialReason.AMBIGUOUS.code:
                break
            await asyncio.sleep(0.05)
        assert one.read == 2

    play(scene)


def test_a_websocket_s_certificate_is_judged_again_as_it_is_then(
    clients: tuple[Made, Made],
) -> None:
    mine, other = clients

    async def scene(one: Scene) -> None:
        tunnel = Tunnel(worker=7, stream=1, client="127.0.0.1:1")
        one.put(credential(1, "a", end=2), by_print(mine))
        assert code(await one.ask(mine, tunnel=tunnel)) == 1
        assert code(await one.ask(other, tunnel=tunnel)) == CredentialReason.NOBODYS.code
        (held,) = one.tunnels.held
        assert held.named == {(KIND, "a")}
        assert held.until == NOW + timedelta(hours=2)
        assert held.again is not None
        again = await held.again()
        assert again is not None
        assert again.consumer == UUID(int=1)
        one.kept["a"] = replace(one.kept["a"], valid_until=NOW)
        assert await held.again() is None
        one.put(credential(2, "a"), by_print(mine))
        assert await held.again() is None
        one.put(credential(1, "a"), by_print(mine))
        one.tunnels.full = True
        assert code(await one.ask(mine, tunnel=tunnel)) == CredentialReason.NO_ANSWER.code

    play(scene)


def test_while_the_index_is_made_only_so_many_wait(
    clients: tuple[Made, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = threading.Event()

    def late() -> Iterable[tuple[str, tuple[CertificateRule, ...]]]:
        made.wait(30)
        return []

    async def scene(one: Scene) -> None:
        monkeypatch.setattr(one, "rules", late)
        asked = [asyncio.create_task(one.ask(clients[0])) for _ in range(300)]
        await asyncio.sleep(0.1)
        assert sum(task.done() for task in asked) == 300 - 256
        made.set()
        codes = Counter(code(answer) for answer in await asyncio.gather(*asked))
        assert codes[CredentialReason.NO_ANSWER.code] == 300 - 256

    play(scene)
