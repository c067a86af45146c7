"""Balances of the meters, for the period and day by day, over hours that every meter in place
knows; and which meter to look at first.

    difference = main * (1 - declared loss) - sum of subs     (a sub of the other direction off it)

Open where larger than the combined uncertainty (`metering.uncertainty`), k = 2 for the period, k =
3 for a day; by its days where more than one in fifty is. Where the subs measure `some` of the flow,
only subs above the main are open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.declared import Words, worded
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, Value, in_number, joined
from benchmarks.quantities import converts, ratio
from reporting_agent.analysis.figures import shown, to_one_decimal
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering import MeterRecord, Windows
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, together
from reporting_agent.pipeline import LabelResult

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


LEAST_KNOWN = (
    0.999  # of an hour, by every meter: a part that one has lost would show as a difference
)
DAY_FACTOR = 3.0  # standard uncertainties that a day's difference may reach
OPEN_DAYS = 0.02  # share of the days that may lie beyond it


@dataclass(frozen=True, slots=True)
class BalanceMeter:
    """One meter of a balance: its energy over the hours compared, with the sign it has in the sum,
    and its expanded uncertainty (k = 2).
    """

    meter: str
    energy: float
    uncertainty: float
    class_assumed: bool  # the site's declared uncertainty stands for a class


@dataclass(frozen=True, slots=True)
class DayBalance:
    day: date
    main: float
    subs: float
    difference: float
    allowance: float  # k = 3
    is_open: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """One meter against others. All energies in `unit`; `look_first` is a meter's id, "" where the
    balance closes.
    """

    kind: Literal["subs", "check"]
    carrier: str
    unit: str
    main: BalanceMeter
    subs: tuple[BalanceMeter, ...]
    loss: float  # declared
    difference: float
    allowance: float  # k = 2
    share: float | None  # difference / main
    is_open: bool
    hours: int  # compared
    hours_left_out: int
    days: tuple[DayBalance, ...]
    open_days: int
    since: (
        date | None
    )  # the day from which on most days are open; None where it was never closed, or closes
    look_first: str
    words: Phrase


def balances(site: SiteSettings, result: LabelResult) -> tuple[Balance, ...]:
    """Every main meter with subs, and every check meter, that have readings in the period; in the
    order of site.toml.
    """
    records = {record.meter.id: record for record in result.data.meters}
    tree = site.tree
    return tuple(_all(site, tree, records))


def findings(balances: tuple[Balance, ...]) -> list[DataFinding]:
    """What does not balance."""
    return [
        DataFinding(
            "balance-open" if balance.kind == "subs" else "check-differs",
            Severity.WARNING,
            balance.words,
            max(balance.open_days, 1),
        )
        for balance in balances
        if balance.is_open
    ]


def _all(
    site: SiteSettings, tree: MeterTree, records: Mapping[str, MeterRecord]
) -> Iterator[Balance]:
    for meter in site.meters:
        record = records.get(meter.id)
        if record is None or not len(record.hour_us):
            continue
        if meter.checked is not None and meter.checked in records:
            if converts(records[meter.checked].unit, record.unit):
                yield _balance("check", site, tree, records, record, [records[meter.checked]])
            continue
        below = tree.below(meter)
        if below and all(
            sub_meter.id in records and converts(records[sub_meter.id].unit, record.unit)
            for sub_meter in below
        ):
            yield _balance(
                "subs", site, tree, records, record, [records[sub_meter.id] for sub_meter in below]
            )


def _balance(
    kind: Literal["subs", "check"],
    site: SiteSettings,
    tree: MeterTree,
    records: Mapping[str, MeterRecord],
    main: MeterRecord,
    subs: list[MeterRecord],
) -> Balance:
    sides = [main, *subs]
    serves = [side.in_service(main.hour_us, site.zone) for side in sides]
    least = np.min(
        [
            np.where(serving, side.hour_known, 1.0)
            for serving, side in zip(serves, sides, strict=True)
        ],
        axis=0,
    )
    compared = (least >= LEAST_KNOWN) & serves[0] & np.any(serves[1:], axis=0)
    hour_us = main.hour_us[compared]
    day = _days(hour_us, site)
    edges = np.flatnonzero(np.diff(day, prepend=-1))  # the first compared hour of each day
    signs = [1.0, *(_sign(main.meter, sub.meter) * ratio(sub.unit, main.unit) for sub in subs)]
    energies = [
        sign * np.where(serving, side.hour_energy, 0.0)[compared]
        for sign, side, serving in zip(signs, sides, serves, strict=True)
    ]
    wholes = [float(energy.sum()) for energy in energies]
    loss = 0.0 if kind == "check" else wholes[0] * main.meter.loss_pct / 100
    difference = wholes[0] - loss - sum(wholes[1:])
    whole_doubts = [_doubt(site, tree, records, side, np.array([0]), compared) for side in sides]
    day_doubts = [_doubt(site, tree, records, side, edges, compared) for side in sides]
    scales = [abs(sign) for sign in signs]
    allowance = float(_combined(whole_doubts, scales, 2.0)[0]) if len(hour_us) else 0.0
    day_main = np.add.reduceat(energies[0], edges) if len(edges) else np.zeros(0)
    day_subs = np.add.reduceat(np.sum(energies[1:], axis=0), edges) if len(edges) else np.zeros(0)
    day_loss = day_main * (main.meter.loss_pct / 100 if kind == "subs" else 0.0)
    day_difference = day_main - day_loss - day_subs
    day_allowance = _combined(day_doubts, scales, DAY_FACTOR)
    partial = kind == "subs" and not tree.measures_all_below(main.meter)
    day_open = (day_difference < -day_allowance) | (
        ~np.full(len(edges), partial) & (day_difference > day_allowance)
    )
    dates = [_EPOCH_DAY + timedelta(days=int(number)) for number in day[edges]]
    beyond = difference < -allowance or (not partial and difference > allowance)
    is_open = bool(len(hour_us) and (beyond or day_open.mean() > OPEN_DAYS))
    since = _since(day_open)
    first = (
        of(sides, [np.add.reduceat(energy, edges) for energy in energies], day_difference, since)
        if is_open
        else None
    )
    shown_sides = [
        BalanceMeter(
            side.meter.id,
            whole,
            float(error.expanded[0]) * scale if len(hour_us) else 0.0,
            _assumed(tree, side.meter),
        )
        for side, whole, error, scale in zip(sides, wholes, whole_doubts, scales, strict=True)
    ]
    days = tuple(
        DayBalance(*cells)
        for cells in zip(
            dates,
            day_main.tolist(),
            day_subs.tolist(),
            day_difference.tolist(),
            day_allowance.tolist(),
            day_open.tolist(),
            strict=True,
        )
    )
    balance = Balance(
        kind=kind,
        carrier=main.meter.carrier,
        unit=main.unit,
        main=shown_sides[0],
        subs=tuple(shown_sides[1:]),
        loss=loss,
        difference=difference,
        allowance=allowance,
        share=difference / wholes[0] if wholes[0] else None,
        is_open=is_open,
        hours=len(hour_us),
        hours_left_out=len(main.hour_us) - len(hour_us),
        days=days,
        open_days=int(day_open.sum()),
        since=None if since is None else dates[since],
        look_first="" if first is None else first.meter,
        words=Phrase(""),
    )
    return _with_sentence(balance, first, partial)


_EPOCH_DAY = date(1970, 1, 1)


def _days(hour_us: NDArray[np.int64], site: SiteSettings) -> NDArray[np.int64]:
    """The local day of each hour, as days since 1970; asked of the zone once a UTC day's worth of
    equal offsets would not do.
    """
    return np.array(
        [
            (
                datetime.fromtimestamp(moment / 1e6, UTC).astimezone(site.zone).date() - _EPOCH_DAY
            ).days
            for moment in hour_us.tolist()
        ],
        dtype=np.int64,
    )


def _sign(main: Meter, sub: Meter) -> float:
    return (
        1.0 if (main.direction is Direction.IMPORT) is (sub.direction is Direction.IMPORT) else -1.0
    )


def _assumed(tree: MeterTree, meter: Meter) -> bool:
    return any(tree.by_id[part].accuracy_class is None for part in tree.parts(meter))


def _doubt(
    site: SiteSettings,
    tree: MeterTree,
    records: Mapping[str, MeterRecord],
    record: MeterRecord,
    edges: NDArray[np.int64],
    compared: NDArray[np.bool_],
) -> WindowUncertainty:
    """The uncertainty of one meter's energy over each group of compared hours that begins at an
    edge.
    """
    if not compared.any():
        return WindowUncertainty(np.zeros(len(edges)), np.zeros(len(edges)))
    parts = []
    for name, times in tree.parts(record.meter).items():
        part = records.get(name, record)
        serving = part.in_service(part.hour_us, site.zone)
        energy = np.add.reduceat(np.where(serving, part.hour_energy, 0.0)[compared], edges)
        share = np.add.reduceat(np.where(serving, part.hour_known, 1.0)[compared], edges)
        hours = np.diff(np.concatenate((edges, [int(compared.sum())])))
        start_us = part.hour_us[compared][edges]
        windows = Windows(start_us, start_us + hours * HOUR_US)
        meter = tree.by_id[name]
        if meter.accuracy_class is None:
            declared = (
                RELATIVE_UNCERTAINTY * 100
                if site.site.uncertainty_pct is None
                else site.site.uncertainty_pct
            )
            meter = meter.model_copy(
                update={"accuracy_class": max(declared, 1e-9), "accuracy_of": "reading"}
            )
        error = doubt(
            meter,
            part.facts,
            windows,
            energy,
            np.minimum(share / hours, 1.0),
            part.per_reading,
            part.state_doubt,
        )
        if error is not None:
            scale = abs(times) * ratio(part.unit, record.unit)
            parts.append(WindowUncertainty(error.systematic * scale, error.own * scale))
    return parts[0] if len(parts) == 1 else together(parts)


def _combined(doubts: list[WindowUncertainty], scales: list[float], factor: float) -> Floats:
    variance = np.sum(
        [
            scale**2 * (uncertainty.systematic**2 + uncertainty.own**2)
            for uncertainty, scale in zip(doubts, scales, strict=True)
        ],
        axis=0,
    )
    expanded: Floats = factor * np.sqrt(variance)
    return expanded


def _since(day_open: NDArray[np.bool_]) -> int | None:
    """The first open day from which on most days are open, where most days before it are not; else
    None.
    """
    days = np.flatnonzero(day_open)
    for day in days.tolist():
        if day and day_open[day:].mean() > 0.5 and day_open[:day].mean() < 0.1:
            return int(day)
    return None


def _with_sentence(balance: Balance, first: Suspect | None, enough: bool) -> Balance:
    unit, names = balance.unit, ", ".join(side.meter for side in balance.subs)
    total = balance.main.energy - balance.loss - balance.difference
    energies: dict[str, Value] = {
        "meter": balance.main.meter,
        "counted": shown(balance.main.energy, 4),
        "unit": unit,
        "total": shown(total, 4),
    }
    against = Phrase("the sum of its sub-meters") if balance.kind == "subs" else names
    if not balance.hours:
        sentence = Phrase(
            "No hour is known of both meter %(meter)s and %(against)s: nothing could be compared.",
            meter=balance.main.meter,
            against=against,
        )
        return replace(balance, words=sentence)
    sentence = Phrase(
        "Meter %(meter)s counted %(counted)s %(unit)s, %(against)s %(total)s %(unit)s",
        against=against,
        **energies,
    )
    if balance.loss:
        sentence = Phrase(
            "%(balance)s, declared losses %(loss)s %(unit)s",
            balance=sentence,
            loss=shown(balance.loss),
            unit=unit,
        )
    sentence = Phrase(
        "%(balance)s: a difference of %(difference)s %(unit)s",
        balance=sentence,
        difference=shown(balance.difference),
        unit=unit,
    )
    if balance.share is not None:
        sentence = Phrase(
            "%(balance)s (%(share)s)", balance=sentence, share=to_one_decimal(balance.share)
        )
    allowance, sentences = shown(balance.allowance), list[Phrase]()
    if balance.is_open:
        sentence = Phrase(
            "%(balance)s; the meters' possible error is ±%(allowance)s %(unit)s.",
            balance=sentence,
            allowance=allowance,
            unit=unit,
        )
        days: dict[str, Value] = {"open": balance.open_days, "days": len(balance.days)}
        sentences.append(
            in_number(
                balance.open_days,
                "%(open)s of %(days)s days does not balance.",
                "%(open)s of %(days)s days do not balance.",
                **days,
            )
            if balance.since is None
            else in_number(
                balance.open_days,
                "%(open)s of %(days)s days does not balance, since %(since)s.",
                "%(open)s of %(days)s days do not balance, since %(since)s.",
                since=balance.since.isoformat(),
                **days,
            )
        )
        if first is not None:
            sentences.append(
                Phrase("Check %(meter)s first: %(why)s.", meter=first.meter, why=first.why)
            )
    elif enough and balance.difference > balance.allowance:
        sentence = Phrase("%(balance)s, which no sub-meter measures.", balance=sentence)
    else:
        sentence = Phrase(
            "%(balance)s, within the meters' possible error of ±%(allowance)s %(unit)s.",
            balance=sentence,
            allowance=allowance,
            unit=unit,
        )
    assumed = ", ".join(side.meter for side in (balance.main, *balance.subs) if side.class_assumed)
    if assumed:
        sentences.append(
            Phrase(
                "No class is declared for %(meters)s; the site's uncertainty is used instead.",
                meters=assumed,
            )
        )
    return replace(balance, words=reduce(joined, sentences, sentence))
