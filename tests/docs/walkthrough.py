"""Does what a page tells its reader to do, in a folder of its own, and compares the answers.

Marks of blocks: ``file=NAME`` writes a file; ``bash run`` runs, ``exit=N,M`` says how it may end;
``bash run look`` only looks, and may have to look again until it sees what follows; ``bash
background`` starts something that goes on, ``ready`` waits for that line; ``text output`` is what
the block before it must have said, where ``...`` stands for anything; ``wait=EVENT`` waits until
the background's log has one more of that event.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Self

from tests.docs.pages import Block
from tests.support import nursery

_PATIENCE = 90.0
_LOOKING = 15.0


class Walk:
    """A reader with a folder; ``ports`` maps the ports of the text to free ones."""

    def __init__(self, folder: Path, ports: Mapping[str, int], *, installed: bool = False) -> None:
        """``installed``: types the command that was installed, and waits for its imports."""
        self._folder = folder
        self._programs = Path(tempfile.mkdtemp(prefix="ostiary-"))
        self._files = () if installed else (nursery.on_the_path(self._programs),)
        self._ports = ports
        self._running: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        self._log = folder / ".background.log"
        self._log.touch()
        self._said = ""
        self._look: Block | None = None
        self.compared = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process, log in reversed(self._running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            finally:
                process.kill()
                log.close()
        shutil.rmtree(self._programs)

    def follow(self, blocks: Iterable[Block]) -> None:
        """Do all of it; AssertionError names the block that does not keep its promise."""
        for block in blocks:
            text = self._local(block.text)
            event = re.escape(block.marks.get("wait", ""))
            happened = rf'^.*"event": "{event}".*\n'
            before = self._logged(happened)
            if "file" in block.marks:
                (self._folder / block.marks["file"]).write_text(text)
            elif "run" in block.marks:
                self._run(block, text)
                self._look = block if "look" in block.marks else None
            elif "background" in block.marks:
                self._start(block, text)
            elif "output" in block.marks:
                self._compare(block, text)
            if "wait" in block.marks:
                self._wait(block, happened, before)

    def _local(self, text: str) -> str:
        for written, port in self._ports.items():
            text = re.sub(rf"\b{written}\b", str(port), text)
        return text

    def _environment(self) -> dict[str, str]:
        found = self._programs, Path(sys.executable).parent, os.environ.get("PATH", os.defpath)
        return {**os.environ, "PATH": ":".join(map(str, found)), "no_proxy": "*"}

    def _run(self, block: Block, text: str) -> None:
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", text],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self._files,
            timeout=_PATIENCE,
            check=False,
        )
        self._said = re.sub(r" *\r?\n", "\n", done.stdout.decode(errors="replace"))
        wanted = block.marks.get("exit", "0").split(",")
        assert str(done.returncode) in wanted, (
            f"{block} ended with {done.returncode}:\n{self._said}"
        )

    def _start(self, block: Block, text: str) -> None:
        log = self._log.open("ab")
        process = subprocess.Popen(
            ["bash", "-c", f"exec {text.strip().removesuffix('&')}"],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=self._files,
        )
        self._running.append((process, log))
        if "ready" in block.marks:
            self._wait(block, r"^ready\n", 0)

    def _logged(self, line: str) -> int:
        return len(re.findall(line, self._log.read_text(), re.MULTILINE))

    def _wait(self, block: Block, line: str, before: int) -> None:
        began = time.monotonic()
        while self._logged(line) <= before:
            ended = [process.args for process, _ in self._running if process.poll() is not None]
            if ended or time.monotonic() - began > _PATIENCE:
                raise AssertionError(f"{block}: no line {line!r} came:\n{self._log.read_text()}")
            time.sleep(0.05)

    def _compare(self, block: Block, wanted: str) -> None:
        parts = [re.escape(part) for part in wanted.strip().split("...")]
        pattern = re.compile(".*".join(parts), re.DOTALL | re.IGNORECASE)
        until = time.monotonic() + _LOOKING
        while self._look and not self._as(pattern) and time.monotonic() < until:
            time.sleep(0.1)
            self._run(self._look, self._local(self._look.text))
        assert self._as(pattern), f"{block} got:\n{self._said.strip()}"
        self.compared += 1

    def _as(self, pattern: re.Pattern[str]) -> bool:
        return pattern.fullmatch(self._said.strip()) is not None
