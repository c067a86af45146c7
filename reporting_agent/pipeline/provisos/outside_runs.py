"""Energy of a step that no run of its label holds: outside any run, or in runs with product that
the plant logs as tests, trials, start-ups or faults (the label with these as usual runs).

What the step's meters measured, and would have while blank, less what counted runs hold. Of 40
labels of simulated works outside runs at most 5.7 % of the label, unseen 0.1 %, at the power of
runs 0.8 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import fsum

import numpy as np

from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason, SiteLabel, StepLabel
from benchmarks.labels.columns import Floats, counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import MeasuredBatches
from benchmarks.measurements import Batch, Direction, OperatingState, ProductStatus
from benchmarks.phrases import Phrase, enumerated, in_number, significant
from benchmarks.quantities import mj_in
from benchmarks.released import rank
from benchmarks.routes import Pack
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.record import PEAK
from reporting_agent.pipeline.meter_accounts import MeterAccount
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, in_unit_of
from reporting_agent.pipeline.sitewide import SiteTotals


def as_usual(batches: Sequence[Batch]) -> list[Batch] | None:
    """The batches with all of these as good ones of normal running; None where there are none."""
    apart = [_is_apart(batch) for batch in batches]
    if not any(apart):
        return None
    return [
        replace(batch, status=ProductStatus.GOOD, state=OperatingState.NORMAL) if of else batch
        for batch, of in zip(batches, apart, strict=True)
    ]


def _is_apart(batch: Batch) -> bool:
    of_product = batch.status is ProductStatus.TEST or (
        batch.status is ProductStatus.GOOD and batch.state is not OperatingState.NORMAL
    )
    return of_product and batch.excluded is None and batch.output > 0


def set_apart_caveats(label: StepLabel, usual: SiteLabel) -> Iterator[Words]:
    """What the label would be with them, where that is higher by more than `WORTH_TELLING` of
    it.
    """
    key = LabelKey.of(label)
    other = next((candidate for candidate in usual.steps if LabelKey.of(candidate) == key), None)
    best, with_all = label.best.value, None if other is None else other.best.value
    if (
        other is not None
        and best is not None
        and with_all is not None
        and with_all - best > WORTH_TELLING * abs(best)
    ):
        sentence = in_number(
            other.used - label.used,
            "The log marks %(count)s run with product as a test, or as not normal running, so it "
            "is left out. "
            "With it the label would be %(other)s %(unit)s instead of %(best)s. Keep the order of "
            "this test for "
            "an auditor.",
            "The log marks %(count)s runs with product as tests, or as not normal running, so "
            "they are left out. With them the label "
            "would be %(other)s %(unit)s instead of %(best)s. Keep the orders of these tests for "
            "an auditor.",
            count=other.used - label.used,
            other=significant(with_all, 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)


WAITING = 0.06
"""Of a label, what a plant's waiting, starting and stopping may come to and go untold (a convention
of ours).
"""
RUNNING = 0.8
"""Of the usual power of a meter's runs, what a pause draws that is none (a convention of ours)."""
FEW = 0.05
"""Of a meter's runs, those beside them without a time that are let be as mistakes of a log (a
convention of ours).
"""
MUCH_OUTSIDE = 0.25
"""Of what its runs hold, what a meter may measure outside them: above that it is no waiting (a
convention of ours).
"""
_ELSEWHERE = frozenset(
    {
        "overlap",
        "duplicate",
        "end-missing",
        "end-before-start",
        ExclusionReason.OUTSIDE_PERIOD.value,
    }
)
"""Why runs are left out whose energy is another run's as well, or of no known time, or of another
period.
"""


