"""What an erratum moved, as a table; and what it is, for the public and for those who decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchmarks.disclosure.corrected_values import Correction
from benchmarks.disclosure.errata import MovedFigure
from portal.publication.errata import in_words
from portal.publication.review import ErratumView
from portal.publication.shapes import BenchmarkView
from portal.web.addresses import benchmark_url
from portal.web.lists.tables import columns
from portal.web.viewmodels.drafts import DraftCheck
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.words.figures import NONE, decimals_of, number
from portal.web.words.terms import (
    Names,
    enumerated,
    in_page_language,
    metric_name,
    shown_name,
    unit_in_words,
    with_variant,
)


@dataclass(frozen=True, slots=True)
class ErratumPart:
    """On the page of a version that corrects another."""

    sentence: str
    corrected_url: str
    version: int
    moved: ListTable


def erratum_part(view: BenchmarkView) -> ErratumPart | None:
    """None of a version that is no erratum."""
    signed: Mapping[str, Any] | None = view.document.get("erratum")
    if signed is None:
        return None
    version = signed["corrects"]["version"]
    sentence = in_page_language(in_words(version, signed["firms"], signed["at_fault"]))
    return ErratumPart(
        f"{sentence} {view.what_changed}",
        benchmark_url(view, version),
        version,
        moved_table(
            (MovedFigure(**figure) for figure in signed["moved"]),
            Names.of(view.pack, view.pack_version),
            version,
        ),
    )


def erratum_checks(erratum: ErratumView) -> tuple[DraftCheck, ...]:
    """Whose reports are corrected, and what the erratum tells of them and of the others."""
    kinds = {
        Correction.AT_FAULT: _("%(firm)s, at fault: its present report counts, if it has one"),
        Correction.TAKEN_OUT: _("%(firm)s, at fault: its report is taken out"),
        Correction.NOT_AT_FAULT: _("%(firm)s, not at fault: its new report is not used"),
    }
    firms = enumerated(kinds[kind] % {"firm": shown_name(name)} for name, kind in erratum.firms)
    unknown = ngettext(
        "Readers can work out what the corrected firms reported before. Of every other firm the "
        "change says nothing: at least %(n)d firm in each mean stays unknown.",
        "Readers can work out what the corrected firms reported before. Of every other firm the "
        "change says nothing: at least %(n)d firms in each mean stay unknown.",
        erratum.unknown,
    ) % {"n": erratum.unknown}
    return (
        DraftCheck(_("Erratum of version %(n)d") % {"n": erratum.version}, f"{firms}.", "ok"),
        DraftCheck(_("What the erratum reveals"), unknown, "ok"),
    )


def moved_table(figures: Iterable[MovedFigure], names: Names, version: int) -> ListTable:
    heads = (
        _("Figure"),
        _("Version %(n)d") % {"n": version},
        _("Erratum"),
        _("Unit"),
    )
    return ListTable(
        _("What the erratum moved"),
        columns({str(index): head for index, head in enumerate(heads)}, {}, QueryDict(), ""),
        None,
        tuple(_row(figure, names) for figure in figures),
        None,
        (),
        "",
        _("The erratum moves no published figure: rounding hides the correction."),
    )


def _row(figure: MovedFigure, names: Names) -> tuple[TableCell, ...]:
    totals = {
        "composite": _("Whole route: step bests combined"),
        "best_reached": _("Whole route: best really reached"),
        "typical": _("Whole route: typical plant"),
    }
    of_step = {
        "best": _("best"),
        "typical": _("typical"),
        "saved-typical": _("saved at the typical value"),
        "saved-best": _("saved at the best"),
    }
    if figure.step:
        details = names.variant_name(figure.step, figure.variant), metric_name(figure.metric)
        where = with_variant(names.step_name(figure.step), enumerated(filter(None, details)))
        share = _("%(percent)s %% of firms at or below") % {"percent": figure.figure[1:]}
        name = f"{where}: {of_step.get(figure.figure) or share}"
    else:
        name = totals[figure.figure]
    decimals = decimals_of(figure.before, figure.after)
    values = (
        TableCell(NONE if value is None else number(value, decimals), num=True)
        for value in (figure.before, figure.after)
    )
    return TableCell(name), *values, TableCell(unit_in_words(figure.unit))
