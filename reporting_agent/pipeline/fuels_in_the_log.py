"""Fuel that the log names and no energy counts: an input, a variable or a column that nothing maps, whose name is a carrier's.

A run of which the log says that it took petroleum coke, and whose energy holds none or far less, has an energy that is not known. What
is material there and no energy stands in the pack (`Boundary.feedstock`). A carrier that the boundary asks for is missed anyway where it is
not reported (`energy-incomplete`), unless the site says that it is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum, inf

from benchmarks import packs
from benchmarks.carriers import CARRIERS, Naming, named
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, CarrierEnergy, Finding, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.pipeline import batch_names
from reporting_agent.pipeline.units import mj_in
from reporting_agent.sources import Table

CODE = "fuel-not-counted"
ENOUGH = 0.8
"""Of what the log says, what the energy holds at least: wet against dry, a belt against a recipe (a convention of ours)."""
HELD = Phrase(
    "The log names fuel of the step that no energy counts, %(share)s of its energy as far as is known: at most %(most)s may be missing."
    " Report it as energy; `check` names the rows."
)
_PLACES_KEPT = 20
Key = tuple[str, str]  # step and batch id


@dataclass(frozen=True, slots=True)
class Told:
    """What the log says of a carrier in one run."""

    carrier: str
    column: str
    amount: float
    unit: str | None  # None: none is said, which is t of what is weighed
    of_the_run: bool  # surely its amount; a column that nothing maps may be a register as well
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Runs of which a fuel is in no energy, by step what that is, and what is to be said."""

    keys: frozenset[Key] = frozenset()
    amounts: Mapping[str, Sequence[CarrierEnergy]] = field(default_factory=dict)
    findings: Sequence[Finding] = ()


Of = tuple[Key, Told]


def of_batches(table: Table, batches: Sequence[Batch], *, yearly: bool) -> Iterator[Of]:
    """What the batches file holds in columns that nothing maps, whose heading is a carrier's name."""
    if table.carriers:
        renamed = batch_names.in_their_years(batches) if yearly else batches
        key_of = {batch.place.row: (batch.step, batch.batch_id) for batch in renamed if batch.place is not None}
        yield from _in_columns(table, [key_of.get(row) for row in table.rows])


def of_energy(table: Table, names: Mapping[Key, str]) -> Iterator[Of]:
    """The same of the energy file; `names` gives a batch's name by step and the id that the file uses, where the two differ."""
    if table.carriers:
        rows = zip(table.columns["step"], table.columns["batch_id"], strict=True)
        yield from _in_columns(table, [(step, names.get((step, name), name)) for step, name in rows])


def _in_columns(table: Table, keys: Sequence[Key | None]) -> Iterator[Of]:
    for column in table.carriers:
        for index, key in enumerate(keys):
            if key is not None and (told := told_of(table, column, index)) is not None:
                yield key, told


def told_of(table: Table, column: str, index: int) -> Told | None:
    """What one row holds in such a column."""
    what, amount = named(column), table.columns[column][index]
    if what is None or not amount:
        return None
    of_the_run = what.unit is not None and CARRIERS[what.carrier].form in {"solid", "liquid"}
    return Told(what.carrier, column, amount, what.unit, of_the_run, table.place(index, column))


def uncounted(batches: Sequence[Batch], columns: Iterable[Of], site: Site, pack: Pack) -> Uncounted:
    """Of all runs of the period, what the log names and their energy does not hold."""
    beside: dict[Key, list[Told]] = {}
    for key, told in columns:
        beside.setdefault(key, []).append(told)
    meant, table = _names(batches, site), packs.factors(pack)
    keys, amounts, found = set[Key](), dict[str, list[CarrierEnergy]](), dict[tuple[str, str, str], list[Place | None]]()
    for batch in batches if meant or beside else ():
        key = batch.step, batch.batch_id
        for told in (*beside.get(key, ()), *_in_variables(batch, meant)) if batch.excluded != ExclusionReason.OUTSIDE_PERIOD else ():
            if _is_energy(told.carrier, batch, site, pack) and not _is_held(told, batch, table):
                keys.add(key)
                amounts.setdefault(batch.step, []).append(CarrierEnergy(told.carrier, told.amount, told.unit or _usual_unit(told.carrier)))
                place = told.place or (batch.place and replace(batch.place, column=told.column))
                found.setdefault((batch.step, told.carrier, told.column), []).append(place)
    for name, step, carrier, value in _static(batches, site, pack):
        amounts.setdefault(step, []).append(CarrierEnergy(carrier, value, _usual_unit(carrier)))
        found[step, carrier, name] = [Place(str(site.path), column=name)]
    return Uncounted(frozenset(keys), amounts, [_finding(*named_so, places) for named_so, places in found.items()])


