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
from reporting_agent.metering.unit_factors import (
    CERTAIN,
    into,
    level_turn,
    measured,
    off_scale,
    turning,
)

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
LEAST_FAR = np.log(3.0)  # a check meter that is further off is in another unit, if one fits
HALF = 0.5  # of a batch: what is known of less says nothing of the whole
AROUND = 3  # batches on either side


@dataclass(frozen=True, slots=True)
class UnitMismatch:
    """By what factor values are off, which batches, what proves it, and which usual factors may be
    `meant`: none fits, or the proof leaves several open.

    Where it was not always so, `between` are the batches between which the unit changed, and
    `later` says whether it is wrong since or was wrong until then; `batches` is then for the caller
    to find out.
    """

    factor: float
    batches: Flags
    proof: str
    meant: tuple[float, ...]
    between: tuple[int, int] | None = None
    later: bool = True

    @classmethod
    def into(cls, multiplied: Floats, batches: Flags, proof: str) -> UnitMismatch:
        """Of values that any of these factors brings to where they belong."""
        meant = tuple((1 / multiplied).tolist())
        return cls(float(np.exp(np.mean(np.log(meant)))), batches, proof, meant)

    @property
    def named(self) -> float | None:
        """The factor, where it is the only one."""
        return self.meant[0] if len(self.meant) == 1 else None


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
    if wrong.named is None:
        return Suspicion((finding,), {LABEL: batches})
    event = found_of(meter.id, "unit", span, zone, 1 / wrong.named)
    return Suspicion((finding,), {LABEL: batches}, (event,))


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
            label(meter, wrong, int(wrong.batches.sum())),
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
    finding = change(meter, wrong, from_us, int(batches.sum()), rows, zone)
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
        inside = into(median, USED * high, high)
        if count >= MOST_AGREE * max(readings, 1) and len(inside):
            return UnitMismatch.into(inside, every, "range")
        load = sample.power[np.isfinite(sample.power) & (sample.power > 0)]
        top = float(np.quantile(load, HIGH)) if len(load) else 0.0
        inside = into(top, USED * high, high)
        if top < TOO_LITTLE * high and len(inside):
            return UnitMismatch.into(inside, every, "range")
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
        if len(inside := into(usual, low, high)):
            if (
                turn is not None and low <= usual * turn.factor <= high
            ):  # the larger side is the wrong one
                return replace(_turned(turn), proof="bounds")
            return UnitMismatch.into(inside, every, "bounds")
        if turn is not None and low <= usual <= high and not low <= usual * turn.factor <= high:
            return replace(turn, proof="bounds")
    return turn


def _turned(wrong: UnitMismatch) -> UnitMismatch:
    """With the other side of the change as the wrong one."""
    meant = tuple(1 / factor for factor in wrong.meant)
    return replace(wrong, factor=1 / wrong.factor, meant=meant, later=not wrong.later)


def _beside(own: Floats, main: Floats) -> UnitMismatch | None:
    comparable = np.flatnonzero(np.isfinite(own) & np.isfinite(main) & (main > 0))
    found = apart(
        _around(own[comparable]) / _around(main[comparable])
    )  # of several batches: a clock that is off mixes neighbours
    if found is None:
        return None
    factor, meant, begins = found
    every = np.full(len(own), begins is None)
    if begins is None:
        return UnitMismatch(factor, every, "beside", meant)
    between = _around_turn(comparable, begins, 2 * AROUND)
    return UnitMismatch(factor, every, "beside", meant, between)


def apart(ratios: Floats) -> tuple[float, tuple[float, ...], int | None] | None:
    """How like energies of two meters lie apart (`measured`), and from which index on, None where
    nearly always; None where they do not, or where no usual factor fits and it is less than
    `CERTAIN`: it may measure another part."""
    far = np.abs(np.log(np.where(ratios > 0, ratios, 1.0))) >= LEAST_FAR
    if far.sum() < FEWEST:
        return None
    factor, meant = measured(ratios[far], np.ones(1))
    begins = from_then_on(far)
    since = begins is not None and abs(np.log(np.median(ratios[:begins]))) <= NEARLY_ONE
    if not (since or far.mean() >= MOST_AGREE) or not (
        meant or abs(np.log(factor)) >= np.log(CERTAIN)
    ):
        return None
    return factor, meant, begins if since else None


