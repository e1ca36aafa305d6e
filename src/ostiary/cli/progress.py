"""Long work is seen to go on: on a terminal only, and on standard error."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import Progress, track

from ostiary.cli.tables import error_console

T = TypeVar("T")
_FEW = 3


@contextmanager
def working(what: str) -> Iterator[None]:
    """Something whose length isn't known."""
    console = error_console()
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def through(things: Sequence[T], what: str) -> Iterable[T]:
    """Each of them, with a bar where there are more than a few."""
    console = error_console()
    if len(things) <= _FEW or not console.is_terminal:
        return things
    return track(things, description=what, console=console, transient=True)


@contextmanager
def towards(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar that is told how much of ``total`` is done."""
    console = error_console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
