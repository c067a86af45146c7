"""Whether a meter suffices for a step's label, with the figures that decide and what to change.

GB 17167-2006 table 4: class 2.0 of gas, 2.5 of steam; IEC 62053-21: class 1 electricity from 5 % of
the basic current. Engineering assumptions: turndown 10:1 of flow meters, calibration intervals, the
two limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import floor, log10

from benchmarks.declared import Words, worded
from benchmarks.phrases import Phrase
from reporting_agent.analysis.figures import plain, shown
from reporting_agent.config import Meter
from reporting_agent.metering.record import MeterRecord
from reporting_agent.metering.uncertainty import resolution

LOW_LOAD = {"electricity": 0.05}  # of the range
LOW_LOAD_OF_FLOW = 0.10


class AdequacyVerdict(StrEnum):
    ADEQUATE = "adequate"
    UNDECLARED = "undeclared"
    YEAR_ONLY = "year-only"
    INADEQUATE = "not-adequate"

    @property
    def words(self) -> Words:
        return _VERDICTS[self]


_VERDICTS = {
    AdequacyVerdict.ADEQUATE: worded("adequate"),
    AdequacyVerdict.UNDECLARED: worded("cannot be judged"),
    AdequacyVerdict.YEAR_ONLY: worded("adequate for the year only"),
    AdequacyVerdict.INADEQUATE: worded("not adequate"),
}
GRAVITY = (
    AdequacyVerdict.ADEQUATE,
    AdequacyVerdict.UNDECLARED,
    AdequacyVerdict.YEAR_ONLY,
    AdequacyVerdict.INADEQUATE,
)


class Aspect(StrEnum):
    RANGE = "range"
    SATURATION = "saturation"
    RESOLUTION = "resolution"
    CLASS = "class"
    COVERAGE = "coverage"
    SAMPLING = "sampling"
    STATE = "state"
    CALIBRATION = "calibration"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that a meter lacks: how far it brings the verdict down, what was found, and what to
    change.
    """

    aspect: Aspect
    verdict: AdequacyVerdict
    found: Words
    change: Words


@dataclass(frozen=True, slots=True)
class MeterLoad:
    """How a meter is loaded, in the unit of its range: mean in batches, the lowest hour in twenty,
    the highest seen.
    """

    mean: float
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class Measuring:
    """One meter as one step's label uses it. Uncertainties are expanded, as shares; None where no
    class is declared.

    `share` is the part of the label's energy that the carrier is; `spread` the way from the label
    to the typical batch, as a share.
    """

    meter: Meter
    record: MeterRecord
    load: MeterLoad | None
    share: float
    of_batch: float | None
    own: float | None
    of_period: float | None
    spread: float | None
    batch_energy: float  # typical, in the record's unit
    batch_s: float
    longest_gap_s: float  # of the step's label rule
    ends: date

    @property
    def low_load(self) -> float:
        return LOW_LOAD.get(self.meter.carrier, LOW_LOAD_OF_FLOW)

    @property
    def unit(self) -> str:
        """Of range and load."""
        return (
            self.meter.unit
            if self.meter.reading == "rate"
            else {"kWh": "kW", "MWh": "MW"}.get(self.meter.unit, f"{self.meter.unit}/h")
        )


MOST_OF_A_BATCH = 0.05  # of the label's value, expanded, through one carrier
MOST_OF_A_YEAR = 0.05
SATURATED = 0.001  # share of the known time at the range's end
FEWEST_COVERED = 0.9  # share of the time known
LEAST_COVERED = 0.5
LEAST_SPREAD = 1e-4  # between label and typical batch: below it all batches are one
LONGEST_SAMPLE = 0.05  # of a batch's length
COARSEST = 0.01  # smallest step over a batch's energy
CALIBRATION_MONTHS = {"electricity": 72}
CALIBRATION_MONTHS_OF_FLOW = 24
ROOM = 1.25  # of the highest load, for a new range
_DAYS_A_MONTH = 30.44


def issues(measuring: Measuring) -> tuple[Issue, ...]:
    """Everything that the meter lacks, worst first."""
    faults = [
        *_range(measuring),
        *_class(measuring),
        *_resolution(measuring),
        *_sampling(measuring),
        *_coverage(measuring),
        *_state(measuring),
        *_calibration(measuring),
        *_undeclared(measuring),
    ]
    return tuple(sorted(faults, key=lambda issue: -GRAVITY.index(issue.verdict)))


