import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ostiary.supervisor.runtime import (
    CommandRefused,
    CommandUnsafe,
    EngineSilent,
    EngineUnreachable,
    Master,
    MasterSocket,
    ReplyMalformed,
    ReplyTooLong,
    RuntimeTrouble,
    Worker,
    WorkerGone,
    read_processes,
)

# As 2.6.12 printed it while an old worker was draining.
PROCESSES = """\
#<PID>          <type>          <reloads>       <uptime>        <version>      
9928            master          1 [failed: 0]   0d00h00m02s     2.6.12-1+deb12u4
# workers
10268           worker          0               0d00h00m01s     2.6.12-1+deb12u4
# old workers
9931            worker          1               0d00h00m02s     2.6.12-1+deb12u4
# programs


"""  # noqa: W291 - HAProxy's own padding
Answer = Callable[[str], bytes | None]


@asynccontextmanager
async def engine(answer: Answer, **bounds: float) -> AsyncIterator[MasterSocket]:
    """A socket that answers each line by ``answer``; None keeps silent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            said = answer((await reader.readline()).decode().rstrip("\n"))
            if said is None:
                await asyncio.sleep(1)
            else:
                writer.write(said)
        finally:
            writer.close()

    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        server = await asyncio.start_unix_server(serve, path)
        try:
            limit = int(bounds.get("limit", 1000))
            yield MasterSocket(path, seconds=bounds.get("seconds", 0.2), reply_limit=limit)
        finally:
            server.close()


def fails(answer: Answer, kind: type[Exception], *commands: str, pid: int = 10268) -> str:
    async def scene() -> None:
        async with engine(answer) as socket:
            await socket.on_worker(pid, *(commands or ("show env A",)))

    with pytest.raises(kind) as caught:
        asyncio.run(scene())
    return str(caught.value)


def test_entries_of_a_map_are_data_whatever_is_in_them() -> None:
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.read()).decode())
        writer.write(b"\n")
        writer.close()

    async def scene() -> None:
        with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
            async with await asyncio.start_unix_server(serve, Path(folder) / "m.sock"):
                socket = MasterSocket(Path(folder) / "m.sock")
                await socket.add_to_map(7, "/a b;c\\/f.map", {"K": "x; <<\ty", "L": "@!8 z"})
                await socket.clear_map(7, "/a b/f.map")
                for entries in ({"K": "a\n\nquit"}, {"K\nL": "a"}, {"": "a"}, {"K": "\x00"}):
                    with pytest.raises(CommandUnsafe):
                        await socket.add_to_map(7, "/f.map", entries)
                with pytest.raises(CommandUnsafe):
                    await socket.add_to_map(7, "/f\n.map", {"K": "a"})

    asyncio.run(scene())
    assert heard == [
        "@!7 add map /a\\ b\\;c\\\\/f.map <<\nK x; <<\ty\nL @!8 z\n\n",
        "@!7 clear map /a\\ b/f.map\n",
    ]


def test_a_map_that_does_not_take_an_entry_is_told() -> None:
    async def scene() -> None:
        async with engine(
            lambda _: b"unknown map identifier. Please use #<id> or <file>.\n"
        ) as socket:
            with pytest.raises(CommandRefused, match="unknown map identifier"):
                await socket.add_to_map(7, "/f.map", {"K": "a"})

    asyncio.run(scene())


def test_the_table_of_processes_is_read() -> None:
    processes = read_processes(PROCESSES)
    version = "2.6.12-1+deb12u4"
    assert processes.master == Master(pid=9928, reloads=1, failed=0, version=version)
    assert processes.workers == (
        Worker(pid=10268, reloads=0, draining=False, version=version),
        Worker(pid=9931, reloads=1, draining=True, version=version),
    )


@pytest.mark.parametrize("text", ["", "\n", "Unknown command", PROCESSES.replace("master", "x")])
def test_a_table_without_a_master_is_not_an_empty_table(text: str) -> None:
    with pytest.raises(ReplyMalformed):
        read_processes(text)


def test_commands_for_one_worker_are_all_sent_to_that_worker() -> None:
    lines: list[str] = []

    async def scene() -> str:
        def answer(line: str) -> bytes:
            lines.append(line)
            return b"one\n\ntwo\n\n"

        async with engine(answer) as socket:
            return await socket.on_worker(7, "show a", "show b")

    assert asyncio.run(scene()) == "one\n\ntwo\n\n"
    assert lines == ["@!7; show a; show b"]


@pytest.mark.parametrize(
    "command", ["a\nb", "a;b", "a\\;b", "a\0", "a\rb", "", "  ", "x" * 9000, "ü" * 5000]
)
def test_a_command_that_would_be_read_as_another_is_never_sent(command: str) -> None:
    fails(lambda line: pytest.fail("sent"), CommandUnsafe, "ok", command)


def test_each_way_of_failing_has_its_name() -> None:
    assert "unknown" in fails(lambda _: b"Unknown command: 'x', but\n", CommandRefused).lower()
    fails(lambda _: b"fine\n\nPermission denied\n\n", CommandRefused)
    fails(lambda _: b"Can't find the target PID matching the prefix '@!7'\n", WorkerGone)
    fails(lambda _: b"", EngineUnreachable)
    fails(lambda _: b"x" * 1001, ReplyTooLong)


def test_silence_about_a_worker_that_is_gone_is_told_from_plain_silence() -> None:
    def silent(line: str) -> bytes | None:
        return PROCESSES.encode() if line == "show proc" else None

    fails(silent, EngineSilent, pid=10268)
    fails(silent, WorkerGone, pid=7)


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(EngineUnreachable, match="No such file"):
        asyncio.run(MasterSocket(Path("/nowhere/m.sock")).processes())


def test_every_worker_is_asked_and_one_that_ended_is_left_out() -> None:
    def answer(line: str) -> bytes:
        if line == "show proc":
            return PROCESSES.encode()
        return b"Can't find the target PID\n" if line.startswith("@!9931;") else b"\n"

    async def scene() -> dict[int, str]:
        async with engine(answer) as socket:
            return dict(await socket.on_every_worker("clear"))

    assert asyncio.run(scene()) == {10268: "\n"}


def test_one_worker_that_refuses_spoils_the_answer_of_all() -> None:
    def answer(line: str) -> bytes:
        if line == "show proc":
            return PROCESSES.encode()
        return b"Permission denied\n" if line.startswith("@!9931;") else b"\n"

    async def scene() -> None:
        async with engine(answer) as socket:
            await socket.on_every_worker("clear")

    with pytest.raises(CommandRefused):
        asyncio.run(scene())


@pytest.mark.parametrize(
    ("said", "value"),
    [(b"A=1\n\n", "1"), (b"A=\n\n", ""), (b"A=b=c\n\n", "b=c"), (b"Variable not found\n\n", None)],
)
def test_a_variable_is_read_and_its_absence_told(said: bytes, value: str | None) -> None:
    async def scene() -> str | None:
        async with engine(lambda _: said) as socket:
            return await socket.variable(7, "A")

    assert asyncio.run(scene()) == value


@pytest.mark.parametrize("said", [b"\n", b"B=1\n\n", b"A\n\n"])
def test_an_answer_about_another_variable_is_malformed(said: bytes) -> None:
    async def scene() -> None:
        async with engine(lambda _: said) as socket:
            await socket.variable(7, "A")

    with pytest.raises(ReplyMalformed):
        asyncio.run(scene())


def test_all_troubles_have_one_root() -> None:
    for kind in (EngineSilent, EngineUnreachable, ReplyTooLong, WorkerGone, CommandRefused):
        assert issubclass(kind, RuntimeTrouble)
