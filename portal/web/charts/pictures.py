"""Charts of a published version as files of their own (SVG): with title, version, address and
licence, for other pages to show.
"""

from __future__ import annotations

from textwrap import wrap

from django.template.loader import render_to_string
from django.utils.translation import get_language

from portal.web.viewmodels.benchmarks import BenchmarkPage

HEAD, ROW, WHOLE, CURVE, KEY = 130, 64, 96, 270, 44


def ladder(page: BenchmarkPage) -> str:
    """A row a step, then the whole route."""
    steps = page.ladder.rows
    rows = [(HEAD + index * ROW, row, False, ROW) for index, row in enumerate(steps)]
    rows.append((HEAD + len(steps) * ROW, page.ladder.total, True, WHOLE))
    return _framed("ladder", page, HEAD + len(steps) * ROW + WHOLE, rows=rows)


def spread(page: BenchmarkPage) -> str:
    """Two curves side by side."""
    cells = [
        (20 + 540 * (index % 2), 84 + CURVE * (index // 2), curve)
        for index, curve in enumerate(page.spread.curves)
    ]
    return _framed("spread", page, 84 + CURVE * ((len(cells) + 1) // 2), cells=cells)


def _framed(name: str, page: BenchmarkPage, below: int, **content: object) -> str:
    """`below` is where the drawing ends; its key, the citation, the address and the licence
    follow.
    """
    cited = wrap(page.citation, 120 if page.citation.isascii() else 70)
    lines = [(below + KEY + 20 + 22 * index, line) for index, line in enumerate(cited)]
    foot = below + KEY + 20 + 22 * len(lines)
    context = {
        "page": page,
        "key": below,
        "cited": lines,
        "foot": foot,
        "height": foot + 22,
        "language": get_language(),
        **content,
    }
    return render_to_string(f"web/pictures/{name}.svg", context)