def worst(issues: tuple[Issue, ...]) -> AdequacyVerdict:
    return max(
        (issue.verdict for issue in issues), key=GRAVITY.index, default=AdequacyVerdict.ADEQUATE
    )


def _range(measuring: Measuring) -> Iterator[Issue]:
    if measuring.load is None or measuring.meter.range is None:
        return
    top, load = measuring.meter.range[1], measuring.load
    if top > 0 and measuring.record.facts.at_range_share > SATURATED:
        share = measuring.record.facts.at_range_share
        better = _next_range(2 * top / ROOM)
        yield Issue(
            Aspect.SATURATION,
            AdequacyVerdict.INADEQUATE if share > 0.02 else AdequacyVerdict.YEAR_ONLY,
            worded(
                "it is at the end of its range, %(top)s %(unit)s, for %(share)s of the time: more "
                "flowed than it shows",
                top=shown(top),
                unit=measuring.unit,
                share=f"{share:.1%}",
            ),
            worded(
                "choose a range to %(better)s %(unit)s or more",
                better=plain(better),
                unit=measuring.unit,
            ),
        )
    elif 0 < load.mean < measuring.low_load * top:
        better = _next_range(load.highest or load.mean)
        klass = measuring.meter.accuracy_class
        means = worded("its class is not guaranteed there")
        if klass is not None and measuring.meter.accuracy_of == "range":
            error = klass / 100 * top / load.mean
            means = worded(
                "class %(accuracy_class)s of the range means an error of %(error)s there",
                accuracy_class=f"{klass:g}",
                error=f"{error:.0%}",
            )
        yield Issue(
            Aspect.RANGE,
            AdequacyVerdict.YEAR_ONLY,
            worded(
                "range 0 to %(top)s %(unit)s, but the batches run at %(mean)s: %(share)s of the "
                "range; %(means)s",
                top=shown(top),
                unit=measuring.unit,
                mean=shown(load.mean),
                share=f"{load.mean / top:.1%}",
                means=means,
            ),
            worded("choose 0 to %(better)s %(unit)s", better=plain(better), unit=measuring.unit)
            if better < top
            else _smaller_turndown(measuring),
        )


def _smaller_turndown(measuring: Measuring) -> Words:
    """Where the peaks need the range that the usual load is too small for."""
    return worded(
        "its peaks need this range: use a meter with a larger turndown (thermal mass, "
        "ultrasonic), or a small one beside the large one"
    )


def _class(measuring: Measuring) -> Iterator[Issue]:
    if measuring.of_batch is None or measuring.own is None:
        return
    on_label, on_year = (
        measuring.of_batch * measuring.share,
        (measuring.of_period or 0.0) * measuring.share,
    )
    reach = 0.5 * measuring.spread if measuring.spread and measuring.spread > LEAST_SPREAD else None
    own = measuring.own * measuring.share
    if on_year > MOST_OF_A_YEAR or on_label > MOST_OF_A_BATCH:
        verdict = (
            AdequacyVerdict.INADEQUATE if on_year > MOST_OF_A_YEAR else AdequacyVerdict.YEAR_ONLY
        )
        allowed = MOST_OF_A_YEAR if verdict is AdequacyVerdict.INADEQUATE else MOST_OF_A_BATCH
        error = on_year if verdict is AdequacyVerdict.INADEQUATE else on_label
        what = (
            worded("the period's energy")
            if verdict is AdequacyVerdict.INADEQUATE
            else worded("a batch's energy")
        )
        yield Issue(
            Aspect.CLASS,
            verdict,
            worded(
                "through this meter, %(what)s may be wrong by %(found)s of the label, more than "
                "%(allowed)s",
                what=what,
                found=f"{error:.1%}",
                allowed=f"{allowed:.0%}",
            ),
            _better_class(measuring, allowed / measuring.share),
        )
    elif reach is not None and own > reach:
        yield Issue(
            Aspect.CLASS,
            AdequacyVerdict.YEAR_ONLY,
            worded(
                "its reading errors alone make batches differ by %(own)s, more than half of the "
                "%(spread)s between the label and the "
                "typical batch: the label could be just a lucky reading",
                own=f"{own:.1%}",
                spread=f"{measuring.spread or 0:.1%}",
            ),
            worded(
                "read it more often and in finer steps, so that batches start and end at readings"
            ),
        )