def _around_turn(batches: Integers, begins: int, reach: int) -> tuple[int, int]:
    """The batches between which the unit changed: sums of several lag behind, or run ahead."""
    last = min(begins + reach + 1, len(batches) - 1)
    return int(batches[max(begins - reach - 2, 0)]), int(batches[last])


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
    alike = factors == float(np.median(factors[off]))
    usable = np.flatnonzero(np.isfinite(batch_facts.per_output) & (batch_facts.per_output > 0))
    none = np.zeros(len(factors), dtype=bool)
    begins, later = from_then_on(alike[usable]), True
    if begins is None and (ends := from_then_on(alike[usable][::-1])) is not None:
        begins, later = len(usable) - ends, False  # those before are off
    if begins is None:
        return None  # a meter does not change its unit from batch to batch
    factor, meant = measured(batch_facts.per_output[alike], batch_facts.per_output[~off])
    return UnitMismatch(factor, none, "rows", meant, _around_turn(usable, begins, 0), later)


def _between_levels(batch_facts: KnownBatchFacts) -> UnitMismatch | None:
    """Where about as many batches lie on either side, so that neither level is the usual: the one
    beyond the bounds of a batch is wrong, else the one of fewer batches.
    """
    per_output = batch_facts.per_output
    usable = np.flatnonzero(np.isfinite(per_output) & (per_output > 0))
    if (found := level_turn(per_output[usable])) is None:
        return None
    begins, factor, meant = found
    between, none = _around_turn(usable, begins, 0), np.zeros(len(per_output), dtype=bool)
    since = UnitMismatch(factor, none, "rows", meant, between)
    earlier = _turned(since)
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


def label(meter: Meter, wrong: UnitMismatch, left_out: int) -> DataFinding:
    """All of its values are off by the factor (0.001: too small by a thousand)."""
    off = {"meter": meter.id, "proof": _PROOF[wrong.proof], "unit": meter.unit}
    if wrong.named is not None:
        sentence = Phrase(
            "Meter %(meter)s: its values are %(times)s times what %(proof)s: %(unit)s is not the "
            "unit they are written in. Multiplied by"
            " %(back)s they would fit. Correct unit under [[meters]], or its scale under "
            "[mapping.readings].",
            times=_spelled(wrong.named),
            back=_spelled(1 / wrong.named),
            **off,
        )
    else:
        meant = wrong.meant or (wrong.factor,)
        sentence = Phrase(
            "Meter %(meter)s: its values are not what %(proof)s. Multiplied by %(least)s to "
            "%(most)s they would fit, and no one factor between units or ratio of a transformer "
            "is proved. Read unit (%(unit)s) and ratio from the meter.",
            least=_spelled(1 / max(meant)),
            most=_spelled(1 / min(meant)),
            **off,
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
    wrong: UnitMismatch,
    at_us: int,
    left_out: int,
    places: tuple[Place, ...],
    zone: tzinfo,
) -> DataFinding:
    """From a moment on its values are a factor times those before."""
    factor, side = wrong.named or wrong.factor, _SIDE[wrong.later, wrong.proof]
    if wrong.named is None:
        side = Phrase(
            "%(side)s No factor between units and no transformer's ratio fits.", side=side
        )
    sentence = Phrase(
        "Meter %(meter)s: from %(day)s on its values are %(times)s times those before, for the "
        "same production: their unit changed."
        ' %(side)s Declare it under [[events]] (kind = "unit", factor = %(factor)s, %(since)s '
        "that day).",
        meter=meter.id,
        day=(_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date().isoformat(),
        times=_spelled(factor if wrong.later else 1 / factor),
        side=side,
        factor="…" if wrong.named is None else f"{1 / factor:.6g}",
        since=Phrase("from") if wrong.later else Phrase("until"),
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
