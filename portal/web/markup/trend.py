"""A step over the periods: the drawing, and the rows of the table beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.web.curve import Segment
from portal.web.trend import TrendMark, TrendPicture
from portal.web.viewmodels.enterprise import TrendRow


def drawing(picture: TrendPicture) -> SafeString:
    """What stands within the `<svg>` of one step: scale, lines, and a mark a period."""
    parts = [
        f'<line class="m-grid" x1="0" x2="100%" y1="{line.y}" y2="{line.y}"/>'
        f'<text class="m-t halo" x="0" y="{line.y}" dy="-4">{escape(line.label)}</text>'
        for line in picture.lines
    ]
    parts += _lines("c-best", picture.best)
    parts += _lines("t-own", picture.own)
    parts += _marks(picture.marks)
    return mark_safe("".join(parts))  # noqa: S308 - positions of our own, and labels escaped


def _lines(kind: str, pieces: Iterable[Segment]) -> Iterable[str]:
    return (f'<line class="{kind}" x1="{one.x1}" y1="{one.y1}" x2="{one.x2}" y2="{one.y2}"/>' for one in pieces)


def _marks(marks: Sequence[TrendMark]) -> Iterable[str]:
    """The period is written under the first and the last alone: a phone has no room for more."""
    last = len(marks) - 1
    for place, mark in enumerate(marks):
        if mark.flag:
            yield f'<line class="t-break" x1="{mark.flag}" x2="{mark.flag}" y1="4%" y2="90%"/>'
        if mark.best:
            yield f'<circle class="m-best" cx="{mark.x}" cy="{mark.best}" r="4"/>'
        yield (
            f'<svg x="{mark.x}" overflow="visible"><rect class="m-you-band" x="-5" width="10" y="{mark.band.x}" height="{mark.band.width}"'
            f' rx="2"/><svg y="{mark.y}" overflow="visible"><path class="m-you" d="M0 -6l6 6-6 6-6-6z"/></svg></svg>'
        )
        if place in (0, last):
            yield f'<text class="m-t" x="{mark.x}" y="100%" dy="-3" text-anchor="middle">{escape(mark.label)}</text>'


def rows(told: Iterable[TrendRow]) -> SafeString:
    """The body of the table."""
    broken = escape(_("Break:"))
    return mark_safe("".join(_row(row, broken) for row in told))  # noqa: S308 - every text escaped


def _row(row: TrendRow, broken: str) -> str:
    flag = f'<br><span class="sl-q">{broken} {escape(row.flag)}</span>' if row.flag else ""
    interval = f'<br><span class="sl-q">{escape(row.interval)}</span>' if row.interval else ""
    return (
        f'<tr role="row" class="govuk-table__row">'
        f'<th role="rowheader" scope="row" class="govuk-table__header">{escape(row.period)}{flag}</th>'
        f'<td role="cell" class="govuk-table__cell num">{escape(row.value)}{interval}</td>'
        f'<td role="cell" class="govuk-table__cell num">{escape(row.best) or "–"}</td></tr>'
    )
