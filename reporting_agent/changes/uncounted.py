"""Energy metered at a step and in no batch of it (equipment without runs, a meter read on after
`until` or undeclared), from `LEAST` of the step's own meters on; and check meters that disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import Direction
from benchmarks.quantities import converts, ratio
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import MeterRecord, Windows
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.uncertainty import doubt
from reporting_agent.metering.unit_check import apart
from reporting_agent.pipeline import PlantData
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.meter_accounts import takes_over

LEAST = (
    0.005  # of what the step's meters of the carrier counted; as `outside` and `others` of a site
)
WELL_KNOWN = 0.999  # of an hour, by both meters

CountingPoint = tuple[str, str, Direction]


def of_meters(data: PlantData, site: SiteSettings, known_changes: Sequence[Change]) -> list[Change]:
    """Every such meter; `known_changes` are changes that were found already, of which a check
    meter's difference is a sign.
    """
    records = {record.meter.id: record for record in data.meters if record.facts.readings}
    changed_meters = {meter for change in known_changes for meter in change.meters}
    counted, lines = (
        _counted(list(records.values())),
        {(batch.step, batch.equipment) for batch in data.batches},
    )
    of_checks = (
        _check(record, records, site)
        for record in records.values()
        if not {record.meter.id, record.meter.checked} & changed_meters
    )
    return [
        *(
            change
            for record in records.values()
            if (change := _without_batches(record, lines, site, counted)) is not None
        ),
        *(
            change
            for record in records.values()
            for change in _out_of_its_time(record, list(records.values()), data, site, counted)
        ),
        *(change for change in of_checks if change is not None),
        *_undeclared(data, list(records.values())),
    ]


def _point(meter: Meter) -> CountingPoint:
    return meter.step, meter.carrier, meter.direction


def _counted(records: Sequence[MeterRecord]) -> dict[CountingPoint, list[MeterRecord]]:
    by_point = defaultdict(list)
    for record in records:
        if record.counted and record.meter.step:
            by_point[_point(record.meter)].append(record)
    return by_point


def _share(
    energy: float,
    of: MeterRecord,
    counted: dict[CountingPoint, list[MeterRecord]],
    beyond: float = 0.0,
) -> float:
    """Of what all meters of its step and carrier that count in its kind of unit counted in their
    time, and this one `beyond` it.
    """
    whole = beyond + sum(
        record.total * ratio(record.unit, of.unit)
        for record in counted[_point(of.meter)]
        if converts(record.unit, of.unit)
    )
    return energy / whole if whole > 0 else 0.0


def _change(
    kind: ChangeKind,
    meters: tuple[str, ...],
    meter: Meter | None,
    size: float,
    first: date | None,
    until: date | None,
) -> Change:
    causes = (
        (ChangeCause.READING, ChangeCause.PROCESS)
        if kind is ChangeKind.CHECK
        else (ChangeCause.DECLARED, ChangeCause.PROCESS)
    )
    return Change(
        kind, "" if meter is None else meter.step, meters, (), first, until, size, 0.0, causes
    )


def _without_batches(
    record: MeterRecord,
    lines: set[tuple[str, str]],
    site: SiteSettings,
    counted: dict[CountingPoint, list[MeterRecord]],
) -> Change | None:
    meter = record.meter
    sinks = (
        sinks_of(meter, site)
        if record.counted and meter.direction is Direction.IMPORT and meter.allocation is None
        else ()
    )
    if not sinks or not meter.equipment:
        return None
    ran = {equipment for step, equipment in lines if step == meter.step}
    if not ran or meter.equipment in ran:
        return None
    share = _share(record.total, record, counted)
    return (
        _change(ChangeKind.UNCOUNTED, (meter.id,), meter, share, None, None)
        if share > LEAST
        else None
    )


def _out_of_its_time(
    record: MeterRecord,
    records: Sequence[MeterRecord],
    data: PlantData,
    site: SiteSettings,
    counted: dict[CountingPoint, list[MeterRecord]],
) -> Iterator[Change]:
    """What it counted before `from` or after `until`, or would have in the runs of then, where no
    other meter of its point stood for it.
    """
    meter = record.meter
    if not record.counted or not meter.step or meter.direction is not Direction.IMPORT:
        return
    for edge, after in ((meter.until, True), (meter.since, False)):
        if edge is None or any(
            takes_over(other.meter, other, meter, edge, site, after=after)
            for other in records
            if other is not record
        ):
            continue
        edge_us = to_us(datetime.combine(edge, time(), site.zone).astimezone(UTC))
        beyond = energy_beyond(record, edge_us, after=after)
        energy = max(beyond, _by_its_runs(record, data, site, edge, after=after))
        share = _share(energy, record, counted, beyond if len(record.hour_us) else 0.0)
        if share > LEAST:
            first, until = (edge, None) if after else (None, edge)
            yield _change(ChangeKind.UNCOUNTED, (meter.id,), meter, share, first, until)


def _by_its_runs(
    record: MeterRecord, data: PlantData, site: SiteSettings, edge: date, *, after: bool
) -> float:
    """Of the runs of its lines beyond the edge, by the hours and the energy of those in its
    time.
    """
    own, beyond = 0.0, 0.0
    for batch in data.batches:
        line = batch.step == record.meter.step and record.meter.equipment in {"", batch.equipment}
        if line and batch.excluded is None and batch.duration is not None:
            hours, day = (
                batch.duration.total_seconds() / 3600,
                batch.start.astimezone(site.zone).date(),
            )
            own += hours if record.meter.counts_for(batch.start, site.zone) else 0.0
            beyond += hours if (day >= edge if after else day < edge) else 0.0
    return record.in_runs * beyond / own if own else 0.0


def energy_beyond(record: MeterRecord, edge_us: int, *, after: bool) -> float:
    """What a meter counted before or after a moment: of its hours where they are known, else by its
    share of the time.
    """
    if len(record.hour_us):
        beyond = record.hour_us >= edge_us if after else record.hour_us < edge_us
        return float(record.hour_energy[beyond].sum())
    length = max(record.end_us - record.start_us, 1)
    share = (record.end_us - edge_us if after else edge_us - record.start_us) / length
    return record.total * min(max(share, 0.0), 1.0)


def _check(
    record: MeterRecord, records: dict[str, MeterRecord], site: SiteSettings
) -> Change | None:
    other = records.get(record.meter.checked or "")
    if other is None or record.meter.computed or other.meter.computed:
        return None
    if not converts(record.unit, other.unit):
        return None
    unit = ratio(record.unit, other.unit)
    hours, energies = _in_common(record, other)
    own, checked = energies[0] * unit, energies[1]
    if checked <= 0 or hours <= 0:
        return None
    allowed = np.hypot(
        _half_doubt(record, own / unit, hours, site) * unit,
        _half_doubt(other, checked, hours, site),
    )
    if abs(own - checked) <= 2 * allowed:
        return None
    if (found := _unit_of_days(record, other, unit, site)) is not None:
        factor, first = found
        causes = (ChangeCause.UNIT, ChangeCause.READING)
        meters = (record.meter.id, other.meter.id)
        return Change(
            ChangeKind.CHECK, other.meter.step, meters, (), first, None, factor, 0.0, causes
        )
    return _change(
        ChangeKind.CHECK, (record.meter.id, other.meter.id), other.meter, own / checked, None, None
    )


def _unit_of_days(
    record: MeterRecord, other: MeterRecord, unit: float, site: SiteSettings
) -> tuple[float, date | None] | None:
    """By what factor between units the check meter is off on nearly all days, or from a day on that
    follows days on which it agreed; None where it is another difference.
    """
    if not len(record.hour_us) or len(record.hour_us) != len(other.hour_us):
        return None
    known = np.minimum(record.hour_known, other.hour_known) >= WELL_KNOWN
    days = np.floor_divide(record.hour_us + _offset_us(site, record), 24 * HOUR_US)
    of_day, index = np.unique(days[known], return_inverse=True)
    own = np.bincount(index, record.hour_energy[known] * unit, len(of_day))
    checked = np.bincount(index, other.hour_energy[known], len(of_day))
    usable = (checked > 0) & (own > 0)
    of_day, ratios = of_day[usable], own[usable] / checked[usable]
    found = apart(ratios)
    if found is None or not found[1]:
        return None
    _, (factor,), begins = found
    if begins is None:
        return factor, None
    return factor, date(1970, 1, 1) + timedelta(days=int(of_day[begins]))


def _offset_us(site: SiteSettings, record: MeterRecord) -> int:
    """What the site's clock is ahead of UTC by at the end of the record, in microseconds."""
    offset = datetime.fromtimestamp(record.end_us / 1e6, site.zone).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1e6)


