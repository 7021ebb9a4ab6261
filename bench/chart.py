"""Draw what was measured as SVG: bars for each question, legible in light and in dark."""

from collections.abc import Sequence
from html import escape

from bench.measuring import Figure
from bench.queries import QUERIES

_WIDTH, _LEFT, _RIGHT = 760, 108, 64
_BAR, _GAP, _HEAD = 16, 4, 30
_TOP = 54
_CLASSES = ("own", "limit", "other", "usual")
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .what { font-weight: 600 } .quiet { fill: #59636e }
.own { fill: #0969da } .limit { fill: #8c959f } .other { fill: #bf8700 } .usual { fill: #a475f9 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 }
  .own { fill: #4493f8 } .limit { fill: #656c76 } .other { fill: #d29922 } .usual { fill: #ab7df8 }
}
"""


def draw(figures: Sequence[Figure], connections: int) -> str:
    """Draw the rates at so many *connections*; each question has a scale of its own, which its fastest fills."""
    chosen = [one for one in figures if one.connections == connections]
    queries = list(dict.fromkeys(one.query for one in chosen))
    servers = list(dict.fromkeys(one.server for one in chosen))
    shapes, y = [], _TOP
    for query in queries:
        shapes.append(f'<text class="what" x="0" y="{y + 12}">{query}</text>')
        shapes.append(f'<text class="quiet" x="{_LEFT}" y="{y + 12}">{escape(QUERIES[query].what)}</text>')
        y += _HEAD - 8
        of_query = [one for one in chosen if one.query == query]
        most = max(one.sample.rate for one in of_query)
        for one in of_query:
            shapes += _bar(one, servers.index(one.server), y, most)
            y += _BAR + _GAP
        y += _HEAD - 14
    title = f"Requests a second, {connections} connections, one process each"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{title}">'
        f"<style>{_STYLE}</style>"
        f'<text class="title" x="0" y="18">{title}</text>'
        '<text class="quiet" x="0" y="36">Each question has its own scale; longer is faster.</text>'
        f"{''.join(shapes)}</svg>\n"
    )


def _bar(figure: Figure, place: int, y: int, most: float) -> list[str]:
    rate = figure.sample.rate
    width = max(1.0, (_WIDTH - _LEFT - _RIGHT) * rate / most)
    label = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004 - small rates want their fraction
    name = _CLASSES[min(place, len(_CLASSES) - 1)]
    return [
        f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(figure.server)}</text>',
        f'<rect class="{name}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/>',
        f'<text x="{_LEFT + width + 6:.1f}" y="{y + 12}">{label}</text>',
    ]
