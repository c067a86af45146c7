"""One page for a meeting: what a plant's page finds, its gaps as bars, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Line, Rect
from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable, Table, TableStyle

from portal.web.charts.ladder import DrawnInterval
from portal.web.papers.layout import INK, LINE, PINE, WIDTH, document_of, text_of
from portal.web.words.figures import number, signed
from portal.web.words.terms import period_name, sentence_space, shown_name, within

if TYPE_CHECKING:
    from portal.web.presenters.our_plant import Comparison, StepBar
    from portal.web.presenters.plant_actions import Measure

YOU, YOU_LIGHT = HexColor("#b93a0b"), HexColor("#f0c3ae")
BAR_WIDTH, BAR_HEIGHT = 150.0, 14.0  # points


def pdf(page: Comparison, measures: Sequence[Measure]) -> bytes:
    title = _title(page)
    foot = _("%(plant)s · industry label version %(n)s · confidential") % {
        "plant": title,
        "n": page.view.version,
    }
    subject = page.stand.report.site
    return document_of(story(page, measures), f"{title}: {page.finding}", subject, foot)


def _title(page: Comparison) -> str:
    report = page.stand.report
    return f"{shown_name(report.site_name)}, {period_name(report.period)}"


def story(page: Comparison, measures: Sequence[Measure]) -> list[Flowable]:
    """What stands on the paper, from top to bottom."""
    return [
        text_of(_title(page), "quiet"),
        text_of(page.finding, "title"),
        text_of(sentence_space().join(page.lead), "lead"),
        text_of(_("Your gap, step by step"), "heading"),
        text_of(_("%(unit)s above the industry’s best") % {"unit": page.per_output}, "quiet"),
        _gaps(page),
        text_of(
            _(
                "Dark: from your best runs to the industry’s. Light: from your usual runs to your "
                "best. Line: a typical plant."
            ),
            "quiet",
        ),
        text_of(_("What you can do"), "heading"),
        *(text_of(f"{n}. {line}", "body") for n, line in enumerate(_actions(page, measures), 1)),
    ]


def _gaps(page: Comparison) -> Table:
    def cell(value: float | None) -> Flowable:
        return text_of("–" if value is None else number(value, page.decimals), "cell")

    heads = ("", "", _("Gap"), _("Usual runs"), _("Best runs"), _("Typical plant"), _("Best"))
    rows: list[list[Flowable]] = [[text_of(head, "head") for head in heads]]
    for row, bar in page.bars():
        gap = signed(row.whole, page.decimals) if row.certain else _("not certain")
        rows.append(
            [
                text_of(row.name, "cell"),
                _bar(bar),
                text_of(gap, "cell"),
                *map(cell, (row.usual, row.own, row.typical, row.best)),
            ]
        )
    rest = (WIDTH - BAR_WIDTH - 10) / 7
    table = Table(rows, colWidths=[2 * rest, BAR_WIDTH + 10, *[rest] * 5], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _bar(bar: StepBar) -> Drawing:
    drawing = Drawing(BAR_WIDTH, BAR_HEIGHT)

    def at(percent: str) -> float:
        return BAR_WIDTH * float(percent.removesuffix("%")) / 100

    def box(span: DrawnInterval | None, colour: HexColor) -> None:
        if span is not None:
            drawing.add(
                Rect(
                    *(at(span.x), 3, at(span.width), 8),
                    fillColor=colour,
                    strokeColor=None if colour is not YOU_LIGHT else YOU,
                    strokeWidth=0.5,
                )
            )

    box(bar.operation, YOU_LIGHT)
    box(bar.equipment, PINE if bar.ahead else YOU)
    for percent, colour, width in ((bar.zero, PINE, 2), (bar.typical, INK, 1.5)):
        if percent:
            drawing.add(
                Line(at(percent), 0, at(percent), BAR_HEIGHT, strokeColor=colour, strokeWidth=width)
            )
    return drawing


def _actions(page: Comparison, measures: Sequence[Measure]) -> list[str]:
    """The three of the page; the money is worked out there, for no price leaves a reader's
    screen.
    """
    amounts = {"unit": page.per_output}
    actions = []
    if page.most_operation is not None:
        actions.append(
            _(
                "Run every day like your best: %(gap)s %(unit)s without new equipment, most of it "
                "at %(step)s."
            )
            % {
                **amounts,
                "gap": number(page.operation, page.decimals),
                "step": within(page.most_operation.name),
            }
        )
    if measures:
        named = "; ".join(f"{each.name} ({number(each.saves, page.decimals)})" for each in measures)
        actions.append(
            _("Measures that fit, with their saving in %(unit)s: %(measures)s.")
            % {**amounts, "measures": named}
        )
    if page.first is not None:
        actions.append(
            _("Closing every gap saves %(tce)s tce per %(amount)s.")
            % {"amount": page.thousand, "tce": number(page.kgce[1])}
        )
    return actions
