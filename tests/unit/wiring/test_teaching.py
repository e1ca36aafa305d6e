"""The engine is told each header's facts once; what can't be told costs a question, no more."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ostiary.agent.facts import Facts
from ostiary.supervisor.runtime import MasterSocket
from ostiary.wiring import teaching
from ostiary.wiring.teaching import Teaching

FOLDER = Path("/revisions/r1")


def facts(name: str, certificate: str = "MAA=") -> Facts:
    return Facts(header=f"H{name}", subject=f"CN={name}", fingerprint="F", certificate=certificate)


@asynccontextmanager
async def master(reply: Callable[[str], bytes]) -> AsyncIterator[tuple[MasterSocket, list[str]]]:
    """A master socket that answers so, and what it heard."""
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.read()).decode()
        heard.append(said)
        writer.write(reply(said))
        writer.close()

    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        async with await asyncio.start_unix_server(serve, path):
            yield MasterSocket(path), heard


async def told(heard: list[str], commands: int) -> list[str]:
    async with asyncio.timeout(10):
        while len(heard) < commands:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)
    return heard


def test_the_certificate_is_told_before_the_facts_that_lead_to_it() -> None:
    async def scene() -> None:
        async with master(lambda _: b"\n") as (socket, heard):
            teacher = Teaching()
            teacher.begin(socket, 7, FOLDER)
            teacher.learn(facts("a"))
            assert await told(heard, 2) == [
                "@!7 add map /revisions/r1/certificates.map <<\nHa MAA=\n\n",
                "@!7 add map /revisions/r1/facts.map <<\nHa F\tCN=a\t\t\n\n",
            ]
            await teacher.end()

    asyncio.run(scene())


def test_each_header_is_told_once_and_a_new_worker_anew() -> None:
    async def scene() -> None:
        async with master(lambda _: b"\n") as (socket, heard):
            teacher = Teaching()
            teacher.begin(socket, 7, FOLDER)
            for _ in range(2):
                teacher.learn(facts("a"))
                await told(heard, 2)
            assert len(heard) == 2
            teacher.begin(socket, 8, FOLDER)
            teacher.learn(facts("a"))
            assert all(one.startswith("@!8 add map") for one in (await told(heard, 4))[2:])
            await teacher.end()

    asyncio.run(scene())


def test_a_header_without_a_certificate_or_with_a_huge_one_is_not_told() -> None:
    async def scene() -> None:
        async with master(lambda _: b"\n") as (socket, heard):
            teacher = Teaching()
            teacher.learn(facts("early"))
            teacher.begin(socket, 7, FOLDER)
            teacher.learn(Facts(header="empty"))
            teacher.learn(facts("huge", certificate="A" * 12_289))
            teacher.learn(facts("a"))
            assert all("Hempty" not in one and "Hhuge" not in one for one in await told(heard, 2))
            await teacher.end()

    asyncio.run(scene())


def test_no_command_is_larger_than_the_engine_s_buffer() -> None:
    async def scene() -> None:
        async with master(lambda _: b"\n") as (socket, heard):
            teacher = Teaching()
            teacher.begin(socket, 7, FOLDER)
            for number in range(100):
                teacher.learn(facts(str(number), certificate="A" * 12_000))
            async with asyncio.timeout(10):
                while sum(one.count("\nH") for one in heard) < 200:
                    await asyncio.sleep(0.005)
            assert max(map(len, heard)) < 48 * 1024
            await teacher.end()

    asyncio.run(scene())


def test_the_worker_forgets_all_when_it_has_been_told_much() -> None:
    async def scene() -> None:
        async with master(lambda _: b"\n") as (socket, heard):
            teacher = Teaching(largest=100)
            teacher.begin(socket, 7, FOLDER)
            teacher.learn(facts("a", certificate="A" * 100))
            assert [one.split()[1:3] for one in await told(heard, 4)] == [
                ["add", "map"], ["add", "map"], ["clear", "map"], ["clear", "map"]
            ]  # fmt: skip
            assert "facts.map" in heard[2]  # nobody finds facts that lead to nothing
            teacher.learn(facts("a"))
            assert len(await told(heard, 6)) == 6
            await teacher.end()

    asyncio.run(scene())


def test_after_a_failure_there_is_a_pause_and_then_another_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teaching, "_PAUSE_SECONDS", 0.1)

    async def scene() -> None:
        async with master(lambda _: b"unknown map\n") as (socket, heard):
            teacher = Teaching()
            teacher.begin(socket, 7, FOLDER)
            for _ in range(20):
                teacher.learn(facts("a"))
                await asyncio.sleep(0)
            assert len(await told(heard, 1)) == 1
            async with asyncio.timeout(10):
                while len(heard) < 2:
                    teacher.learn(facts("a"))
                    await asyncio.sleep(0.01)
            await teacher.end()

    asyncio.run(scene())
