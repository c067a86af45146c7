"""Several files, each recognised, put together to one plant: which inputs they are, which meters
count for what, which steps there are.

A table of batches with its energy, a log, registers, or several of them, in any order. What cannot
go together is refused with what to leave out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.quantities import mj_in, ratio
from reporting_agent.config import Profile
from reporting_agent.door.columns import carrier_in
from reporting_agent.door.deciding import Assumption, Decider, nobody
from reporting_agent.door.look import AS_ANSWERED
from reporting_agent.door.types import ProfileProposal, ProfileQuestion, impossible
from reporting_agent.door.vocabulary import VOCABULARY, folded, without_unit
from reporting_agent.pipeline.following import USUAL_STEPS
from reporting_agent.pipeline.own_pack import OWN
from reporting_agent.sources.cells import UnreadableCell, as_name, is_blank, plain, written_moment

_BRACKETS = re.compile(r"\s*[\[(（【][^\])）】]*[\])）】]\s*$")
_MAIN = re.compile(r"main|total|haupt|gesamt|summe|总|principal|général|general|ввод|主|totale")
_WHOLE = "site"
SHORTEST_GAP_S = 3600
_STEPS_LOOKED_AT = 2000
_EVEN = 0.9  # of the gaps between stamps
_FURTHER_APART_S = 5 * 86_400.0  # than days on which a plant makes something
_GENERIC = re.compile(
    r"^(value|reading|wert|usage|consumption|verbrauch|energy|power|leistung|消耗|读数|电量)?$"
)


@dataclass(slots=True)
class TakenPlant:
    """What the files hold together, as the tables of site.toml, and what was said on the way."""

    files: list[tuple[Path, list[ProfileProposal]]]
    meters: list[dict[str, Any]] = field(default_factory=list)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    lhv: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[Phrase] = field(default_factory=list)

    def of(self, name: str) -> list[tuple[Path, ProfileProposal]]:
        """The files of one input."""
        return [
            (path, proposal)
            for path, proposals in self.files
            for proposal in proposals
            if proposal.input == name
        ]

    @property
    def has_output(self) -> bool:
        return bool(self.of("batches") or self.of("log"))


def assembled(
    files: list[tuple[Path, list[ProfileProposal]]], pack: str, decider: Decider
) -> TakenPlant:
    """The files as one plant.

    Raises:
        InputError: they do not go together, or nothing in them tells any energy.
    """
    plant = TakenPlant(files)
    for _, proposals in files:
        for proposal in proposals:
            if any(
                clue.key == "timezone" and clue.because == AS_ANSWERED for clue in proposal.evidence
            ):
                proposal.keys.pop("timezone", None)  # [site] has it, for all files
    _refuse_disagreement(plant)
    _normal_state(plant, decider)
    _meters(plant, decider)
    names = _step_names(plant)
    if pack == OWN:
        _own_steps(plant, names)
    for meter in plant.meters:
        if meter.get("step") == "":
            meter["step"] = next(iter(names)) if len(names) == 1 else _step_named(names, meter)
    _heating_values(plant, decider)
    return plant


def _refuse_disagreement(plant: TakenPlant) -> None:
    batches, logs = plant.of("batches"), plant.of("log")
    if batches and logs:
        raise _not_together(logs[0][0], batches[0][0])
    if logs and plant.of("readings"):
        path = plant.of("readings")[0][0]
        plant.files = [
            (file, [proposal for proposal in proposals if proposal.input != "readings"])
            for file, proposals in plant.files
        ]
        plant.remarks.append(
            Phrase(
                "%(file)s: not used, because the log %(log)s has the energy of each row already.",
                file=path.name,
                log=logs[0][0].name,
            )
        )
    energy = plant.of("energy")
    if energy and not batches:
        raise InputError(
            "output-missing",
            "The file gives energy by batch, and no file gives the batches' dates and output.",
            "Name the file with date and output of the batches beside it.",
            place=Place(str(energy[0][0])),
            found=Phrase("energy of batches"),
            wanted=Phrase("a table of the batches as well"),
        )
    if batches and not energy and not plant.of("readings"):
        raise InputError(
            "energy-missing",
            "The files give what was made, and nothing tells the energy that it took.",
            "Name a file of meter readings, or of energy by batch, beside it; or add a column such "
            "as 'Electricity [kWh]'.",
            place=Place(str(batches[0][0])),
            found=", ".join(name for name in batches[0][1].look.header if name),
            wanted=Phrase("a column of energy, or meters"),
        )
    for path, proposal in () if energy else batches:
        if proposal.keys.get("days") and (usual_step_s(proposal) or 0) > _FURTHER_APART_S:
            raise InputError(
                "days-apart",
                "Rows of output are weeks or months apart, and meters are counted by the day.",
                "Give the output of each day; or give each row a Start and an End, which is the "
                "next row's start.",
                place=Place(str(path)),
                found=", ".join(name for name in proposal.look.header if name),
                wanted=Phrase("a row a day, or when each row begins and ends"),
            )


def _not_together(log: Path, batches: Path) -> InputError:
    return InputError(
        "inputs-disagree",
        "One file is a log without batches, another a table of batches: each gives the output by "
        "itself.",
        Phrase("Leave %(log)s or %(batches)s out.", log=log.name, batches=batches.name),
        place=Place(str(log)),
        found=Phrase("a log and a table of batches"),
        wanted=Phrase("one of them"),
    )


_UNKNOWN = "not known"


def _heating_values(plant: TakenPlant, decider: Decider) -> None:
    """What a bill says of fuels for which no table has a default."""
    table, stated = FactorTable.load(), any("lhv" in one.matches for _, one in plant.of("energy"))
    by_amount = {
        carrier
        for carrier, where, name, _ in _amounts(plant)
        if carrier in table.conflicts and CARRIERS[carrier].thermal
        if mj_in(unit := str(where.get(name, "kWh"))) is None and mj_in(f"{unit}*h") is None
    }
    for carrier in sorted(set() if stated else by_amount):
        unit, key = CARRIERS[carrier].unit, f"lhv.{carrier}"
        ask = Phrase(
            "lower heating value of %(carrier)s in MJ/%(unit)s, as its bill states it: no run that "
            "uses it counts without",
            carrier=CARRIERS[carrier].words,
            unit=unit,
        )
        because = ask if decider.person is nobody else ""
        answer = decider.answer(ProfileQuestion(key, ask, proposal=_UNKNOWN, likely=because))
        if answer is None or answer == _UNKNOWN:
            continue
        try:
            value = float(answer)
            wanted = table.impossible(carrier, value, unit)
        except ValueError:
            wanted = Phrase("a number of MJ/%(unit)s, or %(unknown)s", unit=unit, unknown=_UNKNOWN)
        if wanted is not None:
            sentence = Phrase("The answer to %(key)s is no heating value.", key=key)
            raise impossible(plant.files[0][0], key, answer, sentence, wanted)
        ever = date(1990, 1, 1)
        plant.lhv.append({"carrier": carrier, "from": ever, "value": value, "source": "contract"})


def _amounts(plant: TakenPlant) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Of each carrier of the runs: itself, where its unit stands, and the key of its question."""
    for meter in plant.meters:
        if meter.get("step"):
            yield meter["carrier"], meter, "unit", f"meters.{meter['id']}.unit"
    for _, proposal in plant.of("energy"):
        for carrier, entry in proposal.table("carriers").items():
            if isinstance(entry, dict):
                yield carrier, entry, "unit", f"energy.unit.{entry['column']}"
        constants = proposal.table("constants")
        if "carrier" in constants:
            yield str(constants["carrier"]), constants, "unit", "energy.unit"
    for _, proposal in plant.of("log"):
        for carrier in (units := proposal.runs.get("units", {})):
            yield carrier, units, carrier, f"log.unit.{carrier}"
        if "carrier" in proposal.runs:
            yield proposal.runs["carrier"], proposal.runs, "unit", "log.unit"


