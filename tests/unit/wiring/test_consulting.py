"""OCSP answers of a gateway: kept on the disk, renewed in time, acted on until that succeeds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ostiary.services.ocsp_call import Call
from ostiary.trust.finding import Listed, NotRevoked, Undetermined
from ostiary.trust.ocsp import OcspRules, Responder, Target
from ostiary.wiring import consulting as module
from ostiary.wiring.consulting import Consulting, answers_in
from ostiary.x509.ocsp_question import Subject
from tests.support.ocsp_der import answer_of, single
from tests.support.pki import Kit

RULES = OcspRules(responders=(Responder(url="http://a.example/"),), refresh=timedelta(seconds=1))


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


class Scene:
    """A client, a responder that says ``says``, and what was taken back."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.root = kit.root("root")
        self.client = kit.client(self.root, "client")
        self.subject = Subject(self.client.certificate, self.root.certificate)
        self.says = "good"
        self.acts = True
        self.fault: Exception | None = None
        self.tried = 0
        self.taken_back: list[Subject] = []
        self.path = folder / "ocsp-answers"
        self.consulting = self.anew()

    def anew(self) -> Consulting:
        return Consulting(self.path, self.exchange, lambda: datetime.now(UTC), self.reconsider)

    async def exchange(self, target: Target, call: Call, seconds: float) -> bytes:
        now = datetime.now(UTC)
        return answer_of(self.root, single(self.client, self.root, self.says, begin=now))

    async def reconsider(self, subjects: tuple[Subject, ...]) -> bool:
        self.tried += 1
        if self.fault is not None:
            raise self.fault
        if self.acts:
            self.taken_back += subjects
        return self.acts

    def look(self, consulting: Consulting | None = None) -> object:
        statuses = (consulting or self.consulting).statuses
        return statuses.look(self.subject, RULES, datetime.now(UTC))

    async def ask(self) -> None:
        found = self.look()
        assert isinstance(found, Undetermined)
        task = self.consulting.inquiring.ask(found.asking[0])
        assert task is not None
        await task


@pytest.fixture
def scene(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.02)
    return Scene(kit, tmp_path)


async def until(told: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not told():
            await asyncio.sleep(0.01)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()

    asyncio.run(whole())


def test_an_answer_in_use_is_renewed_and_other_word_is_acted_on_and_saved(scene: Scene) -> None:
    async def work() -> None:
        scene.consulting.begin()
        await scene.ask()
        assert isinstance(scene.look(), NotRevoked)
        scene.says = "revoked"
        await until(lambda: scene.taken_back == [scene.subject])
        assert isinstance(scene.look(), Listed)
        await until(scene.path.exists)
        await scene.consulting.end()

    run(work)
    assert isinstance(scene.look(scene.anew()), Listed)
    assert scene.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("fault", [None, RuntimeError("our own bug")])
def test_what_could_not_be_acted_on_is_tried_again(scene: Scene, fault: Exception | None) -> None:
    scene.fault = fault

    async def work() -> None:
        scene.consulting.begin()
        scene.says, scene.acts = "revoked", False
        await scene.ask()
        await until(lambda: scene.tried > 0)
        if fault is None:
            await until(scene.path.exists)
        scene.acts, scene.fault = True, None
        await until(lambda: scene.subject in scene.taken_back)
        await scene.consulting.end()

    run(work)


def test_a_full_disk_changes_nothing_but_what_a_restart_finds(scene: Scene) -> None:
    async def work() -> None:
        await scene.ask()
        scene.path.parent.chmod(0o500)
        scene.path.mkdir()  # root may write anywhere, but not over a folder
        with capture_logs() as logs:
            await scene.consulting.end()
        assert [one["event"] for one in logs] == ["ocsp-answers-not-saved"]
        assert isinstance(scene.look(), NotRevoked)
        scene.path.rmdir()
        scene.path.parent.chmod(0o700)
        await scene.consulting.end()

    run(work)
    assert isinstance(scene.look(scene.anew()), NotRevoked)


def test_a_damaged_file_is_told_and_set_aside(scene: Scene) -> None:
    run(scene.ask)
    run(scene.consulting.end)
    whole = scene.path.read_bytes()
    scene.path.write_bytes(whole[:-9] + b"x" + whole[-8:])
    assert isinstance(
        answers_in(scene.path).look(scene.subject, RULES, datetime.now(UTC)), Undetermined
    )
    assert scene.path.exists()
    with capture_logs() as logs:
        found = scene.anew()
    assert [one["event"] for one in logs] == ["ocsp-answers-damaged"]
    assert isinstance(scene.look(found), Undetermined)
    assert not scene.path.exists()
    assert scene.path.with_name("ocsp-answers.damaged").exists()


def test_whoever_explains_has_the_answers_to_itself(scene: Scene) -> None:
    run(scene.ask)
    copied = scene.consulting.copy()
    assert isinstance(copied.look(scene.subject, RULES, datetime.now(UTC)), NotRevoked)
    run(scene.consulting.end)
    saved = answers_in(scene.path)
    assert isinstance(saved.look(scene.subject, RULES, datetime.now(UTC)), NotRevoked)
    assert len(answers_in(scene.path.with_name("none"))) == 0
