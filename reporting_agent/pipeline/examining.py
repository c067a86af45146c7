"""Batches examined for the faults that their own records show (`batch_faults`): each counted over
all batches, each batch excluded under the first it shows, in the order of `FAULTS`.

A time fault excludes a batch whose energy is cut from meters; with energy given per batch it is a
notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, DataFinding, Severity
from benchmarks.phrases import Phrase, in_number
from benchmarks.routes import Pack
from reporting_agent.config import Equipment, SiteSettings
from reporting_agent.pipeline.batch_faults import FAULTS, BatchFault, ExaminedBatches
from reporting_agent.pipeline.batches import missing_numbers
from reporting_agent.pipeline.units import off_scales

PLACES_KEPT = 20
_LONGEST_GAP_BETWEEN_H = 24


def examine(
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    *,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
    suspected: Mapping[int, AbstractSet[str]] = MappingProxyType({}),
    off_scale: Mapping[int, float] | None = None,
    alone: bool = False,
) -> tuple[list[Batch], list[DataFinding]]:
    """Mark the batches that show an excluding fault and count every fault.

    Args:
        metered_steps: step -> equipment whose energy comes from meters ("" for all).
        blank: (step, batch id) of batches of which some carrier's quantity is not known.
        suspected: by index of the batch, the codes under which its meters were found wrong about
            it.
        off_scale: by index of the batch, by what factor an energy that the plant gave lies off the
            rest; found here where not given.
        alone: judge each account (step, batch id) by itself, as on the way out.
    """
    again = _repeated(batches)
    overlapped: AbstractSet[int] = frozenset()
    off: Mapping[int, float] = {}
    if not alone:
        first_told = [
            index for index in range(len(batches)) if index not in again
        ]  # a row exported twice does not overlap itself
        overlapped = {
            first_told[index] for index in overlapping([batches[index] for index in first_told])
        }
        off = off_scales(batches) if off_scale is None else off_scale
    columns = _columns_of(
        batches, site, pack, metered_steps, blank, again, overlapped, off, suspected
    )
    judged_here = np.array([batch.excluded is None for batch in batches], dtype=bool)
    reason: dict[int, str] = {}
    findings: list[DataFinding] = []
    for fault in FAULTS:
        shows = fault.shows(columns) & judged_here
        claimed = [
            row
            for row in np.flatnonzero(shows & fault.excludes(columns)).tolist()
            if row not in reason
        ]
        reason |= dict.fromkeys(claimed, fault.code)
        if shows.any() and not fault.of_meter:
            findings.append(
                _finding(
                    fault, [batches[row] for row in np.flatnonzero(shows).tolist()], len(claimed)
                )
            )
    judged = [
        replace(batch, excluded=reason[row]) if row in reason else batch
        for row, batch in enumerate(batches)
    ]
    return judged, findings if alone else [*findings, *_gaps(batches), *missing_numbers(batches)]


def _columns_of(
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
    again: AbstractSet[int],
    overlapped: AbstractSet[int],
    off_scale: Mapping[int, float],
    suspected: Mapping[int, AbstractSet[str]],
) -> ExaminedBatches:
    """What the faults look at; what holds of a step and equipment is asked once for each."""
    rows = range(len(batches))
    lines = {(batch.step, batch.equipment) for batch in batches}
    metered = {
        (step, name): bool({"", name} & metered_steps.get(step, frozenset()))
        for step, name in lines
    }
    equipment = {line: _equipment(*line, site.equipment) for line in lines}
    steps = {name: pack.step(name) for name, _ in lines}
    return ExaminedBatches(
        batches,
        [steps[batch.step] for batch in batches],
        metered=np.array([metered[batch.step, batch.equipment] for batch in batches], dtype=bool),
        blank=np.array([(batch.step, batch.batch_id) in blank for batch in batches], dtype=bool),
        again=np.array([row in again for row in rows], dtype=bool),
        overlapped=np.array([row in overlapped for row in rows], dtype=bool),
        equipment=[equipment[batch.step, batch.equipment] for batch in batches],
        off_scale=np.array([off_scale.get(row, 1.0) for row in rows], dtype=float),
        suspected=suspected,
    )


def _finding(fault: BatchFault, batches: Sequence[Batch], claimed: int) -> DataFinding:
    count = len(batches)
    shown = {"count": f"{count:,}", "batches": fault.sentence}
    if claimed == count:
        sentence = Phrase("%(count)s %(batches)s; excluded.", **shown)
    elif claimed:
        sentence = Phrase(
            "%(count)s %(batches)s; %(claimed)s excluded for this reason, the others for another "
            "reason or not at all.",
            claimed=f"{claimed:,}",
            **shown,
        )
    else:
        sentence = Phrase("%(count)s %(batches)s.", **shown)
    severity = Severity.EXCLUSION if claimed else Severity.NOTICE
    places = tuple(batch.place for batch in batches[:PLACES_KEPT] if batch.place is not None)
    return DataFinding(fault.code, severity, sentence, count, places)


def _repeated(batches: Sequence[Batch]) -> set[int]:
    keys: set[tuple[str, str]] = set()
    again: set[int] = set()
    for index, batch in enumerate(batches):
        key = (batch.step, batch.batch_id)
        if key in keys:
            again.add(index)
        keys.add(key)
    return again


def overlapping(batches: Sequence[Batch]) -> set[int]:
    """Batches that share time with another of the same step and equipment: both are in it,
    neither's energy is its own.
    """
    lines: dict[tuple[str, str], list[tuple[datetime, datetime, int]]] = {}
    for index, batch in enumerate(batches):
        if batch.end is not None and batch.end > batch.start:
            lines.setdefault((batch.step, batch.equipment), []).append(
                (batch.start, batch.end, index)
            )
    shared: set[int] = set()
    for line in lines.values():
        line.sort()
        latest_end, latest = line[0][1], line[0][2]
        for start, end, index in line[1:]:
            if start < latest_end:
                shared |= {latest, index}
            if end > latest_end:
                latest_end, latest = end, index
    return shared


def _equipment(step: str, name: str, equipment: Sequence[Equipment]) -> Equipment | None:
    """The batches' own; of the step's only one where the log names none."""
    own = [declared for declared in equipment if declared.id == name]
    of_step = [declared for declared in equipment if declared.step == step] if not name else []
    if own:
        return own[0]
    return of_step[0] if len(of_step) == 1 else None


def _gaps(batches: Sequence[Batch]) -> list[DataFinding]:
    """Long pauses before batches of the period, of one equipment: a standstill, or records that are
    missing.
    """
    lines: dict[tuple[str, str], list[tuple[datetime, Batch]]] = {}
    for batch in batches:
        lines.setdefault((batch.step, batch.equipment), []).append((batch.start, batch))
    after: list[Batch] = []
    longest = 0.0
    for line in lines.values():
        line.sort(key=lambda entry: entry[0])
        span_h = (line[-1][0] - line[0][0]).total_seconds() / 3600
        usually_faster = (
            span_h / len(line) < _LONGEST_GAP_BETWEEN_H / 2
        )  # daily runs follow each other by a day
        for (earlier, _), (later, batch) in pairwise(line):
            hours = (later - earlier).total_seconds() / 3600
            if (
                hours > _LONGEST_GAP_BETWEEN_H
                and usually_faster
                and batch.excluded != ExclusionReason.OUTSIDE_PERIOD
            ):
                after.append(batch)
                longest = max(longest, hours)
    if not after:
        return []
    places = tuple(batch.place for batch in after[:PLACES_KEPT] if batch.place is not None)
    text = in_number(
        len(after),
        "%(pauses)s pause of more than %(hours)s h between batches, %(longest)s days long: a "
        "standstill, or missing records.",
        "%(pauses)s pauses of more than %(hours)s h between batches, the longest %(longest)s "
        "days: a standstill, or missing records.",
        pauses=f"{len(after):,}",
        hours=_LONGEST_GAP_BETWEEN_H,
        longest=f"{longest / 24:.1f}",
    )
    return [DataFinding("pause", Severity.NOTICE, text, len(after), places)]