def _names(batches: Sequence[Batch], site: Site) -> Mapping[str, Naming]:
    """Of all variables of the runs, those whose name, or what the site calls them, is a carrier's."""
    names = {name for batch in batches for name in batch.variables}
    words = {name: (one.en, one.zh) for name, one in site.variables.items()}
    found = {name: next((one for text in (name, *words.get(name, ())) if text and (one := named(text))), None) for name in names}
    return {name: one for name, one in found.items() if one is not None}


def _static(batches: Sequence[Batch], site: Site, pack: Pack) -> Iterator[tuple[str, str, str, float]]:
    """Static factors that name a carrier, at each step whose boundary holds it and of whose runs none takes it."""
    for name, value in site.static.items():
        if (what := named(name)) is not None and isinstance(value, int | float) and value > 0 and CARRIERS[what.carrier].form != "medium":
            ran = {batch.step for batch in batches}
            taking = {batch.step for batch in batches if _taken(what.carrier, batch)}
            for step in sorted(ran - taking):
                if what.carrier in (*(boundary := pack.step(step).boundary).carriers, *boundary.counted):
                    yield f"static.{name}", step, what.carrier, float(value)


def _in_variables(batch: Batch, meant: Mapping[str, Naming]) -> Iterator[Told]:
    for name, amount in batch.variables.items():
        if amount and (what := meant.get(name)) is not None:
            whole, is_input = amount * batch.output_t if what.per_output else amount, name.startswith("input.")
            yield Told(what.carrier, name if is_input else f"var.{name}", whole, what.unit, is_input or what.unit is not None)


def _is_energy(carrier: str, batch: Batch, site: Site, pack: Pack) -> bool:
    """Whether the step takes it as energy, and nothing else tells that it is not reported."""
    boundary, setting = pack.step(batch.step).boundary, site.steps.get(batch.step)
    if CARRIERS[carrier].form == "medium" or carrier in boundary.feedstock:
        return False
    is_missed = carrier in boundary.asked and (setting is None or carrier not in setting.unreported)
    return not is_missed or bool(_taken(carrier, batch))


def _taken(carrier: str, batch: Batch) -> list[CarrierEnergy]:
    """What the run took of it or gave back, also under a narrower name: of coal, cleaned coal."""
    return [one for one in batch.energy if one.quantity > 0 and f"-{one.carrier}".endswith(f"-{carrier}")]


def _is_held(told: Told, batch: Batch, table: FactorTable) -> bool:
    """Whether the energy of the run holds what the log says. Where that has no unit, the same number in kilograms will do."""
    taken, what = _taken(told.carrier, batch), CARRIERS[told.carrier]
    if not taken or not told.of_the_run or told.unit == "%":
        return bool(taken)
    enough = _sum(taken, told.unit or _usual_unit(what.id), table) >= ENOUGH * told.amount
    return enough or (told.unit is None and ENOUGH <= _sum(taken, what.unit, table) / told.amount <= 1 / ENOUGH)


def _usual_unit(carrier: str) -> str:
    return "t" if CARRIERS[carrier].unit == "kg" else CARRIERS[carrier].unit


def _sum(taken: Sequence[CarrierEnergy], unit: str, table: FactorTable) -> float:
    """All of it in this unit; of what is given as heat, as much as could hold that. What cannot be compared is never too little."""

    def amount(one: CarrierEnergy) -> float:
        try:
            return one.quantity * ratio(one.unit, unit)
        except InputError:
            heat, bounds = mj_in(one.unit), table.can_hold(one.carrier)
            return inf if heat is None or bounds is None else one.quantity * heat / bounds.least * ratio(CARRIERS[one.carrier].unit, unit)

    try:
        return fsum(map(amount, taken))
    except InputError:
        return inf


def _finding(step: str, carrier: str, column: str, places: Sequence[Place | None]) -> Finding:
    said = Phrase(
        "Step %(step)s: the log names %(carrier)s (%(column)s), and the energy of these runs holds none of it, or less than %(enough)s."
        " They are left out. Report it as energy, by row or by meter; where it is another carrier or none, give the column that name.",
        step=step,
        carrier=CARRIERS[carrier].words,
        column=column,
        enough=f"{ENOUGH:.0%}",
    )
    return Finding(
        "fuel-not-counted", Severity.EXCLUSION, said, len(places), tuple(one for one in places if one is not None)[:_PLACES_KEPT]
    )