def outside_runs_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What the label would be with all of it, and what each part of that is."""
    measured, step = label.made_from, pack.step(label.step)
    output = whole.outputs.get(label.step, 0.0)
    if measured is None or label.best.value is None or output <= 0:
        return
    own = {carrier for carrier in within(step.boundary) if counts(carrier, label.metric)}
    meters = [
        entry
        for entry in whole.accounts.values()
        if entry.record.meter.carrier in own and label.step in entry.in_runs
    ]
    meters = [entry for entry in meters if entry.record.meter.direction is Direction.IMPORT]

    def size(account: MeterAccount, energy: float) -> float:
        meter, unit = account.record.meter, account.record.unit
        return (
            in_unit_of(label, meter.carrier, energy, unit, meter.own_lhv(mj_in(unit)), whole, pack)
            / output
        )

    def each(account: MeterAccount, rows: Floats) -> Floats:
        """What falls on these runs, evenly by output."""
        return rows * (output / float(np.sum(measured.output * rows)) if rows.any() else 0.0)

    batches = [measured.columns.batches[row] for row in measured.rows.tolist()]
    everyone = np.ones(len(batches))
    machines, machine = np.unique([batch.equipment for batch in batches], return_inverse=True)
    twice = -fsum(min(size(entry, entry.rest * entry.share(label.step)), 0.0) for entry in meters)
    of_others, at_power = _of_other_runs(measured, metered=bool(meters))
    of_others = max(of_others / output - twice, 0.0)
    running = min(at_power / output, of_others)
    waits = of_others - running + _of_log(label, whole, pack, own) / output
    foreign, peaks, beyond = 0.0, _unread(measured, meters) / output, 0.0
    ended, more = 0.0, np.zeros(len(batches))
    for account in meters:
        record, in_runs = account.record, account.in_runs[label.step]
        served = np.array(
            [account.serves(label.step, name) for name in machines.tolist()], dtype=bool
        )[machine]
        rest = size(account, max(account.rest, 0.0) * account.share(label.step))
        if rest > MUCH_OUTSIDE * size(account, in_runs):
            foreign += rest
            more += rest * (everyone if served.all() else each(account, (~served).astype(float)))
        else:
            part = min(size(account, _went_on(account) * account.share(label.step)), rest)
            waits, running = waits + rest - part, running + part
        peaks += size(account, in_runs * record.peaks_blank)
        beyond += size(account, in_runs * record.peaks_beyond)
        if account.edges and (of_own := account.output.get(label.step, 0.0)) > 0:
            lacking = served * np.array(
                [account.lacks(batch.start, whole.site) for batch in batches], dtype=float
            )
            lost = size(account, in_runs) * output / of_own * lacking
            ended += float(np.average(lost, weights=measured.output))
            more += lost
    more = more + waits + running + peaks + beyond
    at = rank(step.label_rule.quantile, len(batches)) - 1
    higher = float(np.sort(measured.at_reference + more)[at]) - label.best.value
    if waits <= WAITING * abs(label.best.value) and higher - waits <= USUAL * abs(label.best.value):
        return
    parts = (
        (
            Phrase(
                "outside runs and in runs that the label leaves out %(size)s",
                size=significant(waits, 3),
            ),
            waits,
        ),
        (
            Phrase(
                "in pauses next to runs and in runs without product, at the power of runs %(size)s",
                size=significant(running, 3),
            ),
            running,
        ),
        (
            Phrase(
                "on meters with much of their energy outside their runs %(size)s",
                size=significant(foreign, 3),
            ),
            foreign,
        ),
        (
            Phrase(
                "in runs before or after a meter was in use %(size)s", size=significant(ended, 3)
            ),
            ended,
        ),
        (
            Phrase("in readings outside a meter's range %(size)s", size=significant(beyond, 3)),
            beyond,
        ),
        (
            Phrase(
                "in time without readings, at the highest load shown or twice the usual one, "
                "%(size)s",
                size=significant(peaks, 3),
            ),
            peaks,
        ),
    )
    sentence = Phrase(
        "Some energy of this step is in no run that counts, per %(per)s of its output: %(parts)s "
        "%(unit)s. With all of it the label "
        "would be higher by %(size)s %(unit)s. Log what ran in that time, and correct range, "
        "rated power and until of its meters.",
        per=step.output_unit,
        parts=enumerated(
            name for name, amount in sorted(parts, key=lambda part: -part[1]) if amount > 0
        ),
        unit=label.unit,
        size=significant(higher, 3),
    )
    yield Words.of(sentence)


def _went_on(account: MeterAccount) -> float:
    """What a meter counted at the power of its runs in pauses beside them: in whole pauses, and
    behind ends and before starts that it sees elsewhere than the log. Not in a pause with a run of
    its lines that was not metered."""
    record, runs = account.record, account.record.runs
    if runs is None or not len(runs):
        return 0.0
    index_of, power = (
        {name: at for at, name in enumerate(runs.ids)},
        float(np.median(np.abs(runs.energy) / (runs.end_us - runs.start_us))),
    )
    others = [batch for batch in account.runs if batch.batch_id not in index_of]
    timed = [batch for batch in others if batch.end is not None and batch.start < batch.end]
    begun = np.sort(
        [
            to_us(batch.start)
            for batch in (others if len(others) - len(timed) <= FEW * len(runs) else timed)
        ]
    )
    begins, ends = (
        np.searchsorted(begun, [getattr(pause, at) for pause in record.stretches])
        for at in ("start_us", "end_us")
    )
    start_late_s, end_late_s = (
        np.nan_to_num(late_s).tolist()
        for late_s in (runs.edges.start_late_s, runs.edges.end_late_s)
    )
    amount = 0.0
    for pause, begun_in_it in zip(record.stretches, (begins < ends).tolist(), strict=True):
        before, after = index_of.get(pause.before), index_of.get(pause.after)
        if (before is None and after is None) or begun_in_it:
            continue
        if pause.energy >= RUNNING * power * (pause.end_us - pause.start_us) * pause.completeness:
            amount += pause.energy
            continue
        late: float = 0.0 if before is None else end_late_s[before]
        late -= 0.0 if after is None else start_late_s[after]  # a clock that is off moves both
        amount += min(max(late, 0.0) * 1e6 * power, max(pause.energy, 0.0))
    return amount


def _of_log(label: StepLabel, whole: SiteTotals, pack: Pack, own: set[str]) -> float:
    """Of a log's rows, what stands in no run."""
    rows = (row for row in whole.left_out if row.step == label.step and row.carrier in own)
    return fsum(
        in_unit_of(label, row.carrier, row.energy, row.unit, None, whole, pack) for row in rows
    )