_NORMAL = Phrase("m³ are taken as of the normal state (0 °C, 101.325 kPa)")


def _normal_state(plant: TakenPlant, decider: Decider) -> None:
    """A gas in m³ is taken as of the normal state."""
    for carrier, where, name, key in _amounts(plant):
        in_m3 = where.get(name) in {"m3", "m³"} and carrier in CARRIERS
        if in_m3 and CARRIERS[carrier].unit == "Nm3":
            where[name] = "Nm3"
            decider.assumed[key] = Assumption(key, "Nm3", _NORMAL)


def meter_name(header: str, path: Path, alone: bool) -> str:
    """What a column of a wide file is called: its header without the unit, or the file's name where
    the header only says what was measured."""
    bare = without_unit(header)
    if alone and (_GENERIC.fullmatch(bare) or VOCABULARY.unit_in(bare, alone=True)):
        return path.name.partition(".")[0]
    return _BRACKETS.sub("", header).strip() or header


def _meters(plant: TakenPlant, decider: Decider) -> None:
    """Each meter once, with carrier and place."""
    readings = plant.of("readings")
    known: dict[str, dict[str, Any]] = {}
    for path, proposal in readings:
        wide, alone = bool(proposal.keys.get("wide")), len(proposal.meters) == 1
        for header, keys in proposal.meters.items():
            name = meter_name(header, path, alone) if wide else header
            if wide and name != header:
                proposal.set(f"columns.{name}", header, Phrase("the file's name names the meter"))
            if name in known:
                continue
            known[name] = {
                "id": name,
                **keys,
                **_carrier_of(name, header, path, keys, decider),
                **_between_stamps(name, header, proposal, decider),
            }
    plant.meters = list(known.values())
    for _, proposal in readings:
        _take_turns(proposal, known, decider)
    given = {carrier for carrier, *_ in _amounts(plant)}  # no meter has a step yet
    equipment = _named_as_equipment(plant)
    _hang_on_mains(plant, equipment)
    of_equipment = {meter["carrier"] for meter in plant.meters if meter["id"] in equipment}
    for meter in plant.meters:
        if "parent" in meter and meter["id"] not in equipment:
            continue
        if meter["carrier"] in given:
            plant.remarks.append(
                Phrase(
                    "Meter %(meter)s: in balances only, because each batch has its %(carrier)s in "
                    "the table already.",
                    meter=meter["id"],
                    carrier=meter["carrier"],
                )
            )
        elif meter["id"] in equipment:
            meter |= {"step": "", "equipment": equipment[meter["id"]]}
            key = f"meters.{meter['id']}.equipment"
            named = Phrase("the meter is named as this equipment")
            decider.assumed[key] = Assumption(key, equipment[meter["id"]], named)
        elif plant.has_output and meter["carrier"] not in of_equipment:
            meter["step"] = ""  # the step is filled in where the steps are known
        elif plant.has_output:
            plant.remarks.append(
                Phrase(
                    "Meter %(meter)s: in balances only, because other meters are named as the "
                    "equipment.",
                    meter=meter["id"],
                )
            )


