"""Whether a meter's values are in the unit that it declares, all or from a moment on; if not, by
what factor and which key says it.

By the declared range; the meter beside it; the physical bounds of a batch where it alone measures
the carrier; then its batches against each other: the bounds decide which side is wrong, else the
smaller side is left out, and the finding says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Meter
from reporting_agent.config.events import found_of
from reporting_agent.metering.curve import Course
from reporting_agent.metering.declared import put_right
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.outliers import SampledReadings
from reporting_agent.metering.standstills import MeterContext, Suspicion
from reporting_agent.metering.tally import CleaningResult, places_of
from reporting_agent.metering.unit_factors import fitting, into, level_turn, off_scale, turning

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

HIGH = 0.99  # quantile of the load that is held against the range
USED = (
    0.05  # of its range that any meter's high load reaches, unless it was chosen for another plant
)
TOO_LITTLE = 0.005  # of the range: below, it is no range that anybody would choose
FEWEST = 12  # batches
MOST_AGREE = 0.8
NEARLY_ONE = (
    0.4  # in ln: a meter that was right before its unit changed showed about what the other did
)
HALF = 0.5  # of a batch: what is known of less says nothing of the whole
AROUND = 3  # batches on either side


@dataclass(frozen=True, slots=True)
class UnitMismatch:
    """By what factor values are off, which batches, and what proves it.

    Where it was not always so, `between` are the batches between which the unit changed, and
    `later` says whether it is wrong since or was wrong until then; `batches` is then for the caller
    to find out.
    """

    factor: float
    batches: Flags
    proof: str
    between: tuple[int, int] | None = None
    later: bool = True


@dataclass(frozen=True, slots=True)
class KnownBatchFacts:
    """What is known of a meter's batches, in order of start.

    `energy` and `per_output` are its energy and that per output, NaN where unknown; `beside` that
    of the meter it stands beside, in its unit; `bounds` what one batch can take per output;
    `outside` how many readings the range made impossible, and their median load.
    """

    energy: Floats
    per_output: Floats
    beside: Floats | None = None
    bounds: tuple[float, float] | None = None
    range: tuple[float, float] | None = None
    outside: tuple[int, float] = (0, 0.0)


def suspect(
    meter: Meter, course: Course, windows: Windows, zone: tzinfo, beside: MeterContext
) -> Suspicion:
    """Whether one meter's values are in its unit, held against its batches, which stand in order of
    start.
    """
    if course.verdict is None:
        return Suspicion()
    own = _whole_energies(course, windows)
    main = None if beside.course is None else _whole_energies(beside.course, windows)
    batch_facts = KnownBatchFacts(
        own,
        np.divide(own, beside.output, out=np.full(len(own), np.nan), where=beside.output > 0),
        None if main is None else main * beside.own_per_other,
        beside.bounds,
        meter.range,
        course.verdict.outside,
    )
    wrong = misread(batch_facts, course.verdict.sample, course.facts.readings)
    if wrong is None:
        return Suspicion()
    finding, batches, span = _finding(meter, course.verdict, windows, wrong, zone)
    return Suspicion(
        (finding,), {LABEL: batches}, (found_of(meter.id, "unit", span, zone, 1 / wrong.factor),)
    )


def _whole_energies(course: Course, windows: Windows) -> Floats:
    """Of each batch of which half is known, as if all of it were: near enough to tell a unit by."""
    measured = course.over(windows)
    half_known = measured.completeness >= HALF
    whole: Floats = np.divide(
        np.abs(measured.energy),
        measured.completeness,
        out=np.full(len(half_known), np.nan),
        where=half_known,
    )
    return whole


def _finding(
    meter: Meter, verdict: CleaningResult, windows: Windows, wrong: UnitMismatch, zone: tzinfo
) -> tuple[DataFinding, Flags, tuple[int, int | None]]:
    """The finding, the batches that it concerns, and from when until when its values are off."""
    first_us = int(verdict.sample.time_us[0]) if len(verdict.sample) else int(windows.start_us[0])
    if wrong.between is None:
        return (
            label(meter, wrong.factor, wrong.proof, int(wrong.batches.sum())),
            wrong.batches,
            (first_us, None),
        )
    sample = verdict.sample
    time_us = put_right(sample.time_us, meter)
    before, after = wrong.between
    first, end = np.searchsorted(time_us, [windows.start_us[before], windows.end_us[after]])
    factor = wrong.factor if wrong.later else 1 / wrong.factor
    indices = np.arange(first, max(int(end), int(first) + 1)).clip(max=len(sample) - 1)
    row = np.array([turning(sample.power, indices, factor)])
    from_us = int(time_us[row[0]])
    batches = windows.end_us > from_us if wrong.later else windows.start_us < from_us
    rows = places_of(verdict.files, sample.row[row], sample.file[row])
    finding = change(
        meter, factor, from_us, int(batches.sum()), rows, zone, later=wrong.later, proof=wrong.proof
    )
    return finding, batches, (from_us, None) if wrong.later else (first_us, from_us)


def misread(
    batch_facts: KnownBatchFacts, sample: SampledReadings, readings: int
) -> UnitMismatch | None:
    """None where nothing speaks against the unit."""
    every = np.ones(len(batch_facts.per_output), dtype=bool)
    right = False
    if batch_facts.range is not None:
        high = batch_facts.range[1]
        count, median = batch_facts.outside
        if (
            count >= MOST_AGREE * max(readings, 1)
            and (factor := into(median, USED * high, high)) is not None
        ):
            return UnitMismatch(1 / factor, every, "range")
        load = sample.power[np.isfinite(sample.power) & (sample.power > 0)]
        top = float(np.quantile(load, HIGH)) if len(load) else 0.0
        if top < TOO_LITTLE * high and (factor := into(top, USED * high, high)) is not None:
            return UnitMismatch(1 / factor, every, "range")
        right = USED * high <= top <= high
    if batch_facts.beside is not None:
        return _beside(batch_facts.energy, batch_facts.beside)
    turn = _turn(batch_facts)
    if turn is not None and turn.proof == "bounds":
        return turn
    if (
        batch_facts.bounds is not None
        and not right
        and np.isfinite(batch_facts.per_output).sum() >= FEWEST
    ):
        low, high = batch_facts.bounds
        usual = float(np.nanmedian(batch_facts.per_output))
        if (factor := into(usual, low, high)) is not None:
            if (
                turn is not None and low <= usual * turn.factor <= high
            ):  # the larger side is the wrong one
                return replace(turn, factor=1 / turn.factor, proof="bounds", later=not turn.later)
            return UnitMismatch(1 / factor, every, "bounds")
        if turn is not None and low <= usual <= high and not low <= usual * turn.factor <= high:
            return replace(turn, proof="bounds")
    return turn


def _beside(own: Floats, main: Floats) -> UnitMismatch | None:
    comparable = np.flatnonzero(np.isfinite(own) & np.isfinite(main) & (main > 0))
    if len(comparable) < FEWEST:
        return None
    smooth = _around(own[comparable]) / _around(
        main[comparable]
    )  # of several batches: a clock that is off mixes neighbours
    factors = np.array([fitting(level) or 1.0 for level in smooth.tolist()])
    off = np.flatnonzero(factors != 1)
    if not len(off):
        return None
    factor = float(np.median(factors[off]))
    begins = from_then_on(factors == factor)
    if begins is not None and abs(np.log(np.median(smooth[:begins]))) <= NEARLY_ONE:
        return UnitMismatch(
            factor,
            np.zeros(len(own), dtype=bool),
            "beside",
            _around_turn(comparable, begins, 2 * AROUND),
        )
    batches = np.zeros(len(own), dtype=bool)
    if len(off) >= MOST_AGREE * len(comparable) and np.mean(factors[off] == factor) >= MOST_AGREE:
        batches[:] = True
        return UnitMismatch(factor, batches, "beside")
    return None


def _around_turn(batches: Integers, begins: int, before: int) -> tuple[int, int]:
    """The batches between which the unit changed: the sums of several batches lag behind."""
    return int(batches[max(begins - before - 2, 0)]), int(
        batches[min(begins + 1, len(batches) - 1)]
    )


def _around(values: Floats) -> Floats:
    """Running sums over `AROUND` values on either side, fewer at the ends."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    total: Floats = (
        sums[np.minimum(index + AROUND + 1, len(values))] - sums[np.maximum(index - AROUND, 0)]
    )
    return total


