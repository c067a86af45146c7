"""Declared events ([[events]]) on batches: clocks, outputs, energies put right, unusable time left
out, stops; the label without each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from math import log10

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.measurements import Batch, Period
from benchmarks.phrases import Phrase, significant
from benchmarks.quantities import ratio
from benchmarks.released import rank
from benchmarks.routes import Pack
from reporting_agent.all_nines import all_nines
from reporting_agent.config import Profile, SiteSettings
from reporting_agent.config.events import DeclaredEvent, of_meter, of_step
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.sitewide import SiteTotals

SCALED = frozenset({"output_quantity", "quantity", "energy", "value", "lhv", "var"})
"""Columns of a mapping that labels are made of."""
BETWEEN_UNITS = 1e-4
"""Decades, by which a factor between units may be off as written: 0.2778 for 1 / 3.6."""


def rows(batches: Sequence[Batch], site: SiteSettings) -> list[Batch]:
    """What is declared of a step put to its rows: clocks put right, outputs multiplied, unusable
    time left out.

    An event holds for the rows that began within it, by the stamp as the source wrote it.
    """
    if not any(event.step is not None and event.acts for event in site.events):
        return list(batches)
    return [_row(batch, site) for batch in batches]


def _row(batch: Batch, site: SiteSettings) -> Batch:
    start = batch.start
    for event in of_step(site.events, batch.step, batch.equipment, batch.product, batch.variant):
        if event.carrier is not None or not event.holds(start, site.zone):
            continue
        if event.kind == "unusable":
            batch = replace(
                batch, excluded=batch.excluded or ExclusionReason.DECLARED_UNUSABLE.value
            )
        elif event.factor is not None:
            batch = replace(
                batch, output=batch.output * event.factor, reject=batch.reject * event.factor
            )
        elif event.shift:
            batch = replace(
                batch,
                start=batch.start + event.shift,
                end=None if batch.end is None else batch.end + event.shift,
            )
    return batch


def start_as_written(batch: Batch, site: SiteSettings) -> datetime:
    """The stamp of its row, by which events of its step hold, where a declared clock has been put
    right since.
    """
    for event in of_step(site.events, batch.step, batch.equipment):
        if event.shift and event.holds(batch.start - event.shift, site.zone):
            return batch.start - event.shift
    return batch.start


def energies(batches: Sequence[Batch], site: SiteSettings) -> list[Batch]:
    """What is declared of a step's energies put to those that the plant gives per batch."""
    if not any(event.carrier is not None for event in site.events):
        return list(batches)
    return [_energies(batch, site) for batch in batches]


def _energies(batch: Batch, site: SiteSettings) -> Batch:
    start = start_as_written(batch, site)
    for event in of_step(site.events, batch.step, batch.equipment, batch.product, batch.variant):
        if event.carrier is not None and event.factor is not None and event.holds(start, site.zone):
            nines = all_nines(
                np.array([energy.quantity for energy in batch.energy])
            )  # are no amount in any unit
            scaled = (
                replace(energy, quantity=energy.quantity * event.factor)
                if energy.carrier == event.carrier and not nine
                else energy
                for energy, nine in zip(batch.energy, nines, strict=True)
            )
            batch = replace(batch, energy=tuple(scaled))
    return batch


def stops(site: SiteSettings, period: Period) -> dict[str, list[tuple[datetime, datetime]]]:
    """By step, when the whole of it is declared to have stood."""
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for event in site.events:
        if event.kind == "stopped" and event.step is not None and event.equipment is None:
            spans.setdefault(event.step, []).append(
                (event.begins(site.zone), event.ends(site.zone) or period.end)
            )
    return spans


def _factors(site: SiteSettings, pack: Pack, period: Period) -> dict[str, list[DeclaredEvent]]:
    """By step, what is declared to multiply its energy or output in the period."""
    by_step: dict[str, dict[DeclaredEvent, None]] = {}
    for event in site.events:
        if event.step is not None:
            by_step.setdefault(event.step, {})[event] = None
    for (step, _), events in _of_lines(site, pack).items():
        by_step.setdefault(step, {}).update(dict.fromkeys(events))
    return {
        step: [declared for declared in events if _in(declared, site, period)]
        for step, events in by_step.items()
    }


