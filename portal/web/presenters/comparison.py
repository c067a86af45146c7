"""Two versions of a benchmark step by step: both values, the difference with its interval, and
whether it is more than noise.

The interval of a difference is recovered from the two intervals as for the gaps
(`benchmarks.comparison.gaps`). Two versions share most of their firms, so their errors go together
and the true interval is narrower: "within noise" is said too often, never too seldom.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.comparison.estimates import Estimate
from benchmarks.label_keys import LabelKey
from portal.publication.definition_changes import (
    Breaks,
    DefinitionChange,
    breaks_with_totals,
    totals_compare,
)
from portal.publication.shapes import BenchmarkView, CellView, TotalView
from portal.web.addresses import benchmark_url
from portal.web.presenters.curves import cell_name
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.viewmodels.shared import StateWord
from portal.web.words.figures import NONE, between, decimals_of, number, signed
from portal.web.words.terms import (
    RULES,
    VERSION_STATES,
    Names,
    in_language,
    period_name,
    state,
    unit_in_words,
)


@dataclass(frozen=True, slots=True)
class ComparedVersion:
    """One of the two versions. `withdrawn` is its reason; empty while it stands."""

    version: int
    url: str
    state: StateWord
    published: date | None
    pack_version: str
    firms: str
    rule: str
    change: str
    withdrawn: str


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row: a cell or a total in both versions. `hidden_*` says why a value is not shown;
    `verdict` is empty where one is missing.

    `units`: of the value before, and of the one after.
    """

    name: str
    units: tuple[str, str]
    before: str
    before_interval: str
    before_hidden: str
    after: str
    after_interval: str
    after_hidden: str
    change: str
    change_interval: str
    verdict: StateWord | None
    firms: str
    breaks: tuple[str, ...]

    @property
    def unit(self) -> str:
        """That of both values; empty where it changed between them."""
        before, after = self.units
        return before if before == after else ""


@dataclass(frozen=True, slots=True)
class ComparePage:
    title: str
    period: str
    sides: tuple[ComparedVersion, ComparedVersion]
    lead: str
    breaks: tuple[str, ...]  # of the whole version and of its totals
    any_break: bool
    totals: tuple[ComparedRow, ...]
    steps: tuple[ComparedRow, ...]

    @property
    def before(self) -> ComparedVersion:
        return self.sides[0]

    @property
    def after(self) -> ComparedVersion:
        return self.sides[1]


BREAKS: dict[str, Promise] = {
    "pack-version": gettext_lazy("method pack: version %(before)s, then %(after)s"),
    "length": gettext_lazy("days in the period: %(before)s, then %(after)s"),
    "summands": gettext_lazy("the totals add up other steps or variants"),
    "pack-content": gettext_lazy(
        "method pack of the same version with other content: %(before)s, then %(after)s"
    ),
    "boundary": gettext_lazy("boundary: %(before)s, then %(after)s"),
    "unit": gettext_lazy("unit: %(before)s, then %(after)s"),
    "ratio": gettext_lazy("reference ratio: %(before)s, then %(after)s"),
    "rule": gettext_lazy("rule: %(before)s, then %(after)s"),
    "years": gettext_lazy("years that the firms' values cover: %(before)s, then %(after)s"),
    "new": gettext_lazy("only in the later version"),
    "gone": gettext_lazy("only in the earlier version"),
}


def compare_page(before: BenchmarkView, after: BenchmarkView) -> ComparePage:
    """`before` and `after` in the order they were asked for."""
    shown = TotalsDisplay(Names.of(after.pack, after.pack_version), after.route)
    changes = breaks_with_totals(before, after)
    summands = (change for change in changes.totals if change.code == "summands")
    alike = totals_compare(before.label, after.label)
    totals = tuple(
        _total(name, earlier, other, after, shown, alike=alike)
        for name, earlier, other in _totals(before, after)
    )
    return ComparePage(
        title=shown.names.title(after.route),
        period=period_name(after.period),
        sides=(_side(before), _side(after)),
        lead=_lead(before, after, totals[0], totals[0].unit),
        breaks=tuple(change_in_words(change) for change in (*changes.whole, *summands)),
        any_break=changes.any,
        totals=totals,
        steps=_steps(before, after, changes, shown),
    )


def _side(view: BenchmarkView) -> ComparedVersion:
    return ComparedVersion(
        version=view.version,
        url=benchmark_url(view, view.version),
        state=state(VERSION_STATES, view.status),
        published=view.published_on,
        pack_version=view.pack_version,
        firms=str(view.label.firms),
        rule=str(RULES.get(view.label.rule or "", NONE)),
        change=view.what_changed or (_("First version.") if view.version == 1 else NONE),
        withdrawn=view.withdrawal_reason,
    )


