"""Charts of a published version as files of their own (SVG): with title, version, address and licence, for other pages to show."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import get_language

from portal.web.viewmodels.benchmarks import BenchmarkPage

HEAD, ROW, WHOLE, CURVE = 130, 64, 96, 270


def ladder(page: BenchmarkPage) -> str:
    """A row a step, then the whole route."""
    steps = page.ladder.rows
    rows = [(HEAD + place * ROW, row, False, ROW) for place, row in enumerate(steps)]
    rows.append((HEAD + len(steps) * ROW, page.ladder.total, True, WHOLE))
    return _framed("ladder", page, HEAD + len(steps) * ROW + WHOLE, rows=rows)


def spread(page: BenchmarkPage) -> str:
    """Two curves side by side."""
    cells = [(20 + 480 * (place % 2), 84 + CURVE * (place // 2), curve) for place, curve in enumerate(page.spread.curves)]
    below = 84 + CURVE * ((len(cells) + 1) // 2)
    return _framed("spread", page, below + 20, cells=cells, key=below)


def _framed(name: str, page: BenchmarkPage, below: int, **told: object) -> str:
    context = {"page": page, "height": below + 60, "foot": below + 24, "language": get_language(), **told}
    return render_to_string(f"web/pictures/{name}.svg", context)
