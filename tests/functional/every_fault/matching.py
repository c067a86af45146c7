"""What was put in against what was found.

A fault is found if a finding of its code names its meter and one of its rows (of a change from a
date on: a row within a day of it), or its batches, all of them. A finding's row that no fault of
that code accounts for is a false alarm, unless another fault lies there: a sentinel left out leaves
a gap, a stuck register catches up with a leap. What a whole logger's fault entails (`ENTAILS`) is
not held against it either.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from benchmarks.errors import Place
from benchmarks.measurements import DataFinding
from fixtures.simulator.works import KINDS, Fault
from fixtures.simulator.works.clock import DAY_S, HOUR_S
from fixtures.simulator.works.kinds import BY_ID, Struck
from tests.functional.every_fault.codes import CODES, NOT_FAULTS
from tests.functional.every_fault.plants import Tried

NEAR_ROWS = 3
CHANGES = frozenset({"time-resolution", "value-resolution", "wrong-unit-from"})
ENTAILS: dict[str, frozenset[str]] = {
    "clock-drift": frozenset(
        {"clock-jump", "reading-gap", "reading-conflict", "reading-duplicate", "out-of-range"}
    ),  # where the clock is set right
    "ignores-daylight-saving": frozenset(
        {"reading-gap", "clock-jump", "reading-conflict"}
    ),  # at the changes of the clock
    "wrong-unit": frozenset(
        {"value-stuck", "quantum-change", "register-reset"}
    ),  # last digits are lost; a register rolls over elsewhere
    "wrong-unit-from": frozenset(
        {"value-stuck", "quantum-change", "register-reset", "register-rollover"}
    ),
}
OF_WHOLE_METERS = frozenset().union(
    *(CODES[kind] for kind in ("clock-drift", "ignores-daylight-saving", "wrong-unit"))
)
_METER = re.compile(r"Meter ([^:]+): ")


@dataclass(slots=True)
class Tally:
    """One kind, summed over plants."""

    put_in: int = 0
    found: int = 0
    false_alarms: int = 0
    missed: list[str] = field(default_factory=list)
    wrongly: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.put_in += other.put_in
        self.found += other.found
        self.false_alarms += other.false_alarms
        self.missed += other.missed
        self.wrongly += other.wrongly

    @property
    def recall(self) -> float:
        return self.found / self.put_in if self.put_in else 1.0

    @property
    def precision(self) -> float:
        named = self.found + self.false_alarms
        return self.found / named if named else 1.0


def match(tried: Tried) -> dict[str, Tally]:
    """Every kind of this plant."""
    tallies = {kind.id: Tally() for kind in KINDS}
    of_meters, of_log = _sorted_findings(tried)
    meters = [fault for fault in tried.truth.faults if fault.meter]
    log = [fault for fault in tried.truth.faults if fault.batches]
    _match_meters(tried, meters, of_meters, tallies)
    _match_log(tried, log, meters, of_log, tallies)
    _match_forms(tried, tallies)
    return tallies


def _sorted_findings(tried: Tried) -> tuple[dict[str, list[DataFinding]], list[DataFinding]]:
    """Findings by meter, and those of the log."""
    of_meters: dict[str, list[DataFinding]] = defaultdict(list)
    of_log = []
    for finding in tried.result.data.findings:
        if finding.code in NOT_FAULTS:
            continue
        if named := _METER.match(finding.sentence):
            of_meters[named[1]].append(finding)
        else:
            of_log.append(finding)
    return of_meters, of_log


def _kinds_of(code: str, struck: Iterable[Struck]) -> list[str]:
    return [
        kind for kind, codes in CODES.items() if code in codes and BY_ID[kind].struck in set(struck)
    ]


def _match_meters(
    tried: Tried,
    faults: list[Fault],
    findings: Mapping[str, list[DataFinding]],
    tallies: dict[str, Tally],
) -> None:
    by_meter: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_meter[fault.meter].append(fault)
    name = f"{tried.truth.pack} {tried.works.seed} x{tried.truth.rate:g}"
    for meter in tried.truth.every_s:
        own, reported = by_meter[meter], findings.get(meter, [])
        for fault in own:
            tally = tallies[fault.kind]
            tally.put_in += 1
            if any(
                _names(finding, _span(fault, tried))
                for finding in reported
                if finding.code in CODES[fault.kind]
            ):
                tally.found += 1
            else:
                tally.missed.append(f"{name} {meter} {fault.kind} rows {fault.rows[:3]}")
        for finding in reported:
            kinds = _kinds_of(finding.code, (Struck.METER, Struck.LOGGER))
            if not kinds:
                continue
            wrong = _unaccounted(finding, own, tried)
            if wrong:
                tallies[kinds[0]].false_alarms += wrong
                tallies[kinds[0]].wrongly.append(
                    f"{name} {meter} {finding.code} {wrong} of {finding.count}, "
                    f"{_rows(finding.places)[:4]}"
                )


def _names(finding: DataFinding, span: set[int]) -> bool:
    """Whether the finding's rows hold one of the fault's; a finding of a whole meter has none."""
    return not finding.places or not span or not span.isdisjoint(_rows(finding.places))


def _span(fault: Fault, tried: Tried, near: int = 1) -> set[int]:
    """Rows at which the fault may be told: its own and their neighbours; of a change from a date
    on, a day's rows on either side.
    """
    if fault.kind in CHANGES and fault.rows:
        near = DAY_S // tried.truth.every_s[fault.meter]
    near *= fault.stride
    whole = fault.rows and max(fault.rows) - min(fault.rows) <= 3 * len(fault.rows) * fault.stride
    return (
        set(range(min(fault.rows) - near, max(fault.rows) + near + 1))
        if whole
        else _around(fault.rows, near)
    )


def _unaccounted(finding: DataFinding, faults: list[Fault], tried: Tried) -> int:
    """Rows of the finding (or, where it has none, how often it says so) that no fault of the meter
    accounts for.
    """
    if any(finding.code in CODES[fault.kind] and not fault.rows for fault in faults):
        return 0  # the whole meter
    entailed = any(finding.code in ENTAILS.get(fault.kind, frozenset()) for fault in faults)
    if entailed:
        return 0
    if finding.code in OF_WHOLE_METERS:
        return 1
    if not finding.places:
        return max(finding.count - sum(finding.code in CODES[fault.kind] for fault in faults), 0)
    covered: set[int] = set()
    for fault in faults:
        covered |= _span(fault, tried, NEAR_ROWS)
    return sum(row not in covered for row in _rows(finding.places))


def _around(rows: list[int], near: int) -> set[int]:
    return {row + away for row in rows for away in range(-near, near + 1)}


def _rows(places: Iterable[Place]) -> list[int]:
    return [place.row for place in places if place.row is not None]


def _match_log(
    tried: Tried,
    faults: list[Fault],
    meters: list[Fault],
    findings: list[DataFinding],
    tallies: dict[str, Tally],
) -> None:
    name = f"{tried.truth.pack} {tried.works.seed} x{tried.truth.rate:g}"
    batch_at = {
        (PurePath(batch.place.file).name, batch.place.row): (batch.step, batch.batch_id)
        for batch in tried.result.data.batches
        if batch.place
    }
    by_code: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for finding in findings:
        by_code[finding.code].update(
            batch_at[key]
            for place in finding.places
            if (key := (PurePath(place.file).name, place.row)) in batch_at
        )
    struck = {batch for fault in faults for batch in fault.batches}
    for fault in faults:
        tally = tallies[fault.kind]
        tally.put_in += 1
        if any(set(fault.batches) <= by_code[code] for code in CODES[fault.kind]):
            tally.found += 1
        else:
            tally.missed.append(f"{name} {fault.kind} {fault.batches}")
    unread = _unread_batches(tried, meters)
    for code, batches in by_code.items():
        kinds = _kinds_of(code, (Struck.LOG,))
        if not kinds:
            continue
        wrong = batches - struck - (unread if code in {"energy-unknown", "zero-energy"} else set())
        if wrong:
            tallies[kinds[0]].false_alarms += len(wrong)
            tallies[kinds[0]].wrongly.append(f"{name} {code} {sorted(wrong)[:3]} of {len(wrong)}")


def _unread_batches(tried: Tried, meters: list[Fault]) -> set[tuple[str, str]]:
    """Batches of lines whose main meter had a fault in their time: that their energy is not known
    follows from it.

    Likewise where the meter of temperature or pressure had one that turns the line's gas into
    normal cubic metres.
    """
    line_of = {meter.id: (meter.step, meter.equipment) for meter in tried.works.meters}
    for meter in tried.works.meters:
        declared = " ".join(meter.declared)
        line_of |= {
            state.id: line_of[meter.id]
            for state in tried.works.beside
            if f'_meter = "{state.id}"' in declared
        }
    times: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for fault in meters:
        if fault.meter in line_of:
            times[line_of[fault.meter]].append((fault.start_s - HOUR_S, fault.end_s + HOUR_S))
    return {
        (batch.step, batch.batch_id)
        for batch in tried.result.data.batches
        if any(
            batch.start.timestamp() <= last and (batch.end or batch.start).timestamp() >= first
            for first, last in times[batch.step, batch.equipment]
        )
    }


def _match_forms(tried: Tried, tallies: dict[str, Tally]) -> None:
    """A form is met if the row was read as it was meant; a row of totals if it was kept out of the
    batches.
    """
    name = f"{tried.truth.pack} {tried.works.seed} x{tried.truth.rate:g}"
    struck = {batch for fault in tried.truth.faults for batch in fault.batches}
    read = {
        batch.place.row: batch for batch in tried.result.data.batches if batch.place is not None
    }
    for form in tried.truth.faults:
        if form.meter or form.batches:
            continue
        tally = tallies[form.kind]
        for row in form.rows:
            batch = read.get(row)
            if form.kind == "totals":
                right = batch is None
            elif batch is None:
                right = False
            elif (batch.step, batch.batch_id) in struck or (
                batch.step,
                batch.batch_id,
            ) not in tried.truth.runs:
                continue  # wrong for another reason, or a state that the plant logged
            else:
                run = tried.truth.runs[batch.step, batch.batch_id]
                right = (
                    batch.start.timestamp() == run.start_s
                    and batch.end is not None
                    and batch.end.timestamp() == run.end_s
                    and batch.output == run.output
                    and batch.variables.get("power_on_s") == run.power_on_s
                )
            tally.put_in += 1
            tally.found += right
            if not right:
                tally.missed.append(f"{name} {form.kind} row {row}")
