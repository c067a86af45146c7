"""Heat content of what batches used: laboratory values by date, media made inside taken out, two
values of one gas reported or refused.

A value given with an amount or its meter goes before the laboratory's ([[lhv]]), that before the
table of defaults, whose use is reported. A value that the plant calls a default is none: the pack's
counts, or the batch is left out where a measured one is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from math import inf

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, in_number, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.config.materials import HeatingValues

PLACES_KEPT = 20
ONE_ANALYSIS = 0.01
"""By what share two analyses of one gas on a day may differ where it is made and where it is used
(a convention of ours).
"""


@dataclass(frozen=True, slots=True)
class BatchesWithHeat:
    """Batches whose energy carries its heat content, without media that were made inside their
    step.
    """

    batches: list[Batch]
    findings: list[DataFinding]


def settle(
    batches: Sequence[Batch], site: SiteSettings, pack: Pack | None = None, *, alone: bool = False
) -> BatchesWithHeat:
    """Give every amount of fuel or steam its heating value of the day, and take out media made
    inside the step.

    Args:
        pack: whose boundaries may ask for a measured value; None where only the batches are wanted.
        alone: each batch is judged by itself, as on the way out; where one side of a day
            contradicts another, nothing leaves (`material`).
    """
    values = site.heating_values
    inside = {
        step: frozenset(setting.made_inside)
        for step, setting in site.steps.items()
        if setting.made_inside
    }
    media_counts: Counter[tuple[str, str]] = Counter()
    settled = list(batches)
    if values or inside:
        settled = [
            replace(batch, energy=tuple(_settled(batch, values, inside, media_counts)))
            if batch.energy
            else batch
            for batch in batches
        ]
    findings = [*_made_inside(media_counts), *_by_default(settled, site, pack)]
    if not alone and (doubtful := two_sided(settled, values, pack)):
        settled = [_left_out(batch, doubtful) for batch in settled]
        findings += _two_sided(doubtful)
    return BatchesWithHeat(settled, findings)


def _settled(
    batch: Batch,
    values: HeatingValues,
    inside: Mapping[str, frozenset[str]],
    media_counts: Counter[tuple[str, str]],
) -> Iterator[CarrierEnergy]:
    for energy in batch.energy:
        if energy.carrier in inside.get(batch.step, ()):
            media_counts[batch.step, energy.carrier] += 1
        elif energy.lhv_mj_per_unit is None:
            yield _valued(energy, values, batch.step, batch.start.date())
        else:
            yield energy


def with_heating_value(
    energy: CarrierEnergy, values: HeatingValues, step: str, on: date
) -> CarrierEnergy:
    """An amount with the laboratory's value of the day, where there is one and the amount has none
    of its own.
    """
    return _valued(energy, values, step, on) if energy.lhv_mj_per_unit is None else energy


def _valued(energy: CarrierEnergy, values: HeatingValues, step: str, on: date) -> CarrierEnergy:
    lhv = _value(values, energy, step, on)
    return energy if lhv is None else replace(energy, lhv_mj_per_unit=lhv)


def _value(values: HeatingValues, energy: CarrierEnergy, step: str, on: date) -> float | None:
    value = values.of(energy.carrier, on, step)
    if value is None or value.source == "default":
        return None
    return (
        mj_in(energy.unit) if _is_heat(energy.carrier, energy.unit) else value.mj_per(energy.unit)
    )


def _is_heat(carrier: str, unit: str) -> bool:
    """Whether the amount is given in a unit of energy, so that no heating value is asked for."""
    entry = CARRIERS.get(carrier)
    return entry is not None and (
        entry.unit == "MJ" if unit == entry.unit else mj_in(unit) is not None
    )


def _made_inside(media_counts: Counter[tuple[str, str]]) -> Iterator[DataFinding]:
    for (step, carrier), count in sorted(media_counts.items()):
        sentence = Phrase(
            "Step %(step)s: %(carrier)s is made inside the step; its electricity counts, the "
            "medium itself does not.",
            step=step,
            carrier=CARRIERS[carrier].words,
        )
        yield DataFinding("medium-made-inside", Severity.NOTICE, sentence, count)


def _by_default(
    batches: Sequence[Batch], site: SiteSettings, pack: Pack | None
) -> Iterator[DataFinding]:
    """Fuels that count by the table, whatever value the plant itself calls a default; and those
    that the pack does not take so.
    """
    measured = {} if pack is None else {step.id: step.boundary.measured for step in pack.steps}
    refused: Counter[tuple[str, str]] = Counter()
    declared = {
        meter.carrier
        for meter in site.meters
        if meter.lhv is not None and meter.lhv_source == "default"
    }
    declared |= {value.carrier for value in site.lhv if value.source == "default"}
    defaults: Counter[str] = Counter()
    for batch in batches:
        if batch.excluded is None:
            for energy in batch.energy:
                entry = CARRIERS.get(energy.carrier)
                if (
                    entry is None
                    or not entry.thermal
                    or energy.carrier == "heat"
                    or energy.quantity == 0
                ):
                    continue
                if energy.carrier in measured.get(batch.step, ()):
                    refused[batch.step, energy.carrier] += energy.lhv_mj_per_unit is None
                    continue
                if energy.carrier in declared or (
                    energy.lhv_mj_per_unit is None and not _is_heat(energy.carrier, energy.unit)
                ):
                    defaults[energy.carrier] += 1
    for (step, carrier), count in sorted((+refused).items()):
        words = CARRIERS[carrier].words
        yield DataFinding(
            "lhv-required",
            Severity.EXCLUSION,
            Phrase(
                "Step %(step)s: %(carrier)s has no measured heating value, and the pack accepts "
                "no default for it; a report "
                "leaves these runs out. Give lhv with each amount, or [[lhv]] by date. For "
                "amounts in GJ give "
                "their lhv, or lhv_source if heat "
                "was measured.",
                step=step,
                carrier=words,
            ),
            count,
        )
    for carrier, count in sorted(defaults.items()):
        sentence = Phrase(
            "%(carrier)s counts by a default heating value, not a measured one; the real one may "
            "differ from it by a sixth or more.",
            carrier=CARRIERS[carrier].words.each(str.capitalize),
        )
        yield DataFinding("heating-value-default", Severity.NOTICE, sentence, count)


Doubtful = Mapping[tuple[str, date], int]
"""A carrier and a day on which it has not one heating value, where it is made and where it is used;
how many batches used it.
"""


def two_sided(batches: Sequence[Batch], values: HeatingValues, pack: Pack | None) -> Doubtful:
    """What is given back and taken must have one heating value on both sides: else what is credited
    is not what is charged, and the plant could choose each. A stream that truly differs is declared
    under [[lhv]], with its step and the reason.

    What is given in a unit of energy was multiplied by the plant; its value is that under [[lhv]],
    or not known, and then nothing shows that the two are one; of steam that is heat as it was
    metered. Mixed gas is no poorer than the poorest gas in it, or it is that gas under another
    name.
    """
    values_given_back: dict[tuple[str, date], set[float | None]] = {}
    for batch, energy in _of_one_stream(batches, values):
        if energy.direction is not Direction.IMPORT:
            values_given_back.setdefault((energy.carrier, batch.start.date()), set()).add(
                _per_own_unit(energy, values, batch)
            )
    differ: Counter[tuple[str, date]] = Counter()
    heating = packs.factors(pack).heating if pack else {}
    for batch, energy in _of_one_stream(batches, values) if values_given_back else ():
        key = (energy.carrier, batch.start.date())
        if energy.direction is Direction.IMPORT and key in values_given_back:
            stated = values_given_back[key] | {_per_own_unit(energy, values, batch)}
            differ[key] += stated == {_NOT_KNOWN} or (
                len(stated) > 1 and _apart_by(energy.carrier, stated) > ONE_ANALYSIS
            )
        bounds = heating.get(energy.carrier)
        if (
            bounds is not None
            and bounds.poorest is not None
            and energy.direction is Direction.IMPORT
            and (bounds.poorest, key[1]) in values_given_back
        ):
            differ[key] += (_per_own_unit(energy, values, batch) or 0.0) < max(
                value or 0.0 for value in values_given_back[bounds.poorest, key[1]]
            )
    return +differ


def _apart_by(carrier: str, stated: AbstractSet[float | None]) -> float:
    """By what share the values of one gas lie apart; infinite of what is no gas, and where one of
    them is not known.
    """
    known_values = [value for value in stated if value is not None and value > 0]
    if CARRIERS[carrier].form != "gas" or len(known_values) < len(stated):
        return inf
    return round(max(known_values) / min(known_values) - 1, 9)


Range = tuple[float, float]


def analysed_twice(
    batches: Sequence[Batch], values: HeatingValues
) -> Mapping[tuple[str, date], Range]:
    """The least and the most value of each gas on a day on which it is given back and taken at two
    that lie within `ONE_ANALYSIS`.
    """
    keys_given_back: set[tuple[str, date]] = set()
    stated: dict[tuple[str, date], set[float | None]] = {}
    for batch, energy in _of_one_stream(batches, values):
        if CARRIERS[energy.carrier].form == "gas":
            key = (energy.carrier, batch.start.date())
            stated.setdefault(key, set()).add(_per_own_unit(energy, values, batch))
            if energy.direction is not Direction.IMPORT:
                keys_given_back.add(key)
    both = {
        key: [value or 0.0 for value in stated[key]]
        for key in keys_given_back
        if 0 < _apart_by(key[0], stated[key]) <= ONE_ANALYSIS
    }
    return {key: (min(day_values), max(day_values)) for key, day_values in both.items()}


def sentences(
    label: StepLabel, ranges: Mapping[tuple[str, date], Range], values: HeatingValues
) -> Iterator[Words]:
    """By how much the label would be higher at the other value of a gas that was analysed twice:
    the richer taken, the poorer given.
    """
    measured = label.made_from
    if measured is None or label.best.value is None or not ranges:
        return
    better: dict[str, float] = {}
    for batch, energy in _of_one_stream(
        [measured.columns.batches[row] for row in measured.rows.tolist()], values
    ):
        least, most = ranges.get((energy.carrier, batch.start.date()), (0.0, 0.0))
        value = _per_own_unit(energy, values, batch)
        if value and most and counts(energy.carrier, label.metric):
            heat = energy.quantity * (
                mj_in(energy.unit) or value * ratio(energy.unit, CARRIERS[energy.carrier].unit)
            )
            other = most - value if energy.direction is Direction.IMPORT else value - least
            better[energy.carrier] = better.get(energy.carrier, 0.0) + heat / value * other
    for carrier, mj in sorted(better.items()):
        size = mj / MJ_PER[label.energy_unit] / label.output
        if size > 0:
            yield Words.of(
                Phrase(
                    "%(carrier)s has two heating values on the same day, one where it is made and "
                    "one where it is used, at most "
                    "%(share)s %% apart. With the other one the label would be higher by %(size)s "
                    "%(unit)s. Use one value of the day "
                    "for both sides.",
                    carrier=CARRIERS[carrier].words.each(str.capitalize),
                    share=significant(
                        100
                        * max(
                            most / least - 1
                            for (gas, _), (least, most) in ranges.items()
                            if gas == carrier
                        ),
                        2,
                    ),
                    size=significant(size, 2),
                    unit=label.unit,
                )
            )


def _of_one_stream(
    batches: Sequence[Batch], values: HeatingValues
) -> Iterator[tuple[Batch, CarrierEnergy]]:
    """Energy whose heating value can be compared with that of others of its carrier: of no stream
    declared apart, no metered heat, and not of an amount of 0, which has none."""
    compared = {
        carrier.id for carrier in CARRIERS.values() if carrier.thermal and carrier.form != "heat"
    }
    for batch in batches:
        for energy in batch.energy if batch.excluded is None else ():
            metered = CARRIERS[energy.carrier].form == "steam" and _is_heat(
                energy.carrier, energy.unit
            )
            if (
                energy.carrier in compared
                and energy.quantity != 0
                and not metered
                and not _apart(energy, values, batch)
            ):
                yield batch, energy


def _apart(energy: CarrierEnergy, values: HeatingValues, batch: Batch) -> bool:
    """Whether the site declares this stream, with the value by which it counts."""
    own = values.of(energy.carrier, batch.start.date(), batch.step)
    return (
        own is not None
        and own.step != ""
        and _per_own_unit(energy, values, batch)
        == round(own.mj_per(CARRIERS[energy.carrier].unit), 9)
    )


def _left_out(batch: Batch, doubtful: Doubtful) -> Batch:
    """Of either side, for nobody knows which value is the right one."""
    if batch.excluded is not None or all(
        (energy.carrier, batch.start.date()) not in doubtful for energy in batch.energy
    ):
        return batch
    return replace(batch, excluded=ExclusionReason.HEATING_VALUE_TWO_SIDED.value)


def _two_sided(doubtful: Doubtful) -> Iterator[DataFinding]:
    for carrier in sorted({carrier for carrier, _ in doubtful}):
        words = CARRIERS[carrier].words
        days = sorted(on for gas, on in doubtful if gas == carrier)
        yield DataFinding(
            "heating-value-two-sided",
            Severity.EXCLUSION,
            in_number(
                len(days),
                "%(carrier)s is both given back and used on the same day (%(days)s day, "
                "%(first)s), and its heating "
                "value is not shown to be the same on both sides: there are two values, an amount "
                "of energy without "
                "a value, or a value below that of the gases it is mixed from. No "
                "report can be sent. Correct the wrong value, and state the lhv of amounts "
                "that are given as "
                "energy. If the streams really differ, declare each under [[lhv]] with step and "
                "reason.",
                "%(carrier)s is both given back and used on the same day (%(days)s days, first "
                "%(first)s), and its heating value is "
                "not shown to be the same on both sides: there are two values, an amount of "
                "energy without a value, or a value below "
                "that of the gases it is mixed from. No "
                "report can be sent. Correct the "
                "wrong value, and state the lhv of amounts that are given as energy. If the "
                "streams really differ, declare each "
                "under [[lhv]] with step and reason.",
                carrier=words.each(str.capitalize),
                days=len(days),
                first=days[0].isoformat(),
            ),
            sum(many for (gas, _), many in doubtful.items() if gas == carrier),
        )


def require_one_value(batches: Sequence[Batch], values: HeatingValues, pack: Pack) -> None:
    """PolicyRefusal `heating-value-two-sided`: nothing leaves the site while a carrier has two
    heating values on one day.
    """
    if not (findings := [*_two_sided(two_sided(batches, values, pack))]):
        return
    raise PolicyRefusal(
        "heating-value-two-sided",
        findings[0].sentence,
        Phrase(
            "Use the laboratory's value wherever it is made or used, with its amounts or under "
            "[[lhv]] in site.toml."
        ),
    )


_NOT_KNOWN = -1.0


def _per_own_unit(energy: CarrierEnergy, values: HeatingValues, batch: Batch) -> float | None:
    """MJ per the carrier's own unit: `_NOT_KNOWN` of an amount of energy without a value of the
    day, None where the default counts.
    """
    own = CARRIERS[energy.carrier].unit
    if _is_heat(energy.carrier, energy.unit):
        of_day = values.of(energy.carrier, batch.start.date(), batch.step)
        return (
            _NOT_KNOWN
            if of_day is None or of_day.source == "default"
            else round(of_day.mj_per(own), 9)
        )
    try:
        return (
            None
            if energy.lhv_mj_per_unit is None
            else round(energy.lhv_mj_per_unit * ratio(own, energy.unit), 9)
        )
    except InputError:  # a gas by its mass
        return _NOT_KNOWN