def _in_common(record: MeterRecord, other: MeterRecord) -> tuple[float, tuple[float, float]]:
    """The hours that both know, and what each counted in them."""
    if len(record.hour_us) and len(record.hour_us) == len(other.hour_us):
        well_known = np.minimum(record.hour_known, other.hour_known) >= WELL_KNOWN
        return float(well_known.sum()), (
            float(record.hour_energy[well_known].sum()),
            float(other.hour_energy[well_known].sum()),
        )
    seconds = min(record.known_s, other.known_s)
    if seconds <= 0:
        return 0.0, (0.0, 0.0)
    return seconds / 3600, (
        record.total * seconds / record.known_s,
        other.total * seconds / other.known_s,
    )


def _half_doubt(record: MeterRecord, energy: float, hours: float, site: SiteSettings) -> float:
    """The standard uncertainty of what a meter counted; without a class, by the site's."""
    meter = record.meter
    if meter.accuracy_class is None:
        declared = (
            RELATIVE_UNCERTAINTY * 100
            if site.site.uncertainty_pct is None
            else site.site.uncertainty_pct
        )
        meter = meter.model_copy(
            update={"accuracy_class": max(declared, 1e-9), "accuracy_of": "reading"}
        )
    window = Windows(np.array([0]), np.array([round(hours * HOUR_US)]))
    uncertainty = doubt(
        meter,
        record.facts,
        window,
        np.array([energy]),
        np.ones(1),
        record.per_reading,
        record.state_doubt,
    )
    return 0.0 if uncertainty is None else float(uncertainty.expanded[0]) / 2


def _undeclared(data: PlantData, records: Sequence[MeterRecord]) -> Iterator[Change]:
    """Meters of the files that site.toml does not name, as if they counted in the unit and the way
    of the site's electricity.
    """
    electric = [
        record
        for record in records
        if record.counted
        and record.meter.carrier == "electricity"
        and record.meter.direction is Direction.IMPORT
    ]
    if not electric:
        return
    largest = max(electric, key=lambda record: record.total * ratio(record.unit, "kWh"))
    whole = sum(record.total * ratio(record.unit, largest.unit) for record in electric) / (
        largest.per_reading or 1.0
    )
    for name, undeclared_meter in sorted(data.undeclared.items()):
        own = undeclared_meter.within(largest.start_us, largest.end_us)
        amount = own * undeclared_meter.amount(largest.meter.reading)
        share = amount / whole if whole > 0 else 0.0
        if share > LEAST:
            yield _change(ChangeKind.UNDECLARED, (name,), None, share, None, None)
