"""Lists are fetched in the background, kept on the disk, and put in force: against real servers."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ostiary.config.load import load
from ostiary.kernel.errors import OstiaryError
from ostiary.services.list_sources import Fetched, SourceState
from ostiary.services.lists import ListFile
from ostiary.store.list_copies import ListCopies
from ostiary.trust.anchors import AnchorSet
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring.list_shelf import ListShelf
from ostiary.wiring.list_sources import MOST_FOUND, ListSources
from ostiary.x509.revocation import RevocationList
from tests.support.lists import crl_of
from tests.support.pki import DAY, Kit, Made
from tests.support.web import Site, endless, raw, serve, status

TEXT = """
http: {port: 8080}
https: {port: 4444, tls: {default: {key: s.key, cert: s.crt}}}
clientCertificateAuth:
  type: certificate
  revocation: {%s}
"""


class Gateway:
    """As much of one as the sources need: what is in force, and a refresh that can fail."""

    def __init__(self, root: Made, revocation: str) -> None:
        self.root = root
        self.fetched = Fetched()
        self.failures = 0
        self.files: dict[str, ListFile] = {}
        self.configure(revocation)

    def configure(self, revocation: str) -> None:
        materials = SimpleNamespace(trusted=AnchorSet([self.root.certificate]), entries={})
        self.prepared: Any = SimpleNamespace(
            document=load(TEXT % revocation, "g.yml", {}).document,
            materials=materials,
            gathered=SimpleNamespace(lists=SimpleNamespace(files=self.files)),
        )

    def intermediates(self) -> Intermediates:
        return Intermediates()

    async def refresh(self, fetched: Fetched) -> None:
        if self.failures:
            self.failures -= 1
            raise OstiaryError("the engine can't do it just now")
        self.fetched = fetched


class Scene:
    """A gateway that runs, and its sources."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.gateway = gateway
        self.lists = ListSources(ListShelf(ListCopies(folder)))
        gateway.fetched = self.lists.load(gateway.prepared.document)

    async def until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not reached():
                await asyncio.sleep(0.01)

    def state(self, url: str) -> SourceState:
        return next(one for one in self.lists.states() if one.source == url)

    def numbers(self) -> list[int]:
        every = [*self.gateway.fetched.by_url.values(), *dict(self.gateway.fetched.found).values()]
        return sorted(one.number for lists in every for one in lists)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Kit(tmp_path_factory.mktemp("pki")).root("root")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as found:
        yield found


def play(scene: Scene, *acts: Callable[[Scene], Any]) -> None:
    """Run the sources, and do these meanwhile."""

    async def work() -> None:
        running = asyncio.create_task(scene.lists.run(scene.gateway))
        try:
            for act in acts:
                await act(scene)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def has(*numbers: int) -> Callable[[Scene], Any]:
    return lambda scene: scene.until(lambda: scene.numbers() == list(numbers))


def made(folder: Path, root: Made, revocation: str) -> Scene:
    return asyncio.run(_made(folder, root, revocation))


async def _made(folder: Path, root: Made, revocation: str) -> Scene:
    return Scene(folder / "lists", Gateway(root, revocation))


def follow(site: Site, more: str = "") -> str:
    hosts = f"hosts: ['*:{site.port}', '*']"
    return f"mode: strict, fetch: {{distributionPoints: true, {hosts}, private: 127.0.0.1{more}}}"


def test_a_list_is_fetched_kept_and_there_again_after_a_restart(
    tmp_path: Path, root: Made, site: Site
) -> None:
    url = site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5))
    play(made(tmp_path, root, f"crl: ['{url}']"), has(5))
    site.answers["/a.crl"] = status(500)
    again = made(tmp_path, root, f"crl: ['{url}']")
    assert again.numbers() == [5]
    play(again, lambda scene: scene.until(lambda: scene.state(url).error))
    assert "answered 500" in again.state(url).error
    assert [one.number for one in again.state(url).lists] == [5]
    assert site.headers[-1]["if-none-match"]


def test_whoever_has_the_newest_is_not_sent_it_again(
    tmp_path: Path, root: Made, site: Site
) -> None:
    url = site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5))
    play(made(tmp_path, root, f"crl: ['{url}']"), has(5))

    async def asked(scene: Scene) -> None:
        await scene.lists.fetch_now()
        assert scene.state(url).error == ""
        assert (scene.state(url).confirmed or datetime.min.replace(tzinfo=UTC)).year > 2000

    play(made(tmp_path, root, f"crl: ['{url}']"), asked)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless(b"\0" * 65_536, most=200 << 20), "larger than 65536 bytes"),
        (endless(b"x", pause=0.05, most=400), "longer than 1 s"),
        (serve(b"<html>Please log in</html>"), "not a revocation list"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n-----BEGIN"), "no proper answer"),
        (status(302, Location="http://169.254.169.254/latest/"), "not an allowed host"),
    ],
    ids=["huge", "slow", "no-list", "cut", "metadata"],
)
def test_whatever_comes_instead_the_list_before_stays(
    tmp_path: Path, root: Made, site: Site, answer: Any, words: str
) -> None:
    url = site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5))

    async def attacked(scene: Scene) -> None:
        site.answers["/a.crl"] = answer
        await scene.lists.fetch_now(url)
        assert words in scene.state(url).error, scene.state(url).error
        assert scene.numbers() == [5]

    limits = "fetch: {maxBytes: 65536, timeout: 1s}"
    play(made(tmp_path, root, f"crl: ['{url}'], {limits}"), has(5), attacked)


