"""Fuel that the log names (an input, a variable, an unmapped column with a carrier's name) and no
energy counts: the energy of such a run is not known. What is material is in the pack
(`Boundary.feedstock`); a carrier of the boundary is `energy-incomplete` anyway, unless it is said
to be unused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import fsum, inf

from benchmarks import packs
from benchmarks.carriers import CARRIERS, Naming, named
from benchmarks.conversion import MJ_PER, FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Metric, Severity
from benchmarks.phrases import Phrase, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import batch_names
from reporting_agent.sources import Table

CODE = "fuel-not-counted"
ENOUGH = 0.8
"""Of what the log says, what the energy holds at least: wet against dry, a belt against a recipe (a
convention of ours).
"""
HELD = Phrase(
    "The log names fuel of the step that is not reported as energy. It is %(share)s of the step's "
    "energy, as far as is known; at "
    "most %(most)s may be missing. Report it as energy; `check` names the rows."
)
SUM_AT_MOST = 1.6
"""Of what the energy holds, what columns of one carrier in the log may be together: beyond, one is
a part of another (a convention of ours)."""
FEW = 50
"""Runs of a step, of which one doubted row is that run's own, where it is no more than the run's
energy (a convention of ours): it is left out, and the others have a label, which says what the row
would add."""
_PLACES_KEPT = 20
Key = tuple[str, str]  # step and batch id


@dataclass(frozen=True, slots=True)
class LoggedFuel:
    """What the log says of a carrier in one run."""

    carrier: str
    column: str
    amount: float
    unit: str | None  # None: none is said, which is t of what is weighed
    of_the_run: bool  # surely its amount; a column that nothing maps may be a register as well
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class UncountedFuels:
    """Runs of which a fuel is in no energy, by step what that is, and what is to be said."""

    keys: frozenset[Key] = frozenset()
    amounts: Mapping[str, Sequence[CarrierEnergy]] = field(default_factory=dict)
    findings: Sequence[DataFinding] = ()
    doubted: Mapping[str, float] = field(
        default_factory=dict
    )  # by step, MJ of the one run of which a fuel is in no energy
    short: Mapping[tuple[str, str], float] = field(
        default_factory=dict
    )  # by step and carrier, what is missing of it, over what is there


Of = tuple[Key, LoggedFuel]


def of_batches(table: Table, batches: Sequence[Batch], *, yearly: bool) -> Iterator[Of]:
    """What the batches file holds in columns that nothing maps, whose heading is a carrier's
    name.
    """
    if table.carriers:
        yield from _in_columns(table, batch_names.of_rows(table.rows, batches, yearly=yearly))


def of_energy(table: Table, names: Mapping[Key, str]) -> Iterator[Of]:
    """The same of the energy file; `names` gives a batch's name by step and the id that the file
    uses, where the two differ.
    """
    if table.carriers:
        rows = zip(table.columns["step"], table.columns["batch_id"], strict=True)
        yield from _in_columns(
            table, [(step, names.get((step, name), name)) for step, name in rows]
        )


def _in_columns(table: Table, keys: Sequence[Key | None]) -> Iterator[Of]:
    for column in table.carriers:
        for index, key in enumerate(keys):
            if key is not None and (mention := told_of(table, column, index)) is not None:
                yield key, mention


def told_of(table: Table, column: str, index: int) -> LoggedFuel | None:
    """What one row holds in such a column."""
    what, amount = named(column), table.columns[column][index]
    if what is None or not amount:
        return None
    of_the_run = what.unit is not None and CARRIERS[what.carrier].form in {"solid", "liquid"}
    return LoggedFuel(
        what.carrier, column, amount, what.unit, of_the_run, table.place(index, column)
    )


def uncounted(
    batches: Sequence[Batch], columns: Iterable[Of], site: SiteSettings, pack: Pack
) -> UncountedFuels:
    """Of all runs of the period, what the log names and their energy does not hold."""
    beside: dict[Key, list[LoggedFuel]] = {}
    for key, cell in columns:
        beside.setdefault(key, []).append(cell)
    meant, table = _names(batches, site), packs.factors(pack)
    keys, amounts, by_column = (
        set[Key](),
        dict[str, list[CarrierEnergy]](),
        dict[tuple[str, str, str], list[Place | None]](),
    )
    both: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for batch in batches if meant or beside else ():
        key = batch.step, batch.batch_id
        mentions = (
            (*beside.get(key, ()), *_in_variables(batch, meant))
            if batch.excluded != ExclusionReason.OUTSIDE_PERIOD
            else ()
        )
        for carrier, logged, counted in _logged_and_counted(mentions, batch, table):
            both.setdefault((batch.step, carrier), []).append((logged, counted))
        for mention in mentions:
            if _is_energy(mention.carrier, batch, site, pack) and not _is_held(
                mention, batch, table
            ):
                keys.add(key)
                amounts.setdefault(batch.step, []).append(
                    CarrierEnergy(
                        mention.carrier,
                        mention.amount,
                        mention.unit or _usual_unit(mention.carrier),
                    )
                )
                place = mention.place or (
                    batch.place and replace(batch.place, column=mention.column)
                )
                by_column.setdefault((batch.step, mention.carrier, mention.column), []).append(
                    place
                )
    doubted = {
        step: mj
        for step in tuple(amounts)
        if (mj := _of_one_run(step, amounts[step], keys, batches, table)) is not None
    }
    for step in doubted:
        del amounts[step]
    for name, step, carrier, value in _static(batches, site, pack):
        amounts.setdefault(step, []).append(CarrierEnergy(carrier, value, _usual_unit(carrier)))
        by_column[step, carrier, name] = [Place(str(site.path), column=name)]
    short = {
        of: (fsum(logged for logged, _ in pairs) / fsum(counted for _, counted in pairs)) - 1
        for of, pairs in both.items()
    }
    return UncountedFuels(
        frozenset(keys),
        amounts,
        [_finding(*named_so, places) for named_so, places in by_column.items()],
        doubted,
        short,
    )


def _of_one_run(
    step: str,
    amounts: Sequence[CarrierEnergy],
    keys: AbstractSet[Key],
    batches: Sequence[Batch],
    table: FactorTable,
) -> float | None:
    """MJ at most of what a single run of many misses; None where it is more than one, or more than
    that run's energy.
    """
    own, of = (
        [batch for batch in batches if batch.step == step],
        [key for key in keys if key[0] == step],
    )
    if len(of) != 1 or len(own) < FEW:
        return None
    missing = fsum(amount.quantity * _mj_at_most(amount, table) for amount in amounts)
    run = next(batch for batch in own if batch.batch_id == of[0][1])
    mj_taken = fsum(
        _mj(energy, run, table) for energy in run.energy if energy.direction is Direction.IMPORT
    )
    return missing if missing <= mj_taken else None


def _mj_at_most(energy: CarrierEnergy, table: FactorTable) -> float:
    bounds, what = table.can_hold(energy.carrier), CARRIERS[energy.carrier]
    try:
        return (
            ratio(energy.unit, "MJ")
            if bounds is None
            else bounds.most * ratio(energy.unit, what.unit)
        )
    except InputError:
        return inf


def _mj(energy: CarrierEnergy, run: Batch, table: FactorTable) -> float:
    try:
        return (
            energy.quantity * ratio(energy.unit, "MJ")
            if energy.carrier == "electricity"
            else table.mj(energy, run.start.date())
        )
    except InputError:
        return 0.0


def sentences(
    label: StepLabel, short: Mapping[tuple[str, str], float], doubted: Mapping[str, float]
) -> Iterator[Words]:
    """What the log names of a fuel beyond what the energy holds, within what moisture may be, and
    of one run left out for it: by how much the label would be higher."""
    if (
        label.best.value is not None
        and label.output
        and label.metric is not Metric.ELECTRICITY
        and label.step in doubted
    ):
        sentence = Phrase(
            "The log of one run names fuel that is missing from its energy "
            "(`check` names the row). If all runs used"
            " that fuel, the label would be at most %(size)s %(unit)s higher. Report it as "
            "energy, or correct the log.",
            size=significant(doubted[label.step] / MJ_PER[label.energy_unit] / label.output, 2),
            unit=label.unit,
        )
        yield Words.of(sentence)
    for (step, carrier), missing in short.items():
        energy = fsum(
            amount
            for counted, amount in label.energy_by_carrier.items()
            if f"-{counted}".endswith(f"-{carrier}")
        )
        if step != label.step or label.best.value is None or not label.output or energy <= 0:
            continue
        if (size := missing * energy / label.output) > WORTH_TELLING * abs(label.best.value):
            sentence = Phrase(
                "The energy contains %(share)s of the %(carrier)s that the log names. With all of "
                "it the label would be higher by "
                "%(size)s %(unit)s, and nothing shows that the rest is moisture. Report the rest "
                "as energy, or keep the laboratory's "
                "moisture values for an auditor.",
                share=f"{1 / (1 + missing):.1%}",
                carrier=CARRIERS[carrier].words,
                size=significant(size, 3),
                unit=label.unit,
            )
            yield Words.of(sentence)


def _logged_and_counted(
    mentions: Iterable[LoggedFuel], batch: Batch, table: FactorTable
) -> Iterator[tuple[str, float, float]]:
    """By carrier, what the log names of one that the run took, and what its energy holds, both in
    the usual unit.
    """
    inputs: dict[str, list[float]] = {}
    for mention in mentions:
        unit, energies = _usual_unit(mention.carrier), _energies_of(mention.carrier, batch)
        counted = (
            _sum(energies, unit, table)
            if energies and mention.of_the_run and mention.unit != "%"
            else 0.0
        )
        if 0 < counted < inf:
            in_kg = (
                mention.unit is None
                and unit == "t"
                and ENOUGH <= 1000 * counted / mention.amount <= 1 / ENOUGH
            )
            inputs.setdefault(mention.carrier, [counted]).append(
                mention.amount * _scale("kg" if in_kg else mention.unit or unit, unit)
            )
    for carrier, (counted, *logged) in inputs.items():
        whole = fsum(logged) if fsum(logged) < SUM_AT_MOST * counted else max(logged)
        if ENOUGH * whole <= counted or len(logged) > 1:
            yield carrier, whole, counted


def _scale(unit: str, to: str) -> float:
    try:
        return ratio(unit, to)
    except InputError:
        return 0.0  # no amount that can be compared


def _names(batches: Sequence[Batch], site: SiteSettings) -> Mapping[str, Naming]:
    """Of all variables of the runs, those whose name, or what the site calls them, is a
    carrier's.
    """
    names = {name for batch in batches for name in batch.variables}
    words = {name: (variable.en, variable.zh) for name, variable in site.variables.items()}
    namings = {
        name: next(
            (naming for text in (name, *words.get(name, ())) if text and (naming := named(text))),
            None,
        )
        for name in names
    }
    return {name: meaning for name, meaning in namings.items() if meaning is not None}


def _static(
    batches: Sequence[Batch], site: SiteSettings, pack: Pack
) -> Iterator[tuple[str, str, str, float]]:
    """Static factors that name a carrier, at each step whose boundary holds it and of whose runs
    none takes it.
    """
    for name, value in site.static.items():
        if (
            (what := named(name)) is not None
            and isinstance(value, int | float)
            and value > 0
            and CARRIERS[what.carrier].form != "medium"
        ):
            ran = {batch.step for batch in batches}
            taking = {batch.step for batch in batches if _energies_of(what.carrier, batch)}
            for step in sorted(ran - taking):
                if what.carrier in (
                    *(boundary := pack.step(step).boundary).carriers,
                    *boundary.counted,
                ):
                    yield f"static.{name}", step, what.carrier, float(value)


def _in_variables(batch: Batch, meant: Mapping[str, Naming]) -> Iterator[LoggedFuel]:
    for name, amount in batch.variables.items():
        if amount and (what := meant.get(name)) is not None:
            whole, is_input = (
                amount * batch.output if what.per_output else amount,
                name.startswith("input."),
            )
            yield LoggedFuel(
                what.carrier,
                name if is_input else f"var.{name}",
                whole,
                what.unit,
                is_input or what.unit is not None,
            )


def _is_energy(carrier: str, batch: Batch, site: SiteSettings, pack: Pack) -> bool:
    """Whether the step takes it as energy, and nothing else tells that it is not reported."""
    boundary, setting = pack.step(batch.step).boundary, site.steps.get(batch.step)
    if (
        CARRIERS[carrier].form == "medium"
        or carrier in boundary.feedstock
        or carrier in _feedstock_of_newest(pack.id, batch.step)
    ):
        return False
    is_missed = carrier in boundary.asked and (setting is None or carrier not in setting.unreported)
    return not is_missed or bool(_energies_of(carrier, batch))


@lru_cache(maxsize=256)
def _feedstock_of_newest(pack: str, step: str) -> tuple[str, ...]:
    """What is material there by the newest version: an older one could not say so."""
    newest = packs.load(pack) if pack in packs.shipped() else None
    return (
        next((newer.boundary.feedstock for newer in newest.steps if newer.id == step), ())
        if newest is not None
        else ()
    )


def _energies_of(carrier: str, batch: Batch) -> list[CarrierEnergy]:
    """What the run took of it or gave back, also under a narrower name: of coal, cleaned coal."""
    return [
        energy
        for energy in batch.energy
        if energy.quantity > 0 and f"-{energy.carrier}".endswith(f"-{carrier}")
    ]


def _is_held(mention: LoggedFuel, batch: Batch, table: FactorTable) -> bool:
    """Whether the energy of the run holds what the log says. Where that has no unit, the same
    number in kilograms will do.
    """
    energies, what = _energies_of(mention.carrier, batch), CARRIERS[mention.carrier]
    if not energies or not mention.of_the_run or mention.unit == "%":
        return bool(energies)
    enough = _sum(energies, mention.unit or _usual_unit(what.id), table) >= ENOUGH * mention.amount
    return enough or (
        mention.unit is None
        and ENOUGH <= _sum(energies, what.unit, table) / mention.amount <= 1 / ENOUGH
    )


def _usual_unit(carrier: str) -> str:
    return "t" if CARRIERS[carrier].unit == "kg" else CARRIERS[carrier].unit


def _sum(energies: Sequence[CarrierEnergy], unit: str, table: FactorTable) -> float:
    """All of it in this unit; of what is given as heat, as much as could hold that. What cannot be
    compared is never too little.
    """

    def amount(energy: CarrierEnergy) -> float:
        try:
            return energy.quantity * ratio(energy.unit, unit)
        except InputError:
            heat, bounds = mj_in(energy.unit), table.can_hold(energy.carrier)
            return (
                inf
                if heat is None or bounds is None
                else energy.quantity
                * heat
                / bounds.least
                * ratio(CARRIERS[energy.carrier].unit, unit)
            )

    try:
        return fsum(map(amount, energies))
    except InputError:
        return inf


def _finding(step: str, carrier: str, column: str, places: Sequence[Place | None]) -> DataFinding:
    sentence = Phrase(
        "Step %(step)s: the log names %(carrier)s (%(column)s), but the energy of these runs "
        "contains none of it, or less than "
        "%(enough)s. A report leaves them out. Report it as energy, by row or by meter. If the "
        "column is "
        "another carrier or not energy, "
        "rename it accordingly.",
        step=step,
        carrier=CARRIERS[carrier].words,
        column=column,
        enough=f"{ENOUGH:.0%}",
    )
    return DataFinding(
        "fuel-not-counted",
        Severity.EXCLUSION,
        sentence,
        len(places),
        tuple(place for place in places if place is not None)[:_PLACES_KEPT],
    )