def _of_other_runs(measured: MeasuredBatches, *, metered: bool) -> tuple[float, float]:
    """What runs left out hold beyond what their product takes at the mean of those that count, by
    the reason they are left out for; and of that, what runs of hardly any product took at the power
    of those that count.

    What the plant gave of a run that is at fault is no measure.
    """
    columns, energy, reasons = (
        measured.columns,
        np.nan_to_num(measured.energy.total),
        measured.reasons,
    )
    mean, excess, at_power = float(np.average(measured.value, weights=measured.output)), 0.0, 0.0
    of_product = np.array(
        [batch.status is not ProductStatus.SCRAP for batch in columns.batches], dtype=bool
    )  # tests: `set_apart`
    lasting = measured.rows[columns.length_s[measured.rows] > 0]  # a log may know no times
    usual = (
        RUNNING * float(np.median(energy[lasting] / columns.length_s[lasting]))
        if len(lasting)
        else 0.0
    )
    for code, name in enumerate(reasons.names):
        rows = (
            [] if not code or name in _ELSEWHERE else np.flatnonzero(reasons.codes == code).tolist()
        )
        rows = [row for row in rows if metered or columns.batches[row].excluded is None]
        produced = np.where(of_product[rows], columns.output[rows], 0.0) if rows else np.zeros(0)
        beyond = max(float(np.sum(energy[rows] - mean * produced)), 0.0) if rows else 0.0
        went_on = [
            row
            for row in rows
            if energy[row] > max(usual * columns.length_s[row], 2 * mean * columns.output[row], 0.0)
        ]
        excess, at_power = excess + beyond, at_power + min(float(np.sum(energy[went_on])), beyond)
    return excess, at_power


def _unread(measured: MeasuredBatches, meters: list[MeterAccount]) -> float:
    """Of runs that count, what their meters would have shown at their highest load in the seconds
    that no reading tells.
    """
    loads = [
        (
            account.record,
            account.record.total / account.record.per_reading / account.record.known_s * 3600,
        )
        for account in meters
        if account.record.known_s
    ]
    peak = (
        max(PEAK, *((record.facts.highest or 0.0) / load for record, load in loads if load > 0))
        if loads
        else 0.0
    )
    coverage = np.clip(measured.energy.coverage[measured.rows], 0.5, 1.0)
    return float(np.sum(measured.value * measured.output * (1 / coverage - 1))) * peak
