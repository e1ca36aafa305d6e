"""The page's own script dumps a real Redis, and what it writes is read as it was stored."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.migration.dump import read_dump
from tests.docs.pages import ROOT, blocks
from tests.support.ports import free_port

PAGE = ROOT / "docs/how-to/moving-from-express-gateway.md"
STORED = ROOT / "tests/vectors/express_gateway/consumers.ndjson"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose ``redis-cli`` asks a Redis of its own; redis-tools has both.

    Its ``redis-check-rdb`` is the server, which does what its name says.
    """
    cli, server = shutil.which("redis-cli"), shutil.which("redis-check-rdb")
    if cli is None or server is None:
        pytest.skip("redis-tools is not installed: no Redis can be run")
    port = str(free_port())
    with subprocess.Popen(
        ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path],
        executable=server,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            (tmp_path / "redis-cli").write_text(f'#!/bin/sh\nexec {cli} -p {port} "$@"\n')
            (tmp_path / "redis-cli").chmod(0o700)
            until = time.monotonic() + 30
            ping = [tmp_path / "redis-cli", "ping"]
            while subprocess.run(ping, capture_output=True, check=False).returncode:
                assert time.monotonic() < until
                time.sleep(0.05)
            yield tmp_path
        finally:
            process.terminate()


def store(folder: Path, *words: str) -> None:
    subprocess.run([folder / "redis-cli", *words], check=True, stdout=subprocess.DEVNULL)


def test_the_script_of_the_page_writes_what_redis_holds(bin_folder: Path) -> None:
    records = [json.loads(line) for line in STORED.read_text().splitlines()]
    odd = 'EG-key-auth: it\'s "odd" \\ é'
    held = {"keyId": odd.partition(":")[2], "keySecret": 'a"b\\', "consumerId": "x"}
    for record in (*records, {odd: held}):
        for key, fields in record.items():
            store(bin_folder, "hset", key, *(word for pair in fields.items() for word in pair))
    store(bin_folder, "sadd", "EG-username:jane", "57b8acc1")  # an index, and no hash
    store(bin_folder, "hset", "other", "a", "b")
    (script,) = [block.text for block in blocks(PAGE) if "dump" in block.marks]
    path = f"{bin_folder}:{os.environ.get('PATH', os.defpath)}"
    subprocess.run(
        ["bash", "-eu", "-c", script], cwd=bin_folder, check=True, env={**os.environ, "PATH": path}
    )
    written = (bin_folder / "consumers.ndjson").read_text()
    found = [json.loads(line) for line in written.splitlines()]
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, [*records, {odd: held}]))
    dump = read_dump(written, "EG")
    assert held["keyId"] in {one.name for one in dump.credentials}
