"""Pooling of years, never unasked: counts and gains for `privacy.pooling`, and labels over the
years chosen.

With `--pool`, where the pack allows it, a step's label may cover one or two years before. The
windows are decided once from counts, public figures and the ledger, before any commitment, and kept
with the report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from fractions import Fraction

from benchmarks import release
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Batch, Period
from benchmarks.privacy import pooling
from benchmarks.privacy.charges import cells_together
from benchmarks.privacy.pooling import HeldYear
from benchmarks.routes import MetricRule, Pack, Step
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData, outgoing_label
from reporting_agent.sending.consent import BatchCount, Offer

MOST_METRICS_A_STEP = 2

Windows = Mapping[str, int]
"""Step -> how many years its label covers, the last of them the report's; a step that is not named
covers the report's period alone.
"""

ALONE: Windows = {}


def span(period: Period, years: int) -> Period:
    """The years up to and with that of the period."""
    if years == 1:
        return period
    zone, last = period.start.tzinfo, period.start.year
    if not isinstance(zone, tzinfo):
        raise TypeError("a period has a time zone")
    return Period.parse(pooling.spelled(last - years + 1, last), zone)


def covered(period: Period, windows: Windows) -> Period:
    """All the time that a report's labels cover, and that its data are read for."""
    return span(period, max(windows.values(), default=1))


def covers(batch: Batch, period: Period, windows: Windows) -> bool:
    """Whether the batch belongs to the report's material."""
    years = windows.get(batch.step, 1)
    return batch.start in (period if years == 1 else span(period, years))


def together(
    alone: SiteLabel, label_of: Callable[[Period], SiteLabel], windows: Windows
) -> SiteLabel:
    """The year's label, with the labels of pooled steps in place of their own year's.

    Args:
        label_of: labels the site over another period.
    """
    wide = {years: label_of(span(alone.period, years)) for years in sorted(set(windows.values()))}
    order = dict.fromkeys(
        label.step for site_label in (alone, *wide.values()) for label in site_label.steps
    )
    steps = [
        label
        for step in order
        for label in (wide[windows[step]] if step in windows else alone).steps
        if label.step == step
    ]
    return replace(alone, steps=tuple(steps))


def leaving(site: SiteSettings, data: PlantData, alone: SiteLabel, windows: Windows) -> SiteLabel:
    """The label that a report is drawn from, where a plant sends it and where an auditor's agent
    recomputes it; `alone` of its year.
    """
    return (
        together(alone, lambda wider: outgoing_label(site, data, wider), windows)
        if windows
        else alone
    )


def gains(
    widest: SiteLabel, pack: Pack, year: int, most_spent: Callable[[str, int], Fraction]
) -> tuple[Offer, ...]:
    """The steps for which the earlier years' budget buys a label, or one precise enough for the
    industry's.

    Args:
        widest: the labels over as many years as the pack allows, the last of them `year`.
        most_spent: what the batch of a step and year that spent most has spent in other reports,
            corrections aside.
    """
    offers = [_gain(step, widest.steps, pack, year, most_spent) for step in pack.steps]
    return tuple(offer for offer in offers if offer is not None)


def _gain(
    step: Step,
    labels: Sequence[StepLabel],
    pack: Pack,
    year: int,
    most_spent: Callable[[str, int], Fraction],
) -> Offer | None:
    """By the step's largest cell; a metric of which there are too few even in all years is not
    waited for.
    """
    released = [rule for rule in step.metrics if rule.released][:MOST_METRICS_A_STEP]
    cells = {rule.metric: _compared(step, rule, labels, pack) for rule in released}
    fewest = pooling.fewest_batches(step, pack.policy)
    rules = [
        rule for rule in released if any(cell.total() >= fewest for cell in cells[rule.metric])
    ]
    if not rules:
        return None
    fixed = all(label.path.cell_in_account for label in labels if label.step == step.id)

    def leaving(rule: MetricRule, first: int) -> int:
        number = sum(
            sum(cell[past] for past in range(first, year + 1)) >= fewest
            for cell in cells[rule.metric]
        )
        return cells_together(number, pack.policy, fixed=fixed)

    by_year = max(cells[rules[0].metric], key=Counter.total)
    held_years = {
        past: HeldYear(count, most_spent(step.id, past)) for past, count in by_year.items()
    }
    try:
        pool = pooling.pool(held_years, year, step, rules, pack.policy, leaving)
    except PolicyRefusal:  # not affordable, or too few in the years that are
        return None
    alone = by_year[year]
    if not pooling.is_worth_it(pool, alone, step, pack.policy):
        return None
    return Offer(
        step.id,
        pool.first_year,
        year,
        alone,
        pool.batches,
        pool.spends,
        alone >= fewest,
        pool.eligible,
    )


def _compared(
    step: Step, rule: MetricRule, labels: Iterable[StepLabel], pack: Pack
) -> list[Counter[int]]:
    """Batches by year, as a release counts them, of each of the metric's cells that the pack
    compares.
    """
    variants = {variant.id for variant in step.variants}
    cells: list[Counter[int]] = []
    for label in labels:
        if (label.step, label.metric, label.product) == (
            step.id,
            rule.metric,
            step.product,
        ) and label.variant in variants:
            try:
                cells.append(Counter(counted(label, step, pack).by_year))
            except PolicyRefusal:  # days without a bound: nothing of this step is released at all
                continue
    return cells


def counted(label: StepLabel, step: Step, pack: Pack) -> BatchCount:
    """The batches behind a label, by the year in which they began.

    Raises:
        PolicyRefusal: `day-without-bound`.
    """
    rule, values = step.metric(label.metric), (label.best.value, label.typical)
    beyond = rule is not None and any(
        value is not None and not rule.grid.lower <= value <= rule.grid.upper for value in values
    )
    return BatchCount(
        Counter(run.start.year for run in release.counted(label, step, pack.policy)),
        label.used,
        beyond,
    )
