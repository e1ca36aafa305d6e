"""The crowd of ``crowd.c``: thousands of open connections, spoken to by lines."""

import contextlib
import json
import queue
import resource
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from bench.certificates import Pair
from bench.children import DidNotStart, pinned

_PATIENCE = 300.0
"""Seconds until the load tool says something."""
_SPARE = 300
"""Open files of the engine that are no client's, beside the hundredth that it leaves free."""


class Crowd:
    """The load tool, spoken to by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """It has been started."""
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")  # it has ended

    def say(self, line: str) -> None:
        """An order. Raises DidNotStart when nobody takes it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            code = self._process.wait(10)
            raise DidNotStart(f"the load tool has ended ({code})") from None

    def hear(self) -> str:
        """The next line. Raises DidNotStart when there is none."""
        with contextlib.suppress(queue.Empty):
            if line := self._lines.get(timeout=_PATIENCE):
                return line
        raise DidNotStart(f"the load tool says nothing more ({self._process.poll()})")

    def tell(self) -> dict[str, float]:
        """The numbers since it was asked last."""
        self.say("tell")
        found: dict[str, float] = json.loads(self.hear())
        return found

    def wait_for(self, status: int) -> float:
        """When the probed connection was answered so, by the monotonic clock."""
        while True:
            _, said, at = self.hear().split()
            if int(said) == status:
                return float(at)

    @contextlib.contextmanager
    def probing(self, number: int) -> Iterator[None]:
        """This connection asks without a pause; it is served at the beginning."""
        self.say(f"probe {number}")
        self.wait_for(200)
        yield
        self.say(f"rest {number}")


def room() -> int:
    """How many clients the engine can serve with the files it may open: two for each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (hard - hard // 100 - _SPARE) // 2


@contextlib.contextmanager
def gathered(crowd: Path, core: int, port: int, period: float, many: Pair) -> Iterator[Crowd]:
    """All connected. Raises DidNotStart."""
    argv = (str(crowd), str(port), str(period * 1000), str(many.key), str(many.cert))
    process = subprocess.Popen(
        pinned(core, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        people = Crowd(process)
        if people.hear() != "ready":
            raise DidNotStart("the load tool does not begin")
        yield people
    finally:
        process.kill()
        process.communicate()
