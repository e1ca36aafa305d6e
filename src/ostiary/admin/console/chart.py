"""Geometry of the overview's chart: admitted and refused requests over time, as bars. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ostiary.management.sights import TrafficPoint

WIDTH, HEIGHT = 720, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 24
_TICKS = 4
_LABELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One colour of one bar."""

    kind: str
    """``admitted``, ``refused`` or ``would``."""
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One interval."""

    x: float
    width: float
    segments: tuple[Segment, ...]
    point: TrafficPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the grid, or a word below it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """All that the template draws; units are those of the view box."""

    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    top: int
    """The number at the upper edge, at least 1."""
    admitted: int
    refused: int
    would_refuse: int
    requests: int


def chart(points: Sequence[TrafficPoint]) -> Chart:
    """Lay out the bars, oldest at the left."""
    most = max((_total(one) for one in points), default=0)
    top = ceiling(most)
    step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    return Chart(
        bars=tuple(_bar(point, LEFT + step * at, step, top) for at, point in enumerate(points)),
        rows=tuple(_row(top, part) for part in range(_TICKS + 1)),
        columns=_columns(points, step),
        top=top,
        admitted=sum(one.admitted for one in points),
        refused=sum(one.refused for one in points),
        would_refuse=sum(one.would_refuse for one in points),
        requests=sum(one.requests for one in points),
    )


def ceiling(most: int) -> int:
    """The smallest round number that is a multiple of the ticks and holds ``most``."""
    size = _TICKS
    while True:
        for factor in (1, 2, 5):
            if size * factor >= most:
                return size * factor
        size *= 10


def _total(point: TrafficPoint) -> int:
    return point.admitted + point.refused


def _bar(point: TrafficPoint, x: float, step: float, top: int) -> Bar:
    would = min(point.would_refuse, point.admitted)
    floor = float(HEIGHT - BOTTOM)
    parts = (("admitted", point.admitted - would), ("would", would), ("refused", point.refused))
    segments = []
    for kind, count in parts:
        height = round((HEIGHT - TOP - BOTTOM) * count / top, 2)
        floor -= height
        if height:  # too few to be drawn are in the title and the table
            segments.append(Segment(kind=kind, y=round(floor, 2), height=height))
    gap = min(1.5, step / 4)
    return Bar(x=round(x, 2), width=round(step - gap, 2), segments=tuple(segments), point=point)


def _row(top: int, part: int) -> Tick:
    at = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part / _TICKS
    return Tick(at=at, label=f"{top * part // _TICKS:,}")


def _columns(points: Sequence[TrafficPoint], step: float) -> tuple[Tick, ...]:
    every = max(1, -(-len(points) // _LABELS))
    return tuple(
        Tick(at=round(LEFT + step * (at + 0.5), 2), label=_clock(points[at].at))
        for at in range(0, len(points), every)
    )


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")