def _lead(before: BenchmarkView, after: BenchmarkView, composite: ComparedRow, unit: str) -> str:
    if before.version == after.version:
        return _("This is the same version: there is nothing to compare.")
    named = {
        "a": before.version,
        "b": after.version,
        "before": composite.before,
        "after": composite.after,
        "unit": unit,
    }
    if composite.verdict is None and composite.before and composite.after:
        if not composite.unit:
            return _(
                "The unit of the industry label changed between the versions, so that no change "
                "can be stated."
            )
        return _(
            "The industry label adds up other steps, boundaries or ratios in one version than in "
            "the other: no change can be stated."
        )
    if composite.verdict is None:
        return _(
            "The industry label is not shown in both versions; the steps that are shown in both "
            "are below."
        )
    if composite.before == composite.after:
        return (
            _(
                "From version %(a)s to version %(b)s the industry label stayed at %(after)s "
                "%(unit)s."
            )
            % named
        )
    if composite.verdict.mood == "wait":
        return (
            _(
                "From version %(a)s to version %(b)s the industry label went from %(before)s to "
                "%(after)s %(unit)s: within the noise."
            )
            % named
        )
    return (
        _(
            "From version %(a)s to version %(b)s the industry label went from %(before)s to "
            "%(after)s %(unit)s: more than the noise."
        )
        % named
    )


def _totals(before: BenchmarkView, after: BenchmarkView) -> list[tuple[str, TotalView, TotalView]]:
    return [
        (
            _("Industry label: the step bests combined"),
            before.label.composite,
            after.label.composite,
        ),
        (_("Best whole route really reached"), before.label.best_reached, after.label.best_reached),
        (_("Typical plant"), before.label.typical, after.label.typical),
    ]


def _total(
    name: str,
    before: TotalView,
    after: TotalView,
    view: BenchmarkView,
    shown: TotalsDisplay,
    *,
    alike: bool,
) -> ComparedRow:
    def hidden(total: TotalView) -> str:
        return "" if total.shown else shown.names.total_reason(total.reason_en, total.reason_zh)

    return _compared(
        name,
        (unit_in_words(before.unit), unit_in_words(after.unit)),
        (before.estimate, after.estimate),
        (hidden(before), hidden(after)),
        (before.firms, after.firms),
        shown.total_decimals(view.label) if before.unit == after.unit else None,
        (),
        comparable=alike and before.unit == after.unit,
    )


def _steps(
    before: BenchmarkView, after: BenchmarkView, breaks: Breaks, shown: TotalsDisplay
) -> tuple[ComparedRow, ...]:
    """Every cell of the later version, then what only the earlier had."""
    old = {LabelKey.of(cell): cell for cell in before.label.cells}
    new = {LabelKey.of(cell): cell for cell in after.label.cells}
    rows = []
    for cell, broken in breaks.cells.items():
        earlier, other = old.get(cell), new.get(cell)
        either = other or old[cell]
        own_units = ((earlier or either).unit, (other or either).unit)
        comparable = not any(item.code in ("unit", "boundary") for item in broken)
        rows.append(
            _compared(
                cell_name(either, shown),
                (unit_in_words(own_units[0]), unit_in_words(own_units[1])),
                tuple(None if step is None else step.best_estimate for step in (earlier, other)),
                (_hidden(earlier), _hidden(other)),
                (earlier.firms if earlier else None, other.firms if other else None),
                shown.step_decimals(either) if own_units[0] == own_units[1] else None,
                tuple(change_in_words(item) for item in broken),
                comparable=comparable,
            )
        )
    return tuple(rows)


def _hidden(cell: CellView | None) -> str:
    if cell is None:
        return _("Not part of this version.")
    return "" if cell.shown else in_language(cell.reason_en, cell.reason_zh)


def _compared(
    name: str,
    units: tuple[str, str],
    values: tuple[Estimate | None, ...],
    hidden: tuple[str, str],
    firms: tuple[int | None, int | None],
    decimals: int | None,
    broken: tuple[str, ...],
    *,
    comparable: bool = True,
) -> ComparedRow:
    before, after = values
    if decimals is None:
        decimals = decimals_of(*(estimate.value for estimate in values if estimate is not None))
    change = change_interval = ""
    verdict = None
    if before is not None and after is not None and comparable:
        moved, (low, high) = after.less(before)
        change = signed(moved, decimals)
        change_interval = between(low, high, decimals)
        verdict = (
            StateWord(_("within noise"), "wait")
            if low <= 0 <= high
            else StateWord(_("more than noise"), "ok")
        )
    return ComparedRow(
        name=name,
        units=units,
        before=number(before.value, decimals) if before else "",
        before_interval=between(before.lo, before.hi, decimals) if before else "",
        before_hidden=hidden[0],
        after=number(after.value, decimals) if after else "",
        after_interval=between(after.lo, after.hi, decimals) if after else "",
        after_hidden=hidden[1],
        change=change,
        change_interval=change_interval,
        verdict=verdict,
        firms=_("%(before)s, then %(after)s")
        % {"before": _count(firms[0]), "after": _count(firms[1])},
        breaks=broken,
    )


def _count(firms: int | None) -> str:
    return NONE if firms is None else str(firms)


def change_in_words(change: DefinitionChange) -> str:
    """A break in words."""
    before, after = (
        str(RULES.get(text, text)) if change.code == "rule" else text
        for text in (change.before, change.after)
    )
    return str(BREAKS[change.code]) % {"before": before, "after": after}
