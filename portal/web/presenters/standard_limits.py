"""Limits of standards beside the rows they cover. They have another basis (annual average), so they
never get a position.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.explanation import LimitShown
from benchmarks.packs.provenance import NumberRole
from benchmarks.routes import Pack
from portal.web.addresses import number_url
from portal.web.words.figures import number
from portal.web.words.terms import enumerated, in_page_language, unit_in_words


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a limit, and the page of its number; none where the standard has no such level
    or the pack is not installed.
    """

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class StandardLevels:
    """A standard's limits: annual basis, so never on the scale."""

    name: str
    levels: tuple[Level, ...]
    unit: str
    standard: str
    covers: str = ""  # the steps by number, where another stands between them

    @property
    def text(self) -> str:
        """All levels as one text, the strictest first."""
        return " · ".join(level.text for level in self.levels)


@dataclass(frozen=True, slots=True)
class LimitCell:
    """Limits that stand beside one or more rows of the ladder."""

    rows: int
    limits: tuple[StandardLevels, ...]


def beside_rows(
    limits: Sequence[LimitShown], steps: Sequence[str], pack: Pack | None = None
) -> tuple[Mapping[str, LimitCell], tuple[StandardLevels, ...], tuple[StandardLevels, ...]]:
    """Cells by the step they start at, the limits of the whole route, and all limits as a list for
    narrow screens.

    A limit spans from the first to the last row that it covers, as far as nothing else is in the
    way; where a row between is none of its own, it names those that are. `pack`: where each level
    is a number with a page of its own.
    """
    if not limits:
        return {}, (), ()
    whole = [limit for limit in limits if len(steps) > 1 and set(steps) <= set(limit.steps_covered)]
    beside: dict[str, list[LimitShown]] = {}
    spans: dict[str, int] = {}
    for limit in limits:
        rows = [index for index, step in enumerate(steps) if step in limit.steps_covered]
        if limit in whole or not rows:
            continue
        first = steps[rows[0]]
        beside.setdefault(first, []).append(limit)
        spans[first] = max(spans.get(first, 1), rows[-1] - rows[0] + 1)
    cells: dict[str, LimitCell] = {}
    position = 0
    while position < len(steps):
        free = next(
            (
                ahead
                for ahead in range(1, len(steps) - position)
                if steps[position + ahead] in beside
            ),
            len(steps) - position,
        )
        span = min(spans.get(steps[position], 1), free)
        cells[steps[position]] = LimitCell(
            span,
            tuple(limit_beside(limit, pack, steps) for limit in beside.get(steps[position], ())),
        )
        position += span
    return (
        cells,
        tuple(limit_beside(limit, pack) for limit in whole),
        tuple(limit_beside(limit, pack, steps) for limit in limits),
    )


def limit_beside(limit: LimitShown, pack: Pack | None, steps: Sequence[str] = ()) -> StandardLevels:
    figures = [
        "–" if grade is None else number(grade, 0 if grade == int(grade) else None)
        for grade in limit.grades
    ]
    if limit.levels == "advanced-entry-limit":
        figures = [
            f"{name} {figure}"
            for name, figure in zip((_("advanced"), _("entry"), _("limit")), figures, strict=True)
        ]
    levels = tuple(
        Level(figure, "" if pack is None or grade is None else _page(limit, level, pack))
        for level, (figure, grade) in enumerate(zip(figures, limit.grades, strict=True), 1)
    )
    covered = [index for index, step in enumerate(steps, 1) if step in limit.steps_covered]
    apart = covered and covered != list(range(covered[0], covered[-1] + 1))
    return StandardLevels(
        in_page_language(limit.words),
        levels,
        unit_in_words(limit.unit),
        f"{limit.standard}, {_clause(limit.clause)}" if limit.clause else limit.standard,
        _("Steps %(numbers)s") % {"numbers": enumerated(map(str, covered))} if apart else "",
    )


def _page(shown: LimitShown, level: int, pack: Pack) -> str:
    """The page of one level where the pack holds this very limit; empty where it says otherwise by
    now.
    """
    same = (
        shown.words,
        shown.standard,
        shown.clause,
        shown.metric,
        shown.grades,
        shown.steps_covered,
    )
    for step in pack.steps:
        for limit in step.limits:
            if (
                limit.words,
                limit.standard,
                limit.clause,
                limit.metric.value,
                limit.grades,
                limit.steps_covered,
            ) == same:
                path = f"steps.{step.id}.{limit.id}.{limit.levels}{level}"
                return number_url(pack.id, pack.version, NumberRole.LIMIT.value, path)
    return ""


def _clause(clause: str) -> str:
    """`4.2, table 2` in the language of the page, number and word never parted at the end of a
    line.
    """
    return re.sub(
        r"\btable (\d+)",
        lambda mention: _("table %(n)s").replace(" ", "\u00a0") % {"n": mention[1]},
        clause,
    )