def _better_class(measuring: Measuring, allowed: float) -> Words:
    """The class that would do, where a class can; else the readings are the matter."""
    if measuring.meter.computed:
        return worded(
            "give it a meter of its own: a small difference between large meters has the errors "
            "of both"
        )
    common = (
        ((measuring.of_batch or 0.0) ** 2 - (measuring.own or 0.0) ** 2) ** 0.5
        if (measuring.of_batch or 0.0) > (measuring.own or 0.0)
        else 0.0
    )
    klass, load = measuring.meter.accuracy_class or 1.0, measuring.load
    if common > (measuring.own or 0.0):
        wanted = next(
            (
                offered
                for offered in (2.5, 2.0, 1.5, 1.0, 0.5, 0.2)
                if offered < klass and offered / klass * common <= allowed
            ),
            None,
        )
        if (
            measuring.meter.accuracy_of == "range"
            and measuring.meter.range is not None
            and load is not None
            and load.mean > 0
        ):
            better = _next_range(load.highest or load.mean)
            if (
                better < measuring.meter.range[1]
                and better / measuring.meter.range[1] * common <= allowed
            ):
                return worded(
                    "choose 0 to %(better)s %(unit)s", better=plain(better), unit=measuring.unit
                )
        if wanted is not None:
            return worded("choose class %(wanted)s", wanted=f"{wanted:g}")
        return worded("use a meter whose class refers to the reading, not to the range")
    return worded(
        "read it at least every %(seconds)s s, in steps of %(fine)s %(meter_unit)s",
        seconds=shown(max(measuring.batch_s * LONGEST_SAMPLE, 1)),
        fine=plain(_fine(measuring)),
        meter_unit=measuring.meter.unit,
    )


def _resolution(measuring: Measuring) -> Iterator[Issue]:
    usual = (
        measuring.load.mean * (measuring.record.facts.usual_step_s or 0.0) / 3600
        if measuring.load is not None
        else 0.0
    )
    quantum = resolution(measuring.meter, measuring.record.facts, usual)
    if quantum is None or measuring.meter.reading == "rate" or not measuring.batch_energy:
        return
    share = quantum * abs(measuring.record.per_reading) / measuring.batch_energy
    if share > COARSEST:
        yield Issue(
            Aspect.RESOLUTION,
            AdequacyVerdict.YEAR_ONLY,
            worded(
                "it counts in steps of %(quantum)s %(meter_unit)s, which is %(share)s of a "
                "batch's %(batch_energy)s %(record_unit)s",
                quantum=shown(quantum),
                meter_unit=measuring.meter.unit,
                share=f"{share:.1%}",
                batch_energy=shown(measuring.batch_energy),
                record_unit=measuring.record.unit,
            ),
            worded(
                "set it to write steps of %(fine)s %(meter_unit)s or finer",
                fine=plain(_fine(measuring)),
                meter_unit=measuring.meter.unit,
            ),
        )


def _fine(measuring: Measuring) -> float:
    """The coarsest step of 1, 2, 5 that is fine enough for a batch."""
    wanted = COARSEST * measuring.batch_energy / abs(measuring.record.per_reading or 1.0)
    if wanted <= 0:
        return 1.0
    power = 10.0 ** floor(log10(wanted))
    return max((step * power for step in (1, 2, 5) if step * power <= wanted), default=power)


def _sampling(measuring: Measuring) -> Iterator[Issue]:
    step_s = measuring.record.facts.usual_step_s
    if step_s is None or step_s <= LONGEST_SAMPLE * measuring.batch_s:
        return
    wanted = next(
        (s for s in (3600, 900, 300, 60, 30, 10, 5, 1) if s <= LONGEST_SAMPLE * measuring.batch_s),
        1,
    )
    sentence = worded(
        (
            "a reading every %(step_s)s s, batches of %(batch_s)s s: at the start or end of a "
            "batch, the energy between two readings is "
            "split by time alone"
        ),
        step_s=shown(step_s),
        batch_s=shown(measuring.batch_s),
    )
    if step_s > measuring.longest_gap_s:
        sentence = worded(
            "a reading every %(step_s)s s: a report does not estimate energy across a gap of more "
            "than %(longest_gap_s)s s",
            step_s=shown(step_s),
            longest_gap_s=shown(measuring.longest_gap_s),
        )
    yield Issue(
        Aspect.SAMPLING,
        AdequacyVerdict.YEAR_ONLY
        if step_s > measuring.batch_s / 4 or step_s > measuring.longest_gap_s
        else AdequacyVerdict.ADEQUATE,
        sentence,
        worded("read it every %(wanted)s s", wanted=wanted),
    )


