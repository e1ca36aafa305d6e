"""The picture of a run: one panel a scenario, one bar a gateway, a whisker from slowest to
fastest round.
"""

from html import escape

from bench.outcome import Entrant, Outcome
from bench.samples import Summary, summarise
from bench.scenarios import ALL as SCENARIOS
from bench.scenarios import Scenario

WIDTH, LABELS, NUMBERS = 860, 270, 130
ROW, GAP, HEAD = 22, 26, 24
SPAN = WIDTH - LABELS - NUMBERS
OWN_COLOUR, OTHER_COLOUR, INK, PALE = "#1f6f5c", "#9db4c0", "#22303c", "#5c6b77"
OWN = "ostiary"


def draw(outcome: Outcome) -> str:
    """An SVG document; the same outcome gives the same bytes."""
    parts: list[str] = []
    top = 8
    for scenario in SCENARIOS:
        rows = _rows(outcome, scenario)
        if rows:
            parts += _panel(scenario, rows, top)
            top += HEAD + ROW * len(rows) + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" '
        f'width="{WIDTH}" height="{top}" font-family="system-ui, sans-serif" font-size="13">'
    )
    ground = f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>'
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def _rows(outcome: Outcome, scenario: Scenario) -> list[tuple[Entrant, Summary]]:
    found = []
    for one in outcome.entrants:
        got = summarise(
            outcome.samples, who=one.key, scenario=scenario.key, measure=outcome.measure
        )
        if got is not None:
            found.append((one, got))
    return sorted(found, key=lambda row: -row[1].rate.middle)


def _panel(scenario: Scenario, rows: list[tuple[Entrant, Summary]], top: int) -> list[str]:
    most = max(summary.rate.high for _, summary in rows)
    title = escape(f"{scenario.title} ({scenario.unit})")
    parts = [f'<text x="8" y="{top + 14}" font-weight="600" fill="{INK}">{title}</text>']
    for number, (who, summary) in enumerate(rows):
        parts += _bar(who, summary, top + HEAD + ROW * number, SPAN / most)
    return parts


def _bar(who: Entrant, summary: Summary, y: int, scale: float) -> list[str]:
    rate = summary.rate
    colour = OWN_COLOUR if who.key == OWN else OTHER_COLOUR
    low, high = LABELS + rate.low * scale, LABELS + rate.high * scale
    middle = y + ROW / 2 - 2
    words = f"{rate.middle:,.0f}"
    if summary.ratio is not None:
        words += f"  x {summary.ratio.middle:.2f}"
    return [
        f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end" fill="{INK}">'
        f"{escape(who.title)}</text>",
        f'<rect x="{LABELS}" y="{y + 2}" width="{rate.middle * scale:.1f}" height="{ROW - 8}" '
        f'fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle:.1f}H{high:.1f}" stroke="{INK}" stroke-width="1.5"/>',
        f'<text x="{high + 8:.1f}" y="{y + 14}" fill="{PALE}">{words}</text>',
    ]
