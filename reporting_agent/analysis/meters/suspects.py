"""Which meter of an open balance to look at first, and why.

In this order, each only where the data show it: the meter whose part of the whole changed on the
day the balance opened; the meter whose day-by-day energy the difference follows (it would close if
that meter read more or less by one factor); a steady difference, which is rather a load that no sub
measures; the meter that knows least of its time; the one that is worst by its class at its load;
the one whose calibration is oldest. A sub comes before the main.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.declared import Words, worded
from benchmarks.phrases import Phrase
from reporting_agent.analysis.figures import shown, to_one_decimal
from reporting_agent.metering import MeterRecord

Floats = NDArray[np.float64]

FEWEST_DAYS = 10  # to tell what a difference follows
FOLLOWS = (
    0.9  # share of the difference's square that one factor must explain, and correlation of the two
)
VARIES = 0.03  # a sub's days must differ by this, relative, to tell anything
STEADY = 0.05  # a difference whose days differ by less
CLEARLY = 0.5  # of what it leaves, against what the next best leaves
LEAST_CHANGE = 0.02  # of a meter's part of the whole
LEAST_MISSING = 0.01


@dataclass(frozen=True, slots=True)
class Suspect:
    meter: str
    why: Words


def of(
    sides: Sequence[MeterRecord], days: Sequence[Floats], difference: Floats, since: int | None
) -> Suspect:
    """The meter to look at first.

    Args:
        sides: the main meter and its subs.
        days: their energy a day, with the sign that it has in the sum.
        since: index of the day on which the balance opened, where it did not begin open.
    """
    subs = list(zip(sides[1:], days[1:], strict=True))
    suspect = (
        _changed(subs, days[0], difference, since)
        if since is not None
        else _followed(subs, difference)
    )
    return suspect or _steady(sides[0], difference) or _poorest(sides)


def _followed(subs: list[tuple[MeterRecord, Floats]], difference: Floats) -> Suspect | None:
    """The sub whose energy times one factor is the difference, day after day."""
    whole = float(difference @ difference)
    if len(difference) < FEWEST_DAYS or not whole:
        return None
    tried = []
    for record, energy in subs:
        square = float(energy @ energy)
        varies = float(energy.std()) > VARIES * abs(float(energy.mean()))
        if (
            square
            and varies
            and difference.std()
            and abs(float(np.corrcoef(energy, difference)[0, 1])) > FOLLOWS
        ):
            factor = float(difference @ energy) / square
            rest = difference - factor * energy
            tried.append((float(rest @ rest) / whole, factor, record))
    tried.sort(key=lambda trial: trial[0])
    if (
        not tried
        or tried[0][0] > 1 - FOLLOWS
        or (len(tried) > 1 and tried[0][0] > CLEARLY * tried[1][0])
    ):
        return None
    _, factor, record = tried[0]
    times = 1 + factor
    return Suspect(
        record.meter.id,
        worded(
            "the difference follows it day by day, and would disappear if it counted %(times)s "
            "times as much%(cause)s",
            times=shown(times),
            cause=_cause(times),
        ),
    )


def _steady(main: MeterRecord, difference: Floats) -> Suspect | None:
    """A difference of one height every day: nothing that a meter at fault would leave."""
    mean = float(difference.mean())
    if len(difference) < FEWEST_DAYS or mean <= 0 or float(difference.std()) > STEADY * mean:
        return None
    power = f"{shown(mean / 24)} {'kW' if main.unit == 'kWh' else main.unit + '/h'}"
    return Suspect(
        main.meter.id,
        worded(
            "the difference is a steady %(power)s, so a load below it without a sub-meter is more "
            "likely than a faulty meter",
            power=power,
        ),
    )


def _cause(times: float) -> str:
    """What commonly makes a meter read by such a factor."""
    for factor, cause in (
        (1.5, Phrase("one of three phases is not counted")),
        (3.0, Phrase("two of three phases are not counted")),
        (2.0, Phrase("the current transformer's ratio is set to half")),
        (0.5, Phrase("the current transformer's ratio is set to twice")),
        (10.0, Phrase("a decimal place is lost")),
        (0.1, Phrase("a decimal place is gained")),
        (1000.0, Phrase("the unit is a thousand times larger")),
    ):
        if abs(times / factor - 1) < 0.02:
            return Phrase(" (as when %(cause)s)", cause=cause)
    return ""


def _changed(
    subs: list[tuple[MeterRecord, Floats]], main: Floats, difference: Floats, since: int
) -> Suspect | None:
    """The sub whose part of the main meter's energy changed most, against the difference, on the
    day the balance opened.
    """
    turned = float(np.sign(np.median(difference[since:])))
    best: tuple[float, Suspect] | None = None
    for record, energy in subs:
        share = np.divide(energy, main, out=np.full(len(main), np.nan), where=main > 0)
        before, after = np.nanmedian(share[:since]), np.nanmedian(share[since:])
        change = float(before - after) * turned  # a sub that counts less opens the balance upwards
        if np.isfinite(change) and change > LEAST_CHANGE and (best is None or change > best[0]):
            words = worded(
                "its share of the whole changed from %(before)s to %(after)s on that day",
                before=to_one_decimal(float(before)),
                after=to_one_decimal(float(after)),
            )
            best = change, Suspect(record.meter.id, words)
    return None if best is None else best[1]


def _poorest(sides: Sequence[MeterRecord]) -> Suspect:
    """By missing time, by class at its load, by age of calibration; else the largest sub."""
    order = [*sides[1:], sides[0]]
    missing = [_missing(record) for record in order]
    if max(missing) > LEAST_MISSING:
        worst = order[int(np.argmax(missing))]
        return Suspect(
            worst.meter.id,
            worded("there are no data for %(share)s of its time", share=f"{max(missing):.1%}"),
        )
    errors = [_error_at_load(record) for record in order]
    known_errors = [error for error in errors if error is not None]
    if known_errors and max(known_errors) > 2 * min(known_errors):
        worst = order[max(range(len(order)), key=lambda index: errors[index] or 0.0)]
        return Suspect(
            worst.meter.id,
            worded(
                "by its class it may be wrong by %(share)s at its usual load",
                share=f"{max(known_errors):.1%}",
            ),
        )
    dated = [record for record in order if record.meter.calibrated_on is not None]
    if dated:
        oldest = min(dated, key=lambda record: str(record.meter.calibrated_on))
        return Suspect(
            oldest.meter.id,
            worded(
                "its calibration of %(calibrated_on)s is the oldest",
                calibrated_on=str(oldest.meter.calibrated_on),
            ),
        )
    largest = max(sides[1:], key=lambda record: abs(record.total))
    return Suspect(
        largest.meter.id, worded("it is the largest, and nothing distinguishes the meters")
    )


def _missing(record: MeterRecord) -> float:
    whole = record.known_s + record.missing_s
    return record.missing_s / whole if whole else 1.0


def _error_at_load(record: MeterRecord) -> float | None:
    meter = record.meter
    if meter.accuracy_class is None:
        return None
    if meter.accuracy_of == "reading" or meter.range is None:
        return meter.accuracy_class / 100
    load = (
        record.total / record.per_reading / (record.known_s / 3600)
        if record.known_s and record.per_reading
        else 0.0
    )
    return meter.accuracy_class / 100 * meter.range[1] / load if load > 0 else 1.0
