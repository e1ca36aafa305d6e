"""Geometry of the overview's chart: requests let through and refused over time, as bars. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ostiary.management.sights import TrafficPoint

WIDTH, HEIGHT = 720, 180
LEFT, RIGHT, TOP, BOTTOM = 16, 44, 10, 24
_TICKS = 4
_LABELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One colour of one bar."""

    kind: str
    """``passed``, ``refused`` or ``would``."""
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One minute."""

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
    passed: int
    refused: int
    would_refuse: int
    requests: int


def chart(points: Sequence[TrafficPoint]) -> Chart:
    """Lay out the bars, one for each minute, oldest at the left."""
    minutes = [_minute(list(some)) for _at, some in groupby(points, key=_minute_of)]
    most = max((one.refused + one.admitted for one in minutes), default=0)
    top = ceiling(most)
    step = (WIDTH - LEFT - RIGHT) / max(len(minutes), 1)
    return Chart(
        bars=tuple(_bar(point, (LEFT + step * at, step), top) for at, point in enumerate(minutes)),
        rows=tuple(_row(top, part) for part in range(_TICKS + 1)),
        columns=_columns(minutes, step),
        top=top,
        passed=sum(one.admitted for one in minutes),
        refused=sum(one.refused for one in minutes),
        would_refuse=sum(one.would_refuse for one in minutes),
        requests=sum(one.requests for one in minutes),
    )


def ceiling(most: int) -> int:
    """The smallest round number that is a multiple of the ticks and holds ``most``."""
    size = _TICKS
    while True:
        for factor in (1, 2, 5):
            if size * factor >= most:
                return size * factor
        size *= 10


def _minute_of(point: TrafficPoint) -> datetime:
    return point.at.replace(second=0, microsecond=0)


def _minute(points: Sequence[TrafficPoint]) -> TrafficPoint:
    """The points of one minute as one."""
    return TrafficPoint(
        at=_minute_of(points[0]),
        seconds=sum(one.seconds for one in points),
        requests=sum(one.requests for one in points),
        connections=sum(one.connections for one in points),
        admitted=sum(one.admitted for one in points),
        refused=sum(one.refused for one in points),
        would_refuse=sum(one.would_refuse for one in points),
    )


def _bar(point: TrafficPoint, place: tuple[float, float], top: int) -> Bar:
    (x, step), would = place, point.would_refuse
    floor = float(HEIGHT - BOTTOM)
    parts = (("passed", point.admitted - would), ("would", would), ("refused", point.refused))
    segments = []
    for kind, count in parts:
        height = round((HEIGHT - TOP - BOTTOM) * count / top, 2)
        floor -= height
        if height:  # too few to be drawn are in the title and the table
            segments.append(Segment(kind=kind, y=round(floor, 2), height=height))
    gap = min(1.5, step / 4)
    return Bar(
        x=round(x, 2),
        width=round(step - gap, 2),
        segments=tuple(segments),
        point=point,
    )


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