def _turn(batch_facts: KnownBatchFacts) -> UnitMismatch | None:
    """Where its batches' energy per output turned by a factor between units; the side with fewer
    batches is taken for the wrong one.
    """
    factors = off_scale(batch_facts.per_output)
    off = factors != 1
    if not off.any():
        return _between_levels(batch_facts)
    factor = float(np.median(factors[off]))
    usable = np.flatnonzero(np.isfinite(batch_facts.per_output) & (batch_facts.per_output > 0))
    none = np.zeros(len(factors), dtype=bool)
    begins = from_then_on((factors == factor)[usable])
    if begins is not None:
        return UnitMismatch(factor, none, "rows", _around_turn(usable, begins, 0))
    ends = from_then_on((factors == factor)[usable][::-1])
    if ends is not None:  # those before are off
        return UnitMismatch(
            factor, none, "rows", _around_turn(usable, len(usable) - ends, 0), later=False
        )
    return None  # a meter does not change its unit from batch to batch


def _between_levels(batch_facts: KnownBatchFacts) -> UnitMismatch | None:
    """Where about as many batches lie on either side, so that neither level is the usual: the one
    beyond the bounds of a batch is wrong, else the one of fewer batches.
    """
    per_output = batch_facts.per_output
    usable = np.flatnonzero(np.isfinite(per_output) & (per_output > 0))
    if (found := level_turn(per_output[usable])) is None:
        return None
    begins, factor = found
    between, none = _around_turn(usable, begins, 0), np.zeros(len(per_output), dtype=bool)
    earlier = UnitMismatch(1 / factor, none, "rows", between, later=False)
    since = UnitMismatch(factor, none, "rows", between)
    if batch_facts.bounds is not None:
        low, high = batch_facts.bounds
        before, after = (
            low <= float(np.median(side)) <= high
            for side in (per_output[usable[:begins]], per_output[usable[begins:]])
        )
        if before != after:
            return replace(since if before else earlier, proof="bounds")
    return earlier if 2 * begins < len(usable) else since