def _take_turns(
    proposal: ProfileProposal, known: Mapping[str, dict[str, Any]], decider: Decider
) -> None:
    """Meters of one file of which one begins after another has ended: it took the other's place."""
    spans = {
        meter: (min(stamps), max(stamps))
        for meter, stamps in _stamps(proposal, len(proposal.look.rows)).items()
        if meter in known and len({stamp.tzinfo is None for stamp in stamps}) == 1
    }
    in_order = sorted(spans, key=lambda meter: str(spans[meter][0]))
    for earlier, later in pairwise(in_order):
        alike = _kind(known[earlier]) == _kind(known[later])
        if not alike or str(spans[earlier][1]) > str(spans[later][0]):
            continue
        day = spans[later][0].date()
        known[earlier]["until"] = known[later]["from"] = day
        key = f"meters.{later}.from"
        because = Phrase("its readings begin where those of %(meter)s end", meter=earlier)
        decider.assumed[key] = Assumption(key, day.isoformat(), because)


def _between_stamps(
    name: str, header: str, proposal: ProfileProposal, decider: Decider
) -> dict[str, Any]:
    """How long an interval is, and whether a power lasts until the next stamp."""
    reading = proposal.meters[header].get("reading")
    if reading == "interval" and (step_s := even_step_s(proposal)) is not None:
        return {"interval_s": step_s}  # a stamp that is missing does not stretch the next one
    if reading == "rate" and _written_on_change(proposal, header):
        key = f"meters.{name}.holds"
        decider.assumed[key] = Assumption(key, "true", _ON_CHANGE)
        return {"holds": True}
    return {}


