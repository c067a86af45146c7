"""A regulator's evaluation of one period, made from the record: sections of sentences and tables,
of which page, PDF and DOCX are written.

Figures of energy are taken from the version in force alone, which the disclosure gate let out and
the log holds: while nothing is published there are none. Counts are of the sites that the reader
may see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.measurements import Metric
from portal.assurance.period_audits import PeriodAudits, Refusals
from portal.catalogue.deadlines import last_day
from portal.days import scheme_day
from portal.intake.participation import ParticipationView
from portal.publication.in_force import InForceView
from portal.publication.shapes import BenchmarkView, CellView, LabelView, TotalView
from portal.web.presenters.ladders import TotalsDisplay, in_tonnes, ratios_of
from portal.web.presenters.levels import levels_of
from portal.web.presenters.potentials import savings_of
from portal.web.words.audits import GRADES, OPINIONS
from portal.web.words.figures import NONE, between, number
from portal.web.words.tables import words
from portal.web.words.terms import (
    METRICS,
    TAKING_PART,
    Names,
    in_language,
    period_name,
    sentence_space,
    shown_name,
    unit_in_words,
    with_variant,
)

REFUSED_REPORTS = words("refused_reports")


@dataclass(frozen=True, slots=True)
class SectionTable:
    """`widths` are parts of the line; cells are plain text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]

    @property
    def headed(self) -> tuple[tuple[tuple[str, str, int], ...], ...]:
        """Every row as (head, cell, columns), for a narrow screen where each cell has its head; the
        last one takes what is left.
        """

        def spans(row: tuple[str, ...]) -> Iterator[int]:
            return iter([*(1 for _cell in row[1:]), len(self.heads) - len(row) + 1])

        return tuple(tuple(zip(self.heads, row, spans(row), strict=False)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class EvaluationSection:
    title: str
    lines: tuple[str, ...]
    table: SectionTable | None = None


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    title: str
    caption: str
    lead: str
    sections: tuple[EvaluationSection, ...]
    basis: str
    pdf_url: str
    docx_url: str
    file_name: str  # without its ending; sectors of one period are told apart


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """What the selectors say. `published` and `in_force` are the same version, None while nothing
    is in force.
    """

    taking: ParticipationView
    published: BenchmarkView | None
    in_force: InForceView | None
    audits: PeriodAudits
    refusals: Refusals
    now: datetime


def evaluation_page(facts: EvaluationFacts) -> EvaluationPage:
    view = facts.taking
    names = Names.of(view.pack, view.pack_version)
    title = _("Evaluation of %(period)s: %(title)s") % {
        "period": period_name(view.period),
        "title": names.title(view.route),
    }
    day = date_format(scheme_day(facts.now), _("j F Y"))
    caption = _("%(scope)s · made from the record on %(day)s") % {
        "scope": shown_name(view.scope),
        "day": day,
    }
    lead = _("%(reported)d of %(of)d firms have reported.") % {
        "reported": view.firms_reported,
        "of": view.firms,
    }
    lead += sentence_space() + (
        _("Version %(n)d of the industry label is in force.") % {"n": facts.published.version}
        if facts.published
        else _("No version is in force, so this evaluation contains no energy figures.")
    )
    address = [view.peer_group, view.period]
    return EvaluationPage(
        title=title,
        caption=caption,
        lead=lead,
        sections=tuple(_sections(facts, names)),
        basis=_basis(facts.published is not None),
        pdf_url=reverse("web:results-pdf", args=address),
        docx_url=reverse("web:results-docx", args=address),
        file_name=f"steplabel-evaluation-{view.pack}-{view.route}-{view.period.replace('/', '_')}",
    )


def _basis(has_figures: bool) -> str:
    counts = _("The counts are of the sites that you may see.")
    figures = _(
        "The energy figures are those of the version in force that the disclosure gate released."
    )
    rest = _("This page contains nothing else about a firm.")
    return sentence_space().join((counts, figures, rest) if has_figures else (counts, rest))


def _sections(facts: EvaluationFacts, names: Names) -> Iterator[EvaluationSection]:
    yield _participation(facts.taking)
    if facts.published is not None and facts.in_force is not None:
        shown = TotalsDisplay(names, facts.taking.route)
        yield _steps(facts.published, shown)
        yield levels_section(facts.in_force)
        yield _potentials(facts.published, shown)
    yield _audits(facts.audits)
    yield _findings(facts.audits)
    yield _refusals(facts)


def _participation(view: ParticipationView) -> EvaluationSection:
    rows = tuple(
        (str(TAKING_PART[taking][0]), str(count))
        for taking, count in view.totals.states.items()
        if count
    )
    obliged = [participant for participant in view.participants if participant.obliged]
    late = sum(participant.arrived_late for participant in obliged)
    facts = {
        "sites": len(view.participants),
        "obliged": len(obliged),
        "day": date_format(last_day(view.due), _("j F Y")),
    }
    lines = [
        _("%(sites)d sites, %(obliged)d of them obliged; last day for reports: %(day)s.") % facts
    ]
    if late:
        lines.append(
            _("Obliged sites whose first report came after their own last day: %(n)d.")
            % {"n": late}
        )
    return EvaluationSection(
        _("Participation"),
        tuple(lines),
        SectionTable((_("State of the report"), _("Sites")), rows, (4, 1)),
    )


def _steps(view: BenchmarkView, shown: TotalsDisplay) -> EvaluationSection:
    heads = (
        _("Step"),
        _("Metric"),
        _("Industry best"),
        _("95 % interval"),
        _("Typical"),
        _("95 % interval"),
        _("Unit"),
        _("Firms"),
    )
    rows = (_whole_route(view.label, shown), *(_step(cell, shown) for cell in view.label.cells))
    facts = {
        "n": view.version,
        "day": date_format(view.published_on, _("j F Y")),
        "pack": shown.names.sector,
        "version": view.pack_version,
    }
    lines = (
        _(
            "Industry label, version %(n)s, published on %(day)s; method pack %(pack)s, version "
            "%(version)s."
        )
        % facts,
        _("SHA-256 of the signed document: %(digest)s") % {"digest": view.digest},
        _("The whole route is per tonne of %(product)s, each step per tonne of its own product.")
        % {"product": shown.names.product(shown.route)}
        if in_tonnes(view.label)
        else _("The whole route is per %(amount)s, each step per unit of its own product.")
        % {"amount": shown.names.amount(shown.route)},
        ratios_of(view.label, shown.names, shown.route),
        *_reached(view.label.best_reached, shown.total_decimals(view.label)),
    )
    return EvaluationSection(
        _("Published steps"),
        lines,
        SectionTable(heads, rows, (3.6, 3, 1.7, 2.2, 1.6, 2.2, 1.6, 1.3)),
    )


def _whole_route(label: LabelView, shown: TotalsDisplay) -> tuple[str, ...]:
    best, typical, decimals = label.composite, label.typical, shown.total_decimals(label)
    head = (_("Whole route"), str(METRICS[Metric.TOTAL]))
    if best.value is None:
        return (*head, shown.names.total_reason(best.reason_en, best.reason_zh))
    return (
        *head,
        number(best.value, decimals),
        _interval(best.interval, decimals),
        NONE if typical.value is None else number(typical.value, decimals),
        _interval(typical.interval, decimals),
        unit_in_words(best.unit),
        str(best.firms),
    )


def _reached(total: TotalView, decimals: int | None) -> Iterator[str]:
    if total.value is not None:
        facts = {
            "value": number(total.value, decimals),
            "interval": _interval(total.interval, decimals),
            "unit": unit_in_words(total.unit),
        }
        yield (
            _("Best whole route that was really reached: %(value)s %(unit)s (%(interval)s).")
            % facts
        )


def _step(cell: CellView, shown: TotalsDisplay) -> tuple[str, ...]:
    variant = shown.names.variant_name(cell.step, cell.variant)
    head = (with_variant(shown.names.step_name(cell.step), variant), str(METRICS[cell.metric]))
    if not cell.shown or cell.best is None:
        return (*head, in_language(cell.reason_en, cell.reason_zh))
    decimals = shown.step_decimals(cell)
    return (
        *head,
        number(cell.best, decimals),
        _interval(cell.interval, decimals),
        NONE if cell.typical is None else number(cell.typical, decimals),
        _interval(cell.typical_interval, decimals),
        unit_in_words(cell.unit),
        str(cell.firms),
    )


def _interval(interval: tuple[float, float] | None, decimals: int | None) -> str:
    return NONE if interval is None else between(*interval, decimals=decimals)


def levels_section(view: InForceView) -> EvaluationSection:
    """How the published figures lie beside the levels of standards; no firm is graded here."""
    levels = levels_of(view)
    title = _("Levels of standards")
    if levels is None:
        return EvaluationSection(
            title, (_("The method pack contains no level of a standard for the published values."),)
        )
    heads = (
        _("Level"),
        _("Limit"),
        _("Typical batch"),
        _("95 % interval"),
        _("Firms’ typical batches that reach it"),
        _("Standard"),
    )
    rows = tuple(
        (
            " ".join(part for part in (row.name, row.rank) if part),
            f"{row.level.text} {row.unit}",
            f"{row.typical} {row.unit}" if row.typical else NONE,
            row.typical_interval or NONE,
            row.typical_firms or NONE,
            row.standard,
        )
        for row in levels.rows
    )
    note = _(
        "A limit is about a plant’s mean over a year, and a published value is about its batches. "
        "This is for orientation and "
        "is not a grade of any plant."
    )
    return EvaluationSection(
        title,
        tuple(line for line in (note, levels.source, levels.not_held) if line),
        SectionTable(heads, rows, (4, 2, 2, 2.4, 2.4, 3)),
    )


def _potentials(view: BenchmarkView, shown: TotalsDisplay) -> EvaluationSection:
    savings = savings_of(view.label, shown)
    title = _("What the sector could save")
    if savings is None:
        return EvaluationSection(title, (_("This version states no saving potential."),))
    heads = (
        _("Step"),
        _("At the typical value"),
        _("95 % interval"),
        _("At the best"),
        _("95 % interval"),
    )
    rows = []
    for row in (*savings.rows, *((savings.total,) if savings.total else ())):
        cells: list[str] = [row.step]
        for potential in (row.at_typical, row.at_best):
            cells += [potential.hidden or potential.value or NONE, potential.interval or NONE]
        rows.append(tuple(cells))
    unit = _("Average over the firms, in %(unit)s of the route’s product.") % {"unit": savings.unit}
    rule = _("The ends of a sum are the sums of the ends, so they are wider than necessary.")
    return EvaluationSection(
        title,
        (unit, rule) if savings.total else (unit,),
        SectionTable(heads, tuple(rows), (4, 2.4, 2.4, 2.4, 2.4)),
    )


def _audits(audits: PeriodAudits) -> EvaluationSection:
    facts = {"n": audits.assigned, "bodies": audits.bodies, "withdrawn": audits.withdrawn}
    lines = [
        _(
            "Assignments in force: %(n)d; certification bodies: %(bodies)d; statements withdrawn: "
            "%(withdrawn)d."
        )
        % facts
    ]
    if not audits.opinions:
        return EvaluationSection(_("Audits"), (*lines, _("There is no valid statement.")))
    rows = tuple(
        (str(OPINIONS[opinion]), str(count)) for opinion, count in sorted(audits.opinions.items())
    )
    return EvaluationSection(
        _("Audits"),
        tuple(lines),
        SectionTable((_("Opinion of valid statements"), _("Reports")), rows, (4, 1)),
    )


def _findings(audits: PeriodAudits) -> EvaluationSection:
    if not audits.findings:
        return EvaluationSection(_("Findings"), (_("No finding was raised."),))
    heads = (
        pgettext("finding", "Grade"),
        pgettext("findings", "Open"),
        pgettext("findings", "Closed"),
    )
    rows = tuple(
        (
            str(word),
            str(audits.findings.get((grade, False), 0)),
            str(audits.findings.get((grade, True), 0)),
        )
        for grade, (word, _mood) in GRADES.items()
    )
    return EvaluationSection(_("Findings"), (), SectionTable(heads, rows, (3, 1, 1)))


def _refusals(facts: EvaluationFacts) -> EvaluationSection:
    refusals, published = facts.refusals, facts.published
    lines = [
        _("%(received)d reports were received; %(accepted)d of them are the accepted ones.")
        % {"received": refusals.received, "accepted": refusals.accepted}
    ]
    if published is not None:
        withheld = sum(not cell.shown for cell in published.label.cells)
        lines.append(
            _("Cells of the label that the disclosure gate withheld: %(n)d.") % {"n": withheld}
        )
    if not refusals.refused:
        return EvaluationSection(_("Refusals"), (*lines, _("No report was refused.")))
    rows = tuple((_why(code), str(count)) for code, count in sorted(refusals.refused.items()))
    return EvaluationSection(
        _("Refusals"),
        tuple(lines),
        SectionTable((_("Why the reports were refused"), _("Reports")), rows, (6, 1)),
    )


def _why(code: str) -> str:
    """The sentence with its code, by which the page of errors is searched."""
    if code not in REFUSED_REPORTS:
        return code or NONE
    return _("%(sentence)s (%(code)s)") % {"sentence": REFUSED_REPORTS[code], "code": code}
