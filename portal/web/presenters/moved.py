"""What moved in a sector since the version before, step by step, and the same sector elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.composition.result import Known
from benchmarks.label_keys import LabelKey
from portal.publication.definition_changes import breaks
from portal.publication.in_force import InForceView
from portal.publication.over_years import FIGURES, Year
from portal.publication.sectors import GroupInForce
from portal.web.presenters.comparison import change_in_words
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.potentials import SavingRow, savings_of
from portal.web.viewmodels.benchmarks import Download
from portal.web.words.figures import between, decimals_of, energy_units, signed
from portal.web.words.terms import Names, one_after_another, period_name, shown_name, unit_in_words


@dataclass(frozen=True, slots=True)
class MovedValue:
    value: str  # empty where it cannot be told
    interval: str
    clear: bool  # more than the noise


@dataclass(frozen=True, slots=True)
class MovedRow:
    step: str
    unit: str
    figures: tuple[MovedValue, ...]  # in the order of `FIGURES`
    note: str  # what is defined otherwise


@dataclass(frozen=True, slots=True)
class OtherScope:
    scope: str
    url: str
    period: str
    saving: SavingRow | None
    unit: str  # of the saving, where it is not that of the newest version here


@dataclass(frozen=True, slots=True)
class OverYears:
    since: str  # empty where there is no version before
    rows: tuple[MovedRow, ...]
    elsewhere: tuple[OtherScope, ...]
    downloads: tuple[Download, ...]

    @property
    def spreads(self) -> bool:
        """Whether the spread of any step is told: a curve needs more firms than its best and its
        typical value.
        """
        return any(row.figures[-1].value for row in self.rows)


def over_years_page(
    years: Sequence[Year],
    newest: InForceView,
    regions: Sequence[tuple[GroupInForce, InForceView, str]],
    address: str,
) -> OverYears:
    """Args: years: of the cells that are shown: none of the newest version where the gate holds all
    of it back. regions: the same benchmark of other jurisdictions, each with its newest version and
    the address of its own page. address: of this page.
    """
    names = Names.of(newest.pack, newest.pack_version)
    of_newest = [
        year
        for year in years
        if (year.view.period, year.view.version) == (newest.period, newest.version)
        and year.cell.headline
    ]
    before = {year.view.period: year.view for year in years}
    since = of_newest[0].before if of_newest else ""
    prior = before.get(since.rpartition(" v")[0]) if since else None
    broken = breaks(prior, of_newest[0].view) if prior else None
    rows = []
    for current in of_newest:
        changes = (
            ()
            if broken is None
            else (*broken.whole, *broken.cells.get(LabelKey.of(current.cell), ()))
        )
        rows.append(
            MovedRow(
                names.step_name(current.cell.step),
                unit_in_words(current.cell.unit),
                tuple(_moved(current.moved.get(figure)) for figure in FIGURES),
                one_after_another(change_in_words(each) for each in changes),
            )
        )
    return OverYears(
        since=period_name(prior.period) if prior else "",
        rows=tuple(rows) if prior else (),
        elsewhere=tuple(_elsewhere(*region, newest.label.composite.unit) for region in regions),
        downloads=(
            Download(_("Table, CSV"), f"{address}sector.csv"),
            Download(_("Table, XLSX"), f"{address}sector.xlsx"),
            Download(_("Table, Parquet"), f"{address}sector.parquet"),
            Download(_("For catalogues, JSON-LD"), f"{address}sector.jsonld"),
        ),
    )


def _moved(change: Known | None) -> MovedValue:
    if change is None:
        return MovedValue("", "", clear=False)
    value, (low, high) = change
    decimals = decimals_of(high - low)
    return MovedValue(
        signed(value, decimals), between(low, high, decimals), clear=low > 0 or high < 0
    )


def _elsewhere(group: GroupInForce, view: InForceView, url: str, unit: str) -> OtherScope:
    shown = TotalsDisplay(
        Names.of(view.pack, view.pack_version), view.route, energy_units(1.0)["kgce"]
    )
    savings = savings_of(view.label, shown)
    own_unit = "" if savings is None or view.label.composite.unit == unit else savings.unit
    return OtherScope(
        shown_name(group.scope),
        url,
        period_name(view.period),
        savings.total if savings else None,
        own_unit,
    )