def _named_as_equipment(plant: TakenPlant) -> dict[str, str]:
    """By meter, the equipment of the batches that it is named as."""
    names = list(_equipment_named(plant))
    found = {
        meter["id"]: next((name for name in names if _same(name, meter["id"])), None)
        for meter in plant.meters
    }
    return {meter: name for meter, name in found.items() if name is not None}


def _carrier_of(
    name: str, header: str, path: Path, keys: Mapping[str, str], decider: Decider
) -> dict[str, Any]:
    """What the names say, else what the unit makes likely."""
    unit = keys.get("unit", "kWh")
    kind = VOCABULARY.kind_of_unit(unit)
    named = carrier_in(header) or carrier_in(name) or carrier_in(path.name.partition(".")[0])
    electric = kind in {"energy", "power"}
    if named is None or (electric and CARRIERS[named].form == "medium"):  # of its compressor
        question = ProfileQuestion(
            f"meters.{name}.carrier",
            Phrase("Which carrier does meter %(meter)s measure?", meter=repr(name)),
            tuple(CARRIERS),
            proposal="electricity" if electric else "natural-gas",
            likely=Phrase("%(unit)s, and no name says otherwise", unit=unit) if electric else "",
            every="meters.carrier" if electric else f"meters.carrier.{unit}",
        )
        named = decider.answer(question) or "electricity"
    if CARRIERS[named].unit == "Nm3" and unit.startswith("m3"):
        unit = f"N{unit}"
        key = f"meters.{name}.unit"
        decider.assumed[key] = Assumption(key, unit, _NORMAL)
    return {"carrier": named, "unit": unit}


def _same(name: str, meter: str) -> bool:
    """Whether a meter is named as a piece of equipment: the same words, or all of them."""
    one, other = (re.sub(r"[\W_]+", " ", folded(text)).strip() for text in (name, meter))
    return bool(one) and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", other) is not None


def _equipment_named(plant: TakenPlant) -> Iterator[str]:
    for _, proposal in plant.of("batches"):
        if (match := proposal.matches.get("equipment")) is not None:
            yield from sorted({plain(as_name(cell)) for cell in proposal.look.column(match)})


def _hang_on_mains(plant: TakenPlant, equipment: Mapping[str, str]) -> None:
    """Of the columns of one wide file, one that is the sum of the others: its parts hang on it, so
    that nothing counts twice."""
    by_id = {meter["id"]: meter for meter in plant.meters}
    for path, proposal in plant.of("readings"):
        if not proposal.keys.get("wide") or len(proposal.meters) < 3:
            continue
        columns = {
            meter_name(header, path, False): _increments(proposal, header)
            for header in proposal.meters
        }
        for kind in {_kind(by_id[name]) for name in columns}:
            alike = {name for name in columns if _kind(by_id[name]) == kind}
            main = _sum_of_others({name: columns[name] for name in alike}, equipment)
            if main is None:
                continue
            for name in alike - {main}:
                by_id[name]["parent"] = main
            plant.remarks.append(
                Phrase("Meter %(main)s is the sum of the others: they hang on it.", main=main)
            )


def _kind(meter: Mapping[str, Any]) -> tuple[str, str, str]:
    return meter["carrier"], meter["unit"], meter.get("reading", "")


def _increments(proposal: ProfileProposal, header: str) -> list[float]:
    values = proposal.numbers(header)
    if proposal.meters[header].get("reading") == "register":
        return [after - before for before, after in pairwise(values)]
    return values