def sentences(
    label: StepLabel, site: SiteSettings, pack: Pack, whole: SiteTotals
) -> Iterator[Words]:
    """Every such factor of the label's step, and of the mapping, each with what the label would be
    without it.
    """
    for event in _factors(site, pack, whole.period).get(label.step, ()):
        yield _factor(event)
        without = _without(event, label, pack.step(label.step).label_rule.quantile, whole)
        if without is not None and label.best.value is not None:
            sentence = Phrase(
                "Without that factor of %(what)s from %(start)s the label would be %(without)s "
                "%(unit)s instead of %(best)s. Keep "
                "evidence of the factor for an auditor.",
                what=event.named,
                start=event.start,
                without=significant(without, 4),
                best=significant(label.best.value, 4),
                unit=label.unit,
            )
            yield Words.of(sentence)
    for table, column, factor in _scales(site):
        more = _scaled(label, column, factor, whole, pack, given_by_plant=table != "readings")
        if more is not None and more.any() and label.best.value is not None:
            sentence = Phrase(
                "The site declares that %(column)s of [mapping.%(table)s] is multiplied by "
                "%(factor)s, which is not a factor between "
                "units. Without it the label would be %(without)s %(unit)s instead of %(best)s. "
                "Keep evidence of the factor for an "
                "auditor.",
                column=column,
                table=table,
                factor=f"{factor:g}",
                without=significant(
                    label.best.value
                    + _moved(label, more, pack.step(label.step).label_rule.quantile),
                    4,
                ),
                best=significant(label.best.value, 4),
                unit=label.unit,
            )
            yield Words.of(sentence)


def _scales(site: SiteSettings) -> Iterator[tuple[str, str, float]]:
    """By table and column, what a mapping multiplies, but for factors between units: powers of ten,
    and of 3.6.
    """
    for table in ("batches", "energy", "log", "readings"):
        profile: Profile = getattr(site.mapping, table)
        for column, factor in profile.scale.items():
            tens = [
                abs(log10(abs(factor) * times)) % 1 if factor else 0.5
                for times in (1.0, 3.6, 1 / 3.6)
            ]
            if min(min(remainder, 1 - remainder) for remainder in tens) > BETWEEN_UNITS:
                yield table, column, factor


def _scaled(
    label: StepLabel,
    column: str,
    factor: float,
    whole: SiteTotals,
    pack: Pack,
    *,
    given_by_plant: bool,
) -> Floats | None:
    """What each used run would have more without it: its output, a variable, energy that the plant
    gave or its meters read, its heat.
    """
    measured = label.made_from
    if (
        measured is None
        or label.best.value is None
        or not factor
        or column.partition(".")[0] not in SCALED
    ):
        return None
    if column == "output_quantity":
        return measured.value * (factor - 1)
    if column.startswith("var."):
        own = (
            condition
            for condition in pack.step(label.step).reference_conditions
            if f"var.{condition.variable}" == column
        )
        slopes = sum(condition.slope.get(label.metric) or 0.0 for condition in own)
        corrected: Floats = (
            np.nan_to_num(measured.columns.variable(column[4:])[measured.rows])
            * slopes
            * (1 - 1 / factor)
        )
        return corrected
    read = {
        account.record.meter.carrier
        for account in whole.accounts.values()
        if label.step in account.in_runs
    }
    counted = [
        (carrier not in read) is given_by_plant and (column != "lhv" or CARRIERS[carrier].thermal)
        for carrier in measured.energy.carriers
    ]
    more: Floats = (
        measured.energy.by_carrier[measured.rows][:, counted].sum(axis=1)
        * (1 / factor - 1)
        / measured.output
    )
    return more


def _moved(label: StepLabel, more: Floats, quantile: Fraction) -> float:
    """By how much the label is higher where runs take so much more."""
    measured = label.made_from
    assert measured is not None  # noqa: S101 - who asks has looked
    at = rank(quantile, len(measured.rows)) - 1
    return float(np.sort(measured.at_reference + more)[at] - np.sort(measured.at_reference)[at])


