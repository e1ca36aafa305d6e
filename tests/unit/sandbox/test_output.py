"""What plug-ins print is told line by line, and never without bound."""

import pytest
from structlog.testing import capture_logs

from ostiary.sandbox.output import Output


def said(*pieces: bytes, clock: list[float] | None = None) -> list[str]:
    times = iter(clock or [0.0] * 1000)
    with capture_logs() as told:
        output = Output("p", lambda: next(times))
        for piece in pieces:
            output.take(piece)
        output.end()
    return [str(one.get("text", one.get("lines"))) for one in told]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ((b"one\ntwo\n",), ["one", "two"]),
        ((b"o", b"ne\nt", b"wo"), ["one", "two"]),
        ((b"\n \n",), []),
        ((b"\xff\n",), ["\ufffd"]),
    ],
)
def test_lines_are_put_together(pieces: tuple[bytes, ...], lines: list[str]) -> None:
    assert said(*pieces) == lines


def test_a_line_without_end_is_cut() -> None:
    assert [len(line) for line in said(b"x" * 5000, b"y")] == [1000, 1]


def test_what_is_too_much_is_counted() -> None:
    assert said(b"x\n" * 250)[100:] == ["150"]


def test_after_a_while_there_is_room_again() -> None:
    clock = [0.0] * 151 + [11.0] * 200
    assert said(b"x\n" * 150, b"y\n", clock=clock)[100:] == ["50", "y"]