def _sum_of_others(
    columns: Mapping[str, Sequence[float]], equipment: Mapping[str, str]
) -> str | None:
    """The column that is the sum of all others, row by row, within 2 %; within 30 % where its name
    says so, or where the others are named as equipment and it is not. None where there is none.
    """
    if len(columns) < 3 or len({len(values) for values in columns.values()}) != 1:
        return None
    totals = {name: sum(values) for name, values in columns.items()}
    main = max(totals, key=lambda name: totals[name])
    rest = [columns[name] for name in columns if name != main]
    if totals[main] <= 0:
        return None
    off = sum(abs(whole - sum(parts)) for whole, *parts in zip(columns[main], *rest, strict=True))
    named = _MAIN.search(folded(main)) is not None or (
        main not in equipment and set(columns) - {main} <= set(equipment)
    )
    return main if off <= (0.3 if named else 0.02) * totals[main] else None


def _step_names(plant: TakenPlant) -> dict[str, set[str]]:
    """By the name of a step, the units in which the files give its output."""
    names: dict[str, set[str]] = {}
    for _, proposal in (*plant.of("batches"), *plant.of("log")):
        constant = proposal.table("constants").get("step")
        match = proposal.matches.get("step")
        found = (
            {str(constant)}
            if constant is not None or match is None
            else {
                plain(as_name(cell)) for cell in proposal.look.column(match) if not is_blank(cell)
            }
        )
        for name in found:
            names.setdefault(name, set()).update(_output_units(proposal))
    return names or {_WHOLE: {"t"}}  # meters alone: no run, so no label


def _own_steps(plant: TakenPlant, names: Mapping[str, set[str]]) -> None:
    """`[own_steps]`: the steps of the plant beside itself, with the carriers that count at each."""
    required, optional, credited, energy_units = _carriers(plant)
    gap_s = _longest_gap_s(plant)
    for name, units in names.items():
        plant.steps[name] = {
            "output_unit": _own_unit(units),
            "carriers": sorted(required),
            "optional": sorted(optional - required),
            "credited": sorted(credited),
            "unit": energy_units,
            "longest_gap_s": gap_s,
        }


def _step_named(names: Mapping[str, set[str]], meter: Mapping[str, Any]) -> str:
    """The step that a meter is named as; of several steps the first, where it is named as none."""
    return next((name for name in names if _same(name, meter["id"])), next(iter(names)))


def _output_units(proposal: ProfileProposal) -> set[str]:
    constant = proposal.table("constants").get("output_unit")
    if constant is not None:
        return {str(constant)}
    match = proposal.matches.get("output_unit")
    if match is None:
        return {"t"}
    return {plain(as_name(cell)) for cell in proposal.look.column(match) if not is_blank(cell)}


def _own_unit(units: set[str]) -> str:
    """The unit in which a step counts its output: that of the file where a step may have it."""
    unit = Counter(sorted(units)).most_common(1)[0][0] if units else "t"
    if unit in {"t", "kg", "m3", "m2", "m", "kWh", "item"}:
        return unit
    for known in ("t", "m3", "m2", "m", "kWh"):
        try:
            ratio(unit, known)
        except InputError:
            continue
        return known
    return "item"


def _carriers(plant: TakenPlant) -> tuple[set[str], set[str], set[str], str]:
    """Carriers that every batch tells, those that some tell, those given back, and the unit in
    which their energy is told."""
    required, optional, credited, units = set[str](), set[str](), set[str](), set[str]()
    for meter in plant.meters:
        if meter.get("step") is not None and meter.get("step") == "":
            required.add(meter["carrier"])
            units.add(str(meter["unit"]))
    for _, proposal in plant.of("energy"):
        columns = proposal.table("carriers")
        required |= set(columns)
        units |= {str(entry["unit"]) for entry in columns.values() if isinstance(entry, Mapping)}
        constant = proposal.table("constants").get("carrier")
        if constant is not None:
            required.add(str(constant))
            units.add(str(proposal.table("constants").get("unit", "kWh")))
        elif (match := proposal.matches.get("carrier")) is not None:
            words = proposal.table("values").get("carrier", {})
            assert isinstance(words, Mapping)  # noqa: S101 - a table of words
            for cell in proposal.look.column(match):
                name = plain(as_name(cell))
                optional.add(str(words.get(name, name)))
            units.add("kgce")
    for _, proposal in plant.of("log"):
        required.add(str(proposal.runs.get("carrier", "electricity")))
        units.add(str(proposal.runs.get("unit", "kWh")))
        further = proposal.runs.get("units", {})
        assert isinstance(further, Mapping)  # noqa: S101 - a table of carriers
        required |= set(further)
        units |= set(further.values())
    known = {carrier for carrier in optional if carrier in CARRIERS}
    return required, known, credited, _energy_unit(units)


