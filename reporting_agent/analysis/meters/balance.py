"""Balances of the meters: a main meter against the sum of its subs, a check meter against what it
checks.

Over the hours that every meter of the balance which is in its place then knows, for the whole
period and day by day:

    difference = main * (1 - declared loss) - sum of subs          (a sub of the other direction is
    taken off)

It is *open* where it is larger than the combined uncertainty of all meters in it: class, resolution
and edges, missing time (`metering.uncertainty`), k = 2 for the period. Days are many, so a day
counts as open at k = 3 only, and a balance is open by its days where more than one in fifty is.
Where the subs measure `some` of what flows on, only subs above the main are open: the rest is what
nobody measures. A meter without a class is taken at the site's declared uncertainty, and that is
said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, Value, in_number, joined
from benchmarks.quantities import converts, ratio
from reporting_agent.analysis.figures import shown, to_one_decimal
from reporting_agent.analysis.meters import suspects
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering import MeterRecord, Windows
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, together
from reporting_agent.pipeline import LabelResult

Floats = NDArray[np.float64]

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
        suspects.of(
            sides, [np.add.reduceat(energy, edges) for energy in energies], day_difference, since
        )
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


def _with_sentence(balance: Balance, first: suspects.Suspect | None, enough: bool) -> Balance:
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
