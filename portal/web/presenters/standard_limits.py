"""Limits of standards in words. They have another basis (annual average), so they never get a
position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.explanation import LimitShown
from benchmarks.packs.provenance import NumberRole
from benchmarks.routes import Pack
from portal.web.addresses import number_url
from portal.web.words.figures import number
from portal.web.words.terms import STATUSES, in_page_language, unit_in_words


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

    @property
    def text(self) -> str:
        """All levels as one text, the strictest first."""
        return " · ".join(level.text for level in self.levels)


def limit_levels(limit: LimitShown, pack: Pack | None) -> StandardLevels:
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
    return StandardLevels(
        in_page_language(limit.words),
        levels,
        unit_in_words(limit.unit),
        _cited(limit),
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


def _cited(limit: LimitShown) -> str:
    """Act with edition, clause and how it was read: `GB 16780-2021, 4.2, table 2 (transcribed)`;
    number and word of a table never parted at the end of a line.
    """
    clause = re.sub(
        r"\btable (\d+)",
        lambda mention: _("table %(n)s").replace(" ", "\u00a0") % {"n": mention[1]},
        limit.clause,
    )
    act = ", ".join(filter(None, (limit.standard, clause)))
    if limit.status is None:
        return act
    return _("%(act)s (%(status)s)") % {"act": act, "status": STATUSES[limit.status]}