def _energy_unit(units: set[str]) -> str:
    """kWh or MJ where the files tell all energy so; else kgce, in which fuels are added up."""
    kinds = set()
    for unit in units:
        amount = {"kW": "kWh", "MW": "MWh"}.get(unit, unit)
        if amount in {"kWh", "MWh", "GWh", "Wh"}:
            kinds.add("kWh")
        elif amount in {"kJ", "MJ", "GJ", "TJ"}:
            kinds.add("MJ")
        else:
            kinds.add("kgce")
    return kinds.pop() if len(kinds) == 1 else "kgce"


def _longest_gap_s(plant: TakenPlant) -> int:
    steps = [
        step
        for _, proposal in (*plant.of("readings"), *plant.of("log"))
        if (step := usual_step_s(proposal)) is not None
    ]
    return int(max([SHORTEST_GAP_S, *(USUAL_STEPS * step for step in steps)]))


def usual_step_s(proposal: ProfileProposal) -> float | None:
    """The usual time between two stamps of one meter or machine, in seconds."""
    gaps = _gaps_s(proposal)
    return median(gaps) if gaps else None


def even_step_s(proposal: ProfileProposal) -> float | None:
    """The time between two stamps where nearly all are as far apart; None where they are not."""
    gaps = _gaps_s(proposal)
    usual = median(gaps) if gaps else 0.0
    return usual if usual and gaps.count(usual) >= _EVEN * len(gaps) else None


_ON_CHANGE = Phrase("uneven stamps, and no value comes twice in a row: written when it changes")
_FEWEST_REPEATED = 8  # values that chance would repeat in a row


def _written_on_change(proposal: ProfileProposal, meter: str) -> bool:
    """Whether a power is written only when it changes: its stamps are uneven, and of values that
    come again and again none comes twice in a row, as many would of a power read by the clock."""
    if even_step_s(proposal) is not None:
        return False
    header, key = proposal.look.header, proposal.matches.get("meter_id")
    wide = bool(proposal.keys.get("wide"))
    column = header.index(meter) if wide else proposal.matches["value"]
    values = [
        plain(str(cells[column]))
        for _, cells in proposal.look.rows[:_STEPS_LOOKED_AT]
        if column < len(cells) and (wide or key is None or plain(as_name(cells[key])) == meter)
    ]
    by_chance = sum(count * count for count in Counter(values).values()) / max(len(values), 1)
    return by_chance >= _FEWEST_REPEATED and all(one != after for one, after in pairwise(values))


def _gaps_s(proposal: ProfileProposal) -> list[float]:
    gaps = [
        abs((after - before).total_seconds())
        for own in _stamps(proposal, _STEPS_LOOKED_AT).values()
        for before, after in pairwise(own)
        if (after.tzinfo is None) == (before.tzinfo is None)
    ]
    return [gap for gap in gaps if gap > 0]


def _stamps(proposal: ProfileProposal, rows: int) -> dict[str, list[datetime]]:
    """By meter or equipment, the stamps of the first rows; under no name where none is named."""
    stamps: dict[str, list[datetime]] = {}
    profile = Profile.model_validate(proposal.keys)
    index = proposal.matches.get("batch_id" if proposal.keys.get("days") else "timestamp")
    key = proposal.matches.get("meter_id", proposal.matches.get("equipment"))
    if index is None:
        return {}
    for _, cells in proposal.look.rows[:rows]:
        if index >= len(cells):
            continue
        try:
            stamp = written_moment(cells[index], profile)
        except UnreadableCell:
            continue
        name = plain(as_name(cells[key])) if key is not None and key < len(cells) else ""
        stamps.setdefault(name, []).append(stamp)
    return stamps