def _without(
    event: DeclaredEvent, label: StepLabel, quantile: Fraction, whole: SiteTotals
) -> float | None:
    """The label with runs as they are without the event; where several meters count a carrier, of
    each run as much is this one's as of all. None of a meter of temperature or pressure."""
    measured, factor = label.made_from, event.factor
    shares = _shares(event, label.step, whole)
    if (
        measured is None
        or label.best.value is None
        or not factor
        or (event.meter is not None and not shares)
    ):
        return None
    batches = [measured.columns.batches[row] for row in measured.rows.tolist()]
    starts = (
        batch.start if event.step is None else start_as_written(batch, whole.site)
        for batch in batches
    )
    in_time = [event.holds(start, whole.site.zone) for start in starts]
    of_event = np.array(
        [holds and _is_of(event, batch) for holds, batch in zip(in_time, batches, strict=True)]
    )
    if event.meter is None and event.carrier is None:
        more = measured.value * (factor - 1)
    else:
        counted = (
            measured.energy.by_carrier[measured.rows, at] * shares.get(carrier, 0.0)
            for at, carrier in enumerate(measured.energy.carriers)
        )
        more = sum(counted, np.zeros(len(batches))) * (1 / factor - 1) / measured.output
    return label.best.value + _moved(label, more * of_event, quantile)


def _is_of(event: DeclaredEvent, batch: Batch) -> bool:
    return event.meter is not None or (
        event.equipment in {None, batch.equipment}
        and event.product in {None, batch.product, batch.variant}
    )


def _shares(event: DeclaredEvent, step: str, whole: SiteTotals) -> dict[str, float]:
    """By carrier, the part of what the step counts of it that the event multiplies."""
    if event.meter is None:
        return {str(event.carrier): 1.0}
    tree, shares = whole.site.tree, dict[str, float]()
    for meter in tree.counted:
        if (times := tree.parts(meter).get(event.meter)) and whole.serves(meter, step):
            part, own = whole.records.get(event.meter), whole.records.get(meter.id)
            through = (
                part.total * ratio(part.unit, own.unit) / own.total
                if part is not None and own is not None and own.total
                else 1.0
            )
            shares[meter.carrier] = shares.get(
                meter.carrier, 0.0
            ) + times * through * whole.share_of(meter, step)
    return shares


def _in(event: DeclaredEvent, site: SiteSettings, period: Period) -> bool:
    ends = event.ends(site.zone)
    return (
        event.factor is not None
        and event.begins(site.zone) < period.end
        and (ends is None or period.start < ends)
    )


def _factor(event: DeclaredEvent) -> Words:
    shown = {
        "what": event.named,
        "factor": f"{event.factor:g}",
        "start": event.start,
        "reason": event.reason,
    }
    if event.until is None:
        return Words.of(
            Phrase(
                "The site declares that %(what)s is multiplied by %(factor)s from %(start)s on: "
                "%(reason)s",
                **shown,
            )
        )
    return Words.of(
        Phrase(
            "The site declares that %(what)s is multiplied by %(factor)s from %(start)s until "
            "%(until)s: %(reason)s",
            **shown,
            until=event.until,
        )
    )


def metered(batches: Sequence[Batch], site: SiteSettings, pack: Pack) -> list[Batch]:
    """Leave out batches in time that is declared unusable of a meter of theirs, and those during
    which an event of it begins or ends.
    """
    events = _of_lines(site, pack)
    if not events:
        return list(batches)
    return [
        replace(batch, excluded=ExclusionReason.DECLARED_UNUSABLE.value)
        if batch.excluded is None
        and any(_strikes(event, batch, site) for event in _of_line(events, batch))
        else batch
        for batch in batches
    ]


def _of_lines(site: SiteSettings, pack: Pack) -> dict[tuple[str, str], list[DeclaredEvent]]:
    """By step and equipment ("" for all), the events of the meters that its energy is made from."""
    by_line: dict[tuple[str, str], list[DeclaredEvent]] = {}
    for meter in site.tree.counted:
        events = [
            event for name in site.tree.needed_by(meter) for event in of_meter(site.events, name)
        ]
        for sink in sinks_of(meter, site) if events else ():
            by_line.setdefault((sink.step, sink.equipment), []).extend(events)
    return by_line


def _of_line(
    events: dict[tuple[str, str], list[DeclaredEvent]], batch: Batch
) -> Iterable[DeclaredEvent]:
    return (
        *events.get((batch.step, ""), ()),
        *(events.get((batch.step, batch.equipment), ()) if batch.equipment else ()),
    )


def _strikes(event: DeclaredEvent, batch: Batch, site: SiteSettings) -> bool:
    if batch.end is None:
        return False
    begins, ends = event.begins(site.zone), event.ends(site.zone)
    if event.kind == "unusable":
        return begins < batch.end and (ends is None or batch.start < ends)
    return batch.start < begins < batch.end or (ends is not None and batch.start < ends < batch.end)