def from_then_on(off: Flags) -> int | None:
    """The index from which on nearly all are off, where before it nearly none is."""
    if off.sum() < FEWEST or off.all():
        return None
    before = np.concatenate(([0], np.cumsum(off)))
    count = len(off)
    indices = np.arange(1, count)
    wrong = (
        before[indices] + (count - indices) - (before[count] - before[indices])
    )  # off before, and not off after
    best = int(indices[np.argmin(wrong)])
    few = (1 - MOST_AGREE) / 2
    if before[best] > few * best or (count - best) - (before[count] - before[best]) > few * (
        count - best
    ):
        return None
    return best


LABEL, CHANGE = "unit-label", "unit-change"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROOF = {
    "range": Phrase("its range allows"),
    "beside": Phrase("the meter that it is compared with shows"),
    "bounds": Phrase("a batch of this step can use"),
    "rows": Phrase("its other batches show"),
}


def label(meter: Meter, factor: float, proof: str, left_out: int) -> DataFinding:
    """All of its values are off by the factor (0.001: too small by a thousand)."""
    sentence = Phrase(
        "Meter %(meter)s: its values are %(times)s times what %(proof)s: %(unit)s is not the unit "
        "they are written in. Multiplied by"
        " %(back)s they would fit. Correct unit under [[meters]], or its scale under "
        "[mapping.readings].",
        meter=meter.id,
        times=_spelled(factor),
        proof=_PROOF[proof],
        unit=meter.unit,
        back=_spelled(1 / factor),
    )
    return DataFinding(
        LABEL, Severity.WARNING, _with_left_out(sentence, left_out), max(left_out, 1)
    )


_SIDE = {
    (True, "bounds"): Phrase("The values since then are beyond what a batch of this step can use."),
    (False, "bounds"): Phrase("The values before are beyond what a batch of this step can use."),
    (True, "beside"): Phrase("The meter that it is compared with shows the same as before."),
    (True, "rows"): Phrase(
        "Most batches are before that day; nothing else shows which of the two is wrong."
    ),
    (False, "rows"): Phrase(
        "Most batches are after that day; nothing else shows which of the two is wrong."
    ),
}
"""By whether the values are wrong since the change or were until it, and by what proves it."""


def change(
    meter: Meter,
    factor: float,
    at_us: int,
    left_out: int,
    places: tuple[Place, ...],
    zone: tzinfo,
    *,
    later: bool,
    proof: str,
) -> DataFinding:
    """From a moment on its values are the factor times those before; `later` where the wrong ones
    are those since.
    """
    day, times = (
        (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date().isoformat(),
        _spelled(factor),
    )
    sentence = Phrase(
        "Meter %(meter)s: from %(day)s on its values are %(times)s times those before, for the "
        "same production: their unit changed."
        ' %(side)s Declare it under [[events]] (kind = "unit", factor = %(factor)s, %(since)s '
        "that day).",
        meter=meter.id,
        day=day,
        times=times,
        side=_SIDE[later, proof],
        factor=f"{1 / factor if later else factor:.6g}",
        since=Phrase("from") if later else Phrase("until"),
    )
    return DataFinding(
        CHANGE, Severity.WARNING, _with_left_out(sentence, left_out), max(left_out, 1), places
    )


def _spelled(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"


def _with_left_out(sentence: Phrase, count: int) -> Phrase:
    if not count:
        return sentence
    return in_number(
        count,
        "%(sentence)s %(count)s batch is left out of the label for this reason.",
        "%(sentence)s %(count)s batches are left out of the label for this reason.",
        sentence=sentence,
        count=f"{count:,}",
    )