def _coverage(measuring: Measuring) -> Iterator[Issue]:
    share = covered(measuring.record)
    counts_on = (
        measuring.meter.reading == "register" and measuring.record.unplaced != 0
    )  # its sum is known across gaps
    if share < FEWEST_COVERED:
        yield Issue(
            Aspect.COVERAGE,
            AdequacyVerdict.INADEQUATE
            if share < LEAST_COVERED and not counts_on
            else AdequacyVerdict.YEAR_ONLY,
            worded(
                "the time at which its energy was used is known for %(share)s of the period",
                share=f"{share:.1%}",
            ),
            worded("find out why its readings fail: logger, line, meter"),
        )


def covered(record: MeterRecord) -> float:
    """The share of the time that the record tells of."""
    whole = record.known_s + record.missing_s
    return record.known_s / whole if whole else 0.0


def _state(measuring: Measuring) -> Iterator[Issue]:
    """Gas and steam whose temperature or pressure is a constant, or whose heat is a fixed
    figure.
    """
    meter = measuring.meter
    stated = (
        (Phrase("temperature"), meter.temperature_c),
        (Phrase("pressure"), meter.pressure_kpa),
    )
    if fixed := [name for name, value in stated if value is not None]:
        what = (
            fixed[0]
            if len(fixed) == 1
            else Phrase("%(first)s and %(last)s", first=fixed[0], last=fixed[1])
        )
        if meter.steam is None:
            moves = Phrase("at normal pressure, 10 kPa change a volume by 10 %, and 3 K by 1 %")
        else:
            moves = Phrase(
                "a change of 1 % in pressure changes a volume of steam by 1 %, and 10 K change "
                "its heat by 1 %"
            )
        yield Issue(
            Aspect.STATE,
            AdequacyVerdict.ADEQUATE
            if meter.steam is not None and meter.steam.state == "saturated"
            else AdequacyVerdict.YEAR_ONLY,
            Words.of(
                Phrase("its %(fixed)s is entered as a constant; %(moves)s", fixed=what, moves=moves)
                if len(fixed) == 1
                else Phrase(
                    "its %(fixed)s are entered as constants; %(moves)s", fixed=what, moves=moves
                )
            ),
            worded("also measure %(fixed)s there (temperature_meter, pressure_meter)", fixed=what),
        )
    elif meter.carrier == "steam" and meter.steam is None and meter.lhv is not None:
        yield Issue(
            Aspect.STATE,
            AdequacyVerdict.YEAR_ONLY,
            worded(
                "its steam is counted with a fixed %(lhv)s MJ/%(meter_unit)s",
                lhv=f"{meter.lhv:g}",
                meter_unit=meter.unit,
            ),
            worded("also measure temperature and pressure there, and declare steam = { ... }"),
        )


def _calibration(measuring: Measuring) -> Iterator[Issue]:
    meter = measuring.meter
    months = meter.calibration_months or CALIBRATION_MONTHS.get(
        meter.carrier, CALIBRATION_MONTHS_OF_FLOW
    )
    if meter.calibrated_on is None or meter.computed:
        return
    age = (measuring.ends - meter.calibrated_on).days / _DAYS_A_MONTH
    if age > months:
        yield Issue(
            Aspect.CALIBRATION,
            AdequacyVerdict.ADEQUATE,
            worded(
                (
                    "calibrated on %(calibrated_on)s, %(age)s months before the end of the "
                    "period; a calibration is valid for %(months)s "
                    "months"
                ),
                calibrated_on=meter.calibrated_on.isoformat(),
                age=f"{age:.0f}",
                months=months,
            ),
            worded("have it calibrated; until then its class is not proven"),
        )


def _undeclared(measuring: Measuring) -> Iterator[Issue]:
    meter = measuring.meter
    if meter.accuracy_class is None and not meter.computed:
        yield Issue(
            Aspect.UNDECLARED,
            AdequacyVerdict.UNDECLARED,
            worded("its accuracy class is not declared"),
            worded("copy accuracy_class (and range) from its plate to site.toml"),
        )


def _next_range(highest: float) -> float:
    """The next of 1, 2, 5 times a power of ten above `ROOM` times the highest load."""
    wanted = ROOM * highest
    power = 10.0 ** floor(log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))
