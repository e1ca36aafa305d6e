"""The public listener's port is taken at the start, or the start is refused; and its process is
counted on."""

import asyncio
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ostiary.admin.sockets import AdminPortTaken, bind_tcp
from ostiary.config.model.pki import Pki
from ostiary.wiring.metering import PublishedCollector
from ostiary.wiring.publishing.counting import Counting, line_of
from ostiary.wiring.publishing.keeping import Publishing


def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path) -> None:
    with bind_tcp("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AdminPortTaken, match=rf"pki: 127.0.0.1:{port} .*another pki\.port"):
            Publishing(Pki(port=port), tmp_path)


def test_answers_are_counted_over_the_death_of_the_process(tmp_path: Path) -> None:
    with closing(bind_tcp("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    publishing = Publishing(Pki(port=port), tmp_path)
    pages = ("page", "sent")

    def ask() -> None:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=60, trust_env=False).raise_for_status()

    async def until(count: int) -> None:
        async with asyncio.timeout(30):
            while publishing.counting.totals().get(pages) != count:
                await asyncio.sleep(0.05)

    async def live() -> None:
        publishing.start()
        try:
            await asyncio.to_thread(ask)
            await asyncio.to_thread(ask)
            await until(2)
            process = publishing._process
            assert process is not None
            process.kill()
            await asyncio.to_thread(ask)
            await until(3)
        finally:
            await publishing.stop()

    asyncio.run(live())
    registry = CollectorRegistry()
    registry.register(PublishedCollector(publishing.counting))
    text = generate_latest(registry).decode()
    assert 'ostiary_pki_answers_total{kind="page",outcome="sent"} 3.0' in text


@pytest.mark.parametrize("line", [b"", b"junk", b"1", b"[[1]]", b'{"a": 1}', b"[[[], 1, 2]]"])
def test_a_line_that_tells_no_counts_changes_none(line: bytes) -> None:
    counting = Counting()
    counting.hear(line_of({("ocsp", "good"): 1}))
    counting.hear(line)
    assert counting.totals() == {("ocsp", "good"): 1}


def test_without_the_setting_there_is_no_process(tmp_path: Path) -> None:
    async def live() -> None:
        nothing = Publishing(None, tmp_path)
        nothing.start()
        await nothing.stop()

    asyncio.run(live())
