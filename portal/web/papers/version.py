"""One published version as PDF, of the page's own view model. The ladder and the curves stand as
tables.

The same publication always gives the same bytes, until more is told of its best firms.
"""

from __future__ import annotations

from html import unescape

from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable, Table

from portal.web.areas import Section
from portal.web.papers.layout import document_of, table_of, text_of
from portal.web.presenters.errata import ErratumPart
from portal.web.viewmodels.benchmarks import BenchmarkPage
from portal.web.viewmodels.listed import ListTable


def pdf(page: BenchmarkPage, foot: str) -> bytes:
    """The document. `foot` stands on every page beside its number: how it is cited."""
    return document_of(
        story(page),
        title=_("%(title)s, %(period)s") % {"title": page.title, "period": page.period},
        subject=page.citation,
        foot=foot,
    )


def story(page: BenchmarkPage) -> list[Flowable]:
    """What stands on the paper, from top to bottom."""
    parts: list[Flowable] = [
        text_of(_("%(title)s, %(period)s") % {"title": page.title, "period": page.period}, "title")
    ]
    parts.append(
        text_of(
            _("Industry label, version %(n)s, published %(day)s")
            % {"n": page.version, "day": page.published},
            "quiet",
        )
    )
    if page.withdrawal:
        parts.append(
            text_of(
                f"{_('Withdrawn')} {page.withdrawal.on}. {_('Reason:')} {page.withdrawal.reason}",
                "warning",
            )
        )
    parts.append(text_of(lead_text(page), "lead"))
    parts.append(
        table_of(
            ["", _("Value"), ""],
            [
                [figure.title, f"{figure.value} {figure.unit}", figure.note]
                for figure in page.figures
            ],
            (3, 2, 3),
        )
    )
    if page.erratum:
        parts += _erratum(page.erratum)
    parts.append(text_of(_("Step by step"), "heading"))
    parts.append(_ladder(page))
    parts.append(text_of(page.rule, "body"))
    parts.append(text_of(_("Distribution of firms"), "heading"))
    parts += _spread(page)
    for section in page.added:
        parts += _added(section)
    parts.append(text_of(_("How this was obtained"), "heading"))
    for item in page.explanation:
        parts.append(text_of(item.title, "item"))
        parts += [text_of(line, "body") for line in item.text.splitlines() if line]
    parts += _limits(page)
    parts.append(text_of(_("Cite"), "heading"))
    of_document = _("SHA-256 of the signed document: %(digest)s") % {"digest": page.digest}
    parts += [
        text_of(line, "body")
        for line in (
            page.citation,
            page.address,
            of_document,
            _("Licence: CC BY 4.0. Name the version."),
        )
    ]
    return parts


def lead_text(page: BenchmarkPage) -> str:
    """The page's first sentence, without its marks."""
    return " ".join(
        unescape(strip_tags(render_to_string("web/parts/lead.html", {"lead": page.lead}))).split()
    )


def _ladder(page: BenchmarkPage) -> Table:
    heads = [_("Step"), _("Industry best"), _("95 % interval"), _("Typical")]
    rows = []
    for row in page.ladder.figures:
        name = _("%(step)s, %(metric)s") % {"step": row.name, "metric": row.unit}
        rows.append(
            [name, row.hidden] if row.hidden else [name, row.best, row.best_interval, row.typical]
        )
    return table_of(heads, rows, (6, 2, 3, 2))


def _spread(page: BenchmarkPage) -> list[Flowable]:
    parts: list[Flowable] = []
    for curve in page.spread.curves:
        parts.append(
            text_of(_("%(step)s, %(metric)s") % {"step": curve.name, "metric": curve.unit}, "item")
        )
        heads = [_("Firms at or below"), *(row.share for row in curve.rows)]
        rows = [
            [_("Value"), *(row.value for row in curve.rows)],
            [_("95 % interval"), *(row.interval for row in curve.rows)],
        ]
        parts.append(table_of(heads, rows, (2, *[1.2] * len(curve.rows))))
    return [*parts, text_of(page.spread.without, "body")] if page.spread.without else parts


def _added(section: Section) -> list[Flowable]:
    """What an extra has of the version."""
    parts: list[Flowable] = [text_of(section.title, "heading"), text_of(section.sentence, "body")]
    if section.table is None:
        return parts
    return [*parts, _listed(section.table, (4, 2, 4, 3)), text_of(section.source, "body")]


def _erratum(part: ErratumPart) -> list[Flowable]:
    """What it corrects and moved."""
    moved = _listed(part.moved, (6, 2, 2, 2)) if part.moved.rows else None
    return [
        text_of(_("Erratum"), "heading"),
        text_of(part.sentence, "body"),
        moved or text_of(part.moved.empty, "body"),
    ]


def _listed(table: ListTable, widths: tuple[float, ...]) -> Flowable:
    heads = [column.title for column in table.columns]
    rows = [
        [cell.text + (f" ({cell.note})" if cell.note else "") for cell in row] for row in table.rows
    ]
    return table_of(heads, rows, widths)


def _limits(page: BenchmarkPage) -> list[Flowable]:
    if not page.ladder.all_limits:
        return [text_of(page.no_limits, "body")] if page.no_limits else []
    heads = [_("Limits of standards"), _("levels 1 · 2 · 3, the strictest first"), ""]
    rows = [
        [limit.name, f"{limit.text} {limit.unit}", limit.standard]
        for limit in page.ladder.all_limits
    ]
    note = (
        _("Limits are annual averages; the label is a low quantile of batches:")
        + " "
        + _("no gap is drawn between them.")
    )
    lacking = [text_of(page.not_held, "body")] if page.not_held else []
    return [table_of(heads, rows, (3, 3, 3)), text_of(note, "body"), *lacking]
