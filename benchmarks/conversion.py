"""Dated factors from a carrier's unit to coal equivalent and CO2, its heat content, bounds of
heating values, and efficiencies.

Two bases, never summed together (GB/T 2589):
- calorific ("equivalent value", 当量值): the energy content; electricity 0.1229 kgce/kWh. The
  standards' grades use it.
- equivalent ("equal value", 等价值): the primary energy it took; electricity at the generation coal
  rate of its year.

A fuel counts the same on both. A working medium stands for the electricity that made it, on the
basis of the view it is counted in (`docs/standards-divergences.md`, 2). Energy that leaves the step
(export, recovered) is negative.

How an amount becomes kgce, in this order:
1. the plant's measured lower heating value, over 29.3076 MJ/kgce (7,000 kcal; GB/T 2589);
2. an amount of fuel, steam or heat given in an energy unit (GJ, kWh), over the same figure;
3. the table's factor in force on the batch's date. A carrier whose sources disagree has no factor
in the table: without 1 or 2 it is refused, never guessed.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError, model_validator

from benchmarks import shelf
from benchmarks.carriers import Carrier, by_id, carrier
from benchmarks.declared import Declared, FigureSource, Words, content_digest
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.materials import HeatingRange, OwnCarrier
from benchmarks.measurements import CarrierEnergy, Direction
from benchmarks.phrases import Phrase, alternatives
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import NEWEST

MJ_PER_KGCE = Decimal("29.3076")
MJ_PER = {"kgce": float(MJ_PER_KGCE), "MJ": 1.0, "kWh": 3.6}
"""Of the units in which metrics count energy."""
CO2_PER_CARBON = 44 / 12  # kg CO2 per kg C
NATION = "CN"
_LARGEST_POWER = 30  # of ten, of a factor as it is written
TABLE = Path(__file__).parent / "packs" / "conversion.toml"


class Basis(StrEnum):
    """The basis of a factor; see the head of this module."""

    CALORIFIC = "calorific"
    EQUIVALENT = "equivalent"


class ConversionFactor(Declared):
    """kgce per unit of a carrier, in force on [effective_from, effective_to). One of a
    `jurisdiction` within the nation is kept with its source and applied to nobody: a benchmark
    compares plants of the whole nation."""

    carrier: str
    jurisdiction: str = NATION
    unit: str
    kgce_per_unit: Decimal
    basis: Basis
    edition: str
    effective_from: date
    effective_to: date | None = None
    source: FigureSource


class CarbonFactor(Declared):
    """CO2 of a carrier: either kg per unit, or carbon content (t C/GJ) and oxidised share at a
    default LHV (GB/T 32151).
    """

    carrier: str
    unit: str
    kg_co2_per_unit: Decimal | None = None
    lhv_mj_per_unit: Decimal | None = None
    carbon_t_per_gj: Decimal | None = None
    oxidised: Decimal | None = None
    edition: str
    effective_from: date
    effective_to: date | None = None
    country: str | None = (
        None  # of the grid whose average it is (ISO 3166-1); None: of the fuel, wherever it burns
    )
    source: FigureSource

    @property
    def kg_co2_per_mj(self) -> float | None:
        """kg CO2 per MJ of heat content; None where the factor is per unit only."""
        if self.carbon_t_per_gj is None or self.oxidised is None:
            return None
        return float(self.carbon_t_per_gj * self.oxidised) * CO2_PER_CARBON

    @model_validator(mode="after")
    def _one_form(self) -> CarbonFactor:
        by_heat = self.lhv_mj_per_unit is not None and self.kg_co2_per_mj is not None
        if by_heat is (self.kg_co2_per_unit is not None):
            raise ValueError(
                Phrase("CO2 is given either per unit, or by LHV, carbon content and oxidised share")
            )
        return self


class Conflict(Declared):
    """A carrier whose published factors disagree, and how: it has no default."""

    carrier: str
    words: Words


class HeatingBounds(HeatingRange):
    """What a carrier can hold, in MJ per its unit. A mixed gas is no poorer than `poorest`, on a
    day on which the site gives that back.
    """

    carrier: str
    poorest: str | None = None
    source: FigureSource


Kind = Literal["fuel", "heat", "electricity", "medium"]
"""Of what a conversion takes or gives: a gas, solid or liquid; steam or heat; electricity; a
working medium.
"""


class Efficiency(Declared):
    """What a plant that makes one kind of energy of another gives of what it takes, as shares of
    its heat (a medium: of the electricity that made it)."""

    takes: Kind
    gives: Kind
    least: float
    typical: float
    most: float
    source: FigureSource


def kind_of(carrier_id: str) -> Kind:
    """The kind of a carrier, as conversions are told apart by it."""
    form = carrier(carrier_id).form
    if form == "electricity" or form == "medium":
        return form
    return "heat" if form in {"steam", "heat"} else "fuel"


class _Dated(Protocol):
    @property
    def carrier(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date | None: ...


_D = TypeVar("_D", bound=_Dated)


@dataclass(frozen=True)
class FactorTable:
    """All factors there are; what is asked of it carries the date it is asked for.

    The CO2 of electricity is that of a grid: a table knows it once it is told the country (`at`).
    """

    factors: Mapping[tuple[str, Basis], tuple[ConversionFactor, ...]]
    carbon: Mapping[str, tuple[CarbonFactor, ...]]
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    by_country: Mapping[str, tuple[CarbonFactor, ...]] = field(
        default_factory=dict
    )  # of electricity
    version: str = ""
    # SHA-256 of what decides a kgce: factors, carriers without a default, heating bounds; CO2
    # decides no label
    digest: bytes = b""
    heating: Mapping[str, HeatingBounds] = field(default_factory=dict)
    efficiencies: Mapping[tuple[Kind, Kind], Efficiency] = field(
        default_factory=dict
    )  # by what is taken and what is given
    own: Mapping[str, HeatingRange | None] = field(
        default_factory=dict
    )  # of the carriers that the pack itself brings along

    @classmethod
    def of(cls, version: str) -> FactorTable:
        """The table of that version, or of that file, as a pack names it.

        Raises:
            InputError: `factor-table-version-unknown`.
        """
        if version.endswith(".toml"):
            return cls.load(Path(version))
        newest = cls.load()
        if version in (NEWEST, newest.version):
            return newest
        older = {
            path.stem.removeprefix(f"{TABLE.stem}-"): path
            for path in TABLE.parent.glob(f"{TABLE.stem}-*.toml")
        }
        if version not in older and (text := shelf.approved().factors(version)) is not None:
            return cls.read(text, f"{TABLE.stem}-{version}.toml")
        if version not in older:
            raise InputError(
                "factor-table-version-unknown",
                Phrase(
                    "There is no version %(version)s of the table of conversion factors.",
                    version=repr(version),
                ),
                "Set `conversion` of the pack to an existing version.",
                found=version,
                wanted=alternatives((*sorted(older), newest.version)),
            )
        return cls.load(older[version])

    @classmethod
    def load(cls, path: Path = TABLE) -> FactorTable:
        """Read the table. Raises InputError `factor-table-invalid` on any fault."""
        return _load(path)

    @classmethod
    def read(cls, text: str, name: str) -> FactorTable:
        """The table of that TOML; `name` stands for it in a refusal. Raises InputError
        `factor-table-invalid` on any fault.
        """
        return _read(text, name)

    def at(self, country: str | None, own: tuple[CarbonFactor, ...] = ()) -> FactorTable:
        """The table of a country: its grid's average by year, and before it what the site's own
        supply is said to emit.
        """
        grid = (*own, *self.by_country.get(country or "", ()))
        return replace(self, carbon={**self.carbon, "electricity": grid}) if grid else self

    def with_own(self, carriers: Sequence[OwnCarrier]) -> FactorTable:
        """The table beside a pack's own carriers, as that version of the pack has them: another
        version may have been read before it.
        """
        return (
            replace(self, own={id_: entry.lhv for id_, entry in by_id(carriers).items()})
            if carriers
            else self
        )

    def factor(self, carrier_id: str, basis: Basis, on: date) -> ConversionFactor:
        """The factor in force on that day.

        Raises:
            InputError: `carrier-unknown`; `lhv-required` where the sources disagree and no factor
                is given; `factor-missing` where none is in force on that day.
        """
        what = carrier(carrier_id)
        in_force = self.in_force(carrier_id, basis, on)
        if in_force is None:
            raise self._no_factor(what, basis, on)
        return in_force

    def in_force(self, carrier_id: str, basis: Basis, on: date) -> ConversionFactor | None:
        """As `factor`, None where there is none on that day."""
        return _in_force(self.factors.get((carrier_id, basis), ()), on)

    def can_hold(self, carrier_id: str) -> HeatingRange | None:
        """The heating values that a carrier can have, in MJ per its unit; None where it has no
        bounds.
        """
        return self.heating.get(carrier_id) or (
            self.own[carrier_id] if carrier_id in self.own else carrier(carrier_id).lhv
        )

    def impossible(self, carrier_id: str, mj_per_unit: float, unit: str) -> Phrase | None:
        """What a heating value per `unit` should lie in, where the carrier cannot hold this one;
        None where it can, or without bounds.
        """
        what, bounds = carrier(carrier_id), self.can_hold(carrier_id)
        try:
            scale = ratio(what.unit, unit)
        except InputError:
            return None  # a volume as it flows, or heat itself
        if bounds is None or bounds.least <= mj_per_unit * scale <= bounds.most:
            return None
        return Phrase(
            "%(least)s to %(most)s MJ/%(unit)s, the possible range for %(carrier)s",
            least=f"{bounds.least:g}",
            most=f"{bounds.most:g}",
            unit=what.unit,
            carrier=what.words,
        )

    def kgce(self, energy: CarrierEnergy, basis: Basis, on: date) -> float:
        """Coal equivalent of an amount, in kgce; negative where it leaves the step."""
        if (content := measured_mj(energy)) is not None:
            return _sign(energy) * content / float(MJ_PER_KGCE)
        factor = self.factor(energy.carrier, basis, on)
        return (
            _sign(energy)
            * energy.quantity
            * ratio(energy.unit, factor.unit)
            * float(factor.kgce_per_unit)
        )

    def kwh(self, energy: CarrierEnergy, on: date) -> float:
        """Electricity in kWh, negative where it leaves the step; 0 for every other carrier. No
        factor is needed on any date.
        """
        del on  # asked like its sisters; a kWh is a kWh on every date
        return (
            _sign(energy) * energy.quantity * ratio(energy.unit, "kWh")
            if energy.carrier == "electricity"
            else 0.0
        )

    def mj(self, energy: CarrierEnergy, on: date) -> float:
        """Heat content in MJ of a thermal carrier, negative where it leaves the step; 0 for
        electricity and media.
        """
        what = carrier(energy.carrier)
        if not what.thermal:
            return 0.0
        if (content := measured_mj(energy)) is not None:
            return _sign(energy) * content
        return self.kgce(energy, Basis.CALORIFIC, on) * float(MJ_PER_KGCE)

    def co2_kg(self, energy: CarrierEnergy, on: date) -> float:
        """CO2 in kg of an amount (electricity: the grid's average), negative where it leaves the
        step.

        Raises:
            InputError: `carbon-factor-missing` where no factor is in force on that day.
        """
        what = carrier(energy.carrier)
        carbon = self.carbon_in_force(energy.carrier, on)
        if carbon is None:
            raise InputError(
                "carbon-factor-missing",
                Phrase(
                    "There is no CO2 factor for %(what)s on %(on)s.",
                    what=what.words,
                    on=on.isoformat(),
                ),
                (
                    "Leave CO2 out for this carrier and date. For electricity, name the country "
                    "or a factor under [emissions] in site.toml."
                ),
                found=Phrase("%(carrier)s on %(day)s", carrier=energy.carrier, day=on.isoformat()),
            )
        if carbon.kg_co2_per_mj is not None and (content := measured_mj(energy)) is not None:
            return _sign(energy) * content * carbon.kg_co2_per_mj
        amount = _sign(energy) * energy.quantity * ratio(energy.unit, carbon.unit)
        if carbon.kg_co2_per_unit is not None:
            return amount * float(carbon.kg_co2_per_unit)
        return (
            amount * float(carbon.lhv_mj_per_unit or 0) * (carbon.kg_co2_per_mj or 0.0)
        )  # the loader has seen to it that both are there

    def carbon_in_force(self, carrier_id: str, on: date) -> CarbonFactor | None:
        """The CO2 factor in force on that day, with its edition and source; None where there is
        none.
        """
        return _in_force(self.carbon.get(carrier_id, ()), on)

    def co2_per_kgce(self, carrier_id: str, on: date) -> float | None:
        """CO2 in kg that a kgce of a carrier stands for on that day, calorific basis; None where a
        factor is missing.
        """
        carbon = self.carbon_in_force(carrier_id, on)
        if carbon is None:
            return None
        if carbon.kg_co2_per_mj is not None:
            return carbon.kg_co2_per_mj * float(MJ_PER_KGCE)
        content = _in_force(self.factors.get((carrier_id, Basis.CALORIFIC), ()), on)
        if content is None or carbon.kg_co2_per_unit is None:
            return None
        return float(carbon.kg_co2_per_unit) / (
            ratio(carbon.unit, content.unit) * float(content.kgce_per_unit)
        )

    def _no_factor(self, what: Carrier, basis: Basis, on: date) -> InputError:
        if (conflict := self.conflicts.get(what.id)) is not None and what.form != "medium":
            return InputError(
                "lhv-required",
                Phrase(
                    "%(what)s needs its heat content: %(conflict)s",
                    what=what.words.each(str.capitalize),
                    conflict=conflict.words,
                ),
                Phrase(
                    "Give `lhv` and `lhv_unit` (MJ per %(unit)s; for steam its enthalpy) with "
                    "each amount, or the amount in GJ.",
                    unit=what.unit,
                ),
                found=Phrase("%(carrier)s without lhv", carrier=what.id),
                wanted=Phrase("lhv in MJ/%(unit)s", unit=what.unit),
            )
        return InputError(
            "factor-missing",
            Phrase(
                "There is no %(basis)s factor for %(what)s on %(on)s.",
                basis=Phrase("calorific") if basis is Basis.CALORIFIC else Phrase("equivalent"),
                what=what.words,
                on=on.isoformat(),
            ),
            "Report a carrier that has a factor, give a measured heating value, or leave it out "
            "of the boundary.",
            found=f"{what.id}, {basis}, {on.isoformat()}",
        )


def _sign(energy: CarrierEnergy) -> float:
    return 1.0 if energy.direction is Direction.IMPORT else -1.0


def measured_mj(energy: CarrierEnergy) -> float | None:
    """Heat content in MJ without any table: from the measured LHV, or because the amount is given
    in an energy unit.
    """
    what = carrier(energy.carrier)
    if not what.thermal:
        return None
    if (of_energy := mj_in(energy.unit)) is not None:
        return energy.quantity * of_energy if what.id != "heat" else None
    if energy.lhv_mj_per_unit is not None:
        return energy.quantity * energy.lhv_mj_per_unit
    return None


def _in_force(rows: Iterable[_D], on: date) -> _D | None:
    return next(
        (
            row
            for row in rows
            if row.effective_from <= on and (row.effective_to is None or on < row.effective_to)
        ),
        None,
    )


@lru_cache(maxsize=8)
def _load(path: Path) -> FactorTable:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(str(path), str(error)) from error
    return _read(text, str(path))


def _decimal(text: str) -> Decimal:
    """A factor as written; one of 1e999999999 would fill the memory as a fraction."""
    number = Decimal(text)
    if abs(number.adjusted()) > _LARGEST_POWER:
        raise ValueError(Phrase("a number beyond all factors: %(text)s", text=text[:40]))
    return number


@lru_cache(maxsize=8)
def _read(text: str, path: str) -> FactorTable:
    try:
        raw = read_toml(text, parse_float=_decimal)
        sources = raw.get("sources", {})
        factors = TypeAdapter(list[ConversionFactor]).validate_python(
            [
                {**row, "basis": basis}
                for row in _sourced(raw["factor"], sources)
                for basis in row["basis"]
            ]
        )
        carbon = TypeAdapter(list[CarbonFactor]).validate_python(_sourced(raw["carbon"], sources))
        conflicts = TypeAdapter(list[Conflict]).validate_python(raw.get("conflict", []))
        heating = TypeAdapter(list[HeatingBounds]).validate_python(
            _sourced(raw["heating_value"], sources)
        )
        efficiencies = TypeAdapter(list[Efficiency]).validate_python(
            _sourced(raw.get("efficiency", []), sources)
        )
        version = str(raw["version"])
    except (tomllib.TOMLDecodeError, ValidationError, KeyError, TypeError) as error:
        raise _invalid(path, fault_of(error)) from error
    by_basis: dict[tuple[str, Basis], list[ConversionFactor]] = defaultdict(list)
    for factor in (row for row in factors if row.jurisdiction == NATION):
        by_basis[factor.carrier, factor.basis].append(factor)
    by_carrier: dict[tuple[str, str], list[CarbonFactor]] = defaultdict(list)
    for row in carbon:
        by_carrier[row.country or "", row.carrier].append(row)
    return FactorTable(
        {key: _checked(path, rows) for key, rows in by_basis.items()},
        {key: _checked(path, rows) for (country, key), rows in by_carrier.items() if not country},
        {conflict.carrier: conflict for conflict in conflicts},
        {country: _checked(path, rows) for (country, _), rows in by_carrier.items() if country},
        version,
        content_digest(
            [
                raw["factor"],
                raw.get("conflict", []),
                _bounds(heating),
                *_shares(efficiencies),
            ]
        ),
        {row.carrier: row for row in heating},
        {(row.takes, row.gives): row for row in efficiencies},
    )


def _bounds(rows: Iterable[HeatingBounds]) -> list[dict[str, object]]:
    """What decides of them; who read them where decides nothing."""
    return [row.model_dump(exclude={"source"}) for row in sorted(rows, key=lambda row: row.carrier)]


def _shares(rows: Iterable[Efficiency]) -> Iterable[dict[str, object]]:
    """What decides of them; a table that states none has the digest that it had."""
    return [
        row.model_dump(exclude={"source"})
        for row in sorted(rows, key=lambda row: (row.takes, row.gives))
    ]


def _sourced(
    rows: list[dict[str, object]], sources: Mapping[str, object]
) -> list[dict[str, list[str]]]:
    return [{**row, "source": sources[str(row["source"])]} for row in rows]  # type: ignore[dict-item]


def _checked(path: str, rows: list[_D]) -> tuple[_D, ...]:
    """Rows of one carrier and basis in order of date, known carrier, convertible unit, no day with
    two factors.
    """
    ordered = tuple(sorted(rows, key=lambda row: row.effective_from))
    for row in ordered:
        ratio(row.unit, carrier(row.carrier).unit)
    for earlier, later in pairwise(ordered):
        if earlier.effective_to is None or earlier.effective_to > later.effective_from:
            raise _invalid(
                path,
                Phrase(
                    "two factors of %(carrier)s are in force on %(day)s",
                    carrier=later.carrier,
                    day=later.effective_from.isoformat(),
                ),
            )
    return ordered


def _invalid(path: str, why: str) -> InputError:
    return InputError(
        "factor-table-invalid",
        "The table of conversion factors cannot be used.",
        "Correct the entry. It needs version, heating_value, and factors with carrier, unit, "
        "kgce_per_unit, basis, edition, "
        "effective_from, source.",
        place=Place(path),
        found=why,
    )