def test_a_damaged_copy_is_left_out_and_fetched_anew(
    tmp_path: Path, root: Made, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    url = site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5))
    play(made(tmp_path, root, f"crl: ['{url}']"), has(5))
    (copy,) = (tmp_path / "lists").glob("*.crl")
    copy.write_bytes(copy.read_bytes()[:-20])
    again = made(tmp_path, root, f"crl: ['{url}']")
    assert again.numbers() == []
    play(again, has(5))
    assert "list-copy-damaged" in capsys.readouterr().out
    assert "if-none-match" not in site.headers[-1]


def test_a_list_that_ended_is_asked_for_again_and_told(
    tmp_path: Path, root: Made, site: Site
) -> None:
    now, url = datetime.now(UTC), site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5, begin=now - 2 * DAY, end=now - DAY))
    scene = made(tmp_path, root, f"crl: ['{url}']")
    play(scene, has(5), lambda scene: scene.until(lambda: scene.state(url).error))
    assert "ended at" in scene.state(url).error


def test_a_point_is_followed_once_and_forgotten_with_the_setting(
    tmp_path: Path, root: Made, site: Site
) -> None:
    urls = (site.url("/a.crl"), "http://crl.example/not-asked")
    site.put("/a.crl", crl_of(root, number=5))

    async def wanted(scene: Scene) -> None:
        await scene.until(lambda: scene.lists._prepared)
        for _ in range(3):
            scene.lists.want((urls, ("http://elsewhere.example:81/x", "ftp://x/y")))
        await has(5)(scene)
        assert [one.source for one in scene.lists.states()] == [urls[0]]

    play(made(tmp_path, root, follow(site)), wanted)
    assert site.asked == ["/a.crl"]
    again = made(tmp_path, root, follow(site))
    assert again.numbers() == [5]

    async def unset(scene: Scene) -> None:
        scene.gateway.configure("mode: strict")
        await scene.until(lambda: not scene.lists.states())

    play(again, unset, has())


def test_what_can_not_be_put_in_force_is_tried_again(
    tmp_path: Path, root: Made, site: Site
) -> None:
    site.put("/a.crl", crl_of(root, number=5))
    scene = made(tmp_path, root, f"crl: ['{site.url('/a.crl')}']")
    scene.gateway.failures = 2
    play(scene, has(5))
    assert scene.gateway.failures == 0


def test_a_list_is_asked_for_again_when_the_setting_says_so(
    tmp_path: Path, root: Made, site: Site
) -> None:
    url = site.url("/a.crl")
    site.put("/a.crl", crl_of(root, number=5))

    async def shortened(scene: Scene) -> None:
        await scene.until(lambda: not scene.lists._sources[url].task)
        scene.gateway.configure(f"crl: ['{url}'], fetch: {{every: 30s}}")
        await scene.until(lambda: len(site.asked) == 2)

    play(made(tmp_path, root, f"crl: ['{url}']"), has(5), shortened)


def test_nothing_is_followed_without_leave(tmp_path: Path, root: Made, site: Site) -> None:
    async def wanted(scene: Scene) -> None:
        await scene.until(lambda: scene.lists._prepared)
        scene.lists.want(((site.url("/a.crl"),),))
        assert scene.lists.states() == ()

    play(made(tmp_path, root, "mode: strict"), wanted)
    assert site.asked == []


def test_points_are_bounded(tmp_path: Path, root: Made, site: Site) -> None:
    async def wanted(scene: Scene) -> None:
        await scene.until(lambda: scene.lists._prepared)
        for number in range(MOST_FOUND + 50):
            scene.lists.want(((site.url(f"/{number}"),),))
        assert len(scene.lists.states()) == MOST_FOUND

    play(made(tmp_path, root, follow(site)), wanted)


def test_a_file_s_newer_list_is_recalled_after_a_restart(tmp_path: Path, root: Made) -> None:
    path = tmp_path / "a.crl"
    path.write_bytes(crl_of(root, number=7))
    shelf = tmp_path / "lists"

    def read(scene: Scene) -> tuple[RevocationList, ...]:
        content = path.read_bytes()
        file = scene.lists.reading(scene.gateway.files).file(str(path), content, _digest(content))
        scene.gateway.files[str(path)] = file
        return file.every

    async def kept(scene: Scene) -> None:
        await scene.until((shelf / "index.json").exists)

    first = made(tmp_path, root, "crl: a.crl")
    assert [one.number for one in read(first)] == [7]
    play(first, kept)
    path.write_bytes(crl_of(root, number=6))
    for _ in range(2):
        again = made(tmp_path, root, "crl: a.crl")
        assert sorted(one.number for one in read(again)) == [6, 7]
        play(again, lambda scene: asyncio.sleep(0.1))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
