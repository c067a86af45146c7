"""Batches, their energy, and production logs: what each needs of the file, and what of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.door.columns import (
    carrier_in,
    counter_pair,
    energy_columns,
    is_multiplier,
    multiplied,
    output_columns,
)
from reporting_agent.door.look import AS_ANSWERED
from reporting_agent.door.maker import Maker
from reporting_agent.door.naming import ColumnMatch, dates, numbers, unit_of
from reporting_agent.door.types import KeyEvidence, impossible
from reporting_agent.door.vocabulary import UNITS, VOCABULARY
from reporting_agent.sources.cells import plain

_SECONDS: dict[str, float] = UNITS["seconds"]
"""By the unit of a duration; h:mm is read as minutes and seconds, which are sixty times as long."""
_LEFT_OUT = "left out"  # the answer of whose energy is told by a meter, or by another file
_NONE = "none"  # the answer of who has no such column


def batches(maker: Maker) -> None:
    _batch_id(maker)
    maker.step()
    maker.required("start", Phrase("Which column holds the start of the batch?"), "Start")
    _duration(maker)
    _end(maker)
    _output_by_its_unit(maker)
    ask = Phrase("Which column holds the output of the batch, or how much is it in every row?")
    proposal, likely = _likely_output(maker)
    maker.required("output_quantity", ask, "122.5", proposal=proposal, likely=likely)
    if "output_quantity" in maker.found or "output_quantity" in maker.proposal.table("constants"):
        maker.unit("output_quantity", "output_unit")
    maker.several_rows(
        "output_quantity", ("separate", Phrase("Or is each row a batch of its own (separate)?"))
    )
    used_indices = {matched.index for matched in maker.found.values()}
    for index in numbers(maker.look):
        variable = VOCABULARY.variable(maker.look.header[index])
        if index not in used_indices and variable is not None:
            name, meaning = variable
            word = repr(meaning.word)
            why = Phrase("header: %(word)s (%(language)s)", word=word, language=meaning.language)
            maker.use(f"var.{name}", maker.look.header[index], why)
    _power_beside(maker)


def _batch_id(maker: Maker) -> None:
    """The name of a batch; where no column names it, its start does, if each stands once."""
    start = maker.found.get("start")
    by_start = start is not None and "start" not in maker.spread
    if by_start and start is not None:
        cells = maker.look.column(start.index)
        by_start = len({str(cell) for cell in cells}) == len(cells)
    maker.required(
        "batch_id",
        Phrase("Which column names the batch?"),
        "Heat No",
        proposal=start.header if by_start and start is not None else "",
        likely=Phrase("each start stands once") if by_start else "",
    )


def _likely_output(maker: Maker) -> tuple[str, str]:
    """The only column of tonnes or pieces, and that it is the only one; else a proposal: one of
    several, or each row is one piece."""
    columns = [maker.look.header[index] for index in output_columns(maker.look)]
    columns += [
        maker.look.header[index]
        for index in numbers(maker.look)
        if VOCABULARY.names("amounts", "pieces", maker.look.header[index])
        and maker.look.header[index] not in columns
    ]
    if len(columns) == 1:
        return columns[0], Phrase("no other column holds tonnes or pieces")
    return (columns[0] if columns else "1"), ""


def _power_beside(maker: Maker) -> None:
    """A power where no column holds energy: nothing says over which time it is the mean, so it is
    told and never taken for an amount.
    """
    if energy_columns(maker.look) or counter_pair(maker.look) is not None:
        return
    units = {index: unit_of(maker.look, index) for index in numbers(maker.look)}
    powers = [
        index
        for index, unit in units.items()
        if unit is not None and VOCABULARY.kind_of_unit(unit[0]) == "power"
    ]
    if powers:
        ask = Phrase(
            "%(column)s is a power, and no column holds the energy of a batch. Add a column of it "
            "(kWh: mean power "
            "times the hours that it is the mean of) or let a meter tell it. Is the power left "
            "out?",
            column=repr(maker.look.header[powers[0]]),
        )
        maker.asked("batches.power", ask, (_LEFT_OUT,), every="batches.power")


def _output_by_its_unit(maker: Maker) -> None:
    """A column with nothing but `t` above it."""
    alone = [
        index
        for index in output_columns(maker.look)
        if VOCABULARY.unit_in(maker.look.header[index], alone=True) is not None
    ]
    if "output_quantity" not in maker.found and len(alone) == 1:
        header = maker.look.header[alone[0]]
        why = Phrase("header %(header)s is a unit of output", header=repr(header))
        maker.use("output_quantity", header, why, 0.5)


def _duration(maker: Maker) -> None:
    """How long a batch took, where that stands in place of its end; a clock such as 6:21 may be
    hours or minutes.
    """
    duration = maker.found.get("duration_s")
    if duration is None or "end" in maker.found or "end" in maker.spread:
        maker.drop("duration_s")
        return
    stated, cells = (
        unit_of(maker.look, duration.index),
        [plain(str(cell)) for cell in maker.look.column(duration.index)],
    )
    if all(isinstance(cell, time | timedelta) for cell in maker.look.column(duration.index)) or all(
        cell.count(":") == 2 for cell in cells
    ):
        return
    clock = any(":" in cell for cell in cells)
    unit = stated[0] if stated is not None and not clock else None
    if unit not in _SECONDS:
        longest = max(cells, key=lambda cell: (len(cell), cell))
        choices = ("h:mm", "mm:ss") if clock else ("h", "min", "s")
        ask = Phrase(
            "In which unit is %(column)s, such as %(value)s?",
            column=repr(duration.header),
            value=repr(longest),
        )
        unit = maker.asked("batches.duration_s", ask, choices, proposal=choices[0])
    if unit is not None and _SECONDS[unit] != 1:
        maker.proposal.set(
            "scale.duration_s",
            _SECONDS[unit],
            stated[1] if stated is not None and not clock else AS_ANSWERED,
        )


def _end(maker: Maker) -> None:
    """A column of dates that nothing names may be the end; a batch without one is metered by no
    meter.
    """
    used_indices = {matched.index for matched in maker.found.values()}
    free = [
        maker.look.header[index]
        for index in dates(maker.look)
        if index not in used_indices and maker.look.header[index]
    ]
    if (
        "end" in maker.found
        or "end" in maker.spread
        or "duration_s" in maker.found
        or not free
        or maker.spread
    ):
        return
    answer = maker.asked(
        "batches.end",
        Phrase("Which column holds the end of the batch? None is named so."),
        (*free, _NONE),
        proposal=free[0],
    )
    if answer in free:
        maker.use("end", str(answer))


def energy(maker: Maker) -> None:
    maker.required("batch_id", Phrase("Which column names the batch?"), "Heat No")
    maker.step()
    if (pair := counter_pair(maker.look)) is not None:
        _counter(maker, pair)
        if any(question.key == "energy.differences" for question in maker.proposal.questions):
            return  # what else is open depends on it
    columns = [] if "differences" in maker.proposal.keys else energy_columns(maker.look)
    if (
        "carrier" not in maker.found
        and columns
        and "quantity" in maker.found
        and maker.found["quantity"].index not in columns
    ):
        maker.drop("quantity")
    if "quantity" not in maker.found and len(columns) == 1:
        _found_quantity(maker, columns[0])
    if "carrier" not in maker.found and len(columns) > 1:
        _wide_energy(maker, columns)
        maker.several_rows("quantity")
        return
    if _unit_is_of_output(maker):
        maker.drop("unit")
    maker.required("quantity", Phrase("Which column holds the energy?"), "Energy")
    if "carrier" not in maker.found:
        header = maker.found["quantity"].header if "quantity" in maker.found else ""
        carrier = carrier_in(header)
        if carrier is not None:
            maker.proposal.set("constants.carrier", carrier, _of_header(header))
    stated = (
        None
        if "quantity" not in maker.found
        else unit_of(maker.look, maker.found["quantity"].index)
    )
    electric = stated is not None and stated[0] in {"kWh", "MWh", "GWh", "Wh"}
    maker.required(
        "carrier",
        Phrase("Which carrier is it?"),
        "electricity",
        choices=() if "carrier" in maker.found else list(CARRIERS),
        proposal="electricity",
        likely=Phrase("%(unit)s, and no header says otherwise", unit=stated[0])
        if electric and stated is not None
        else "",
    )
    maker.unit("quantity", "unit")
    maker.several_rows("quantity")


def _unit_is_of_output(maker: Maker) -> bool:
    """Whether a column of units, found for the energy, holds those of the output beside it."""
    match = maker.found.get("unit")
    if match is None or "carrier" in maker.found:
        return False
    kinds = {
        VOCABULARY.kind_of_unit(unit)
        for cell in dict.fromkeys(maker.look.column(match.index))
        if (unit := VOCABULARY.unit_in(plain(str(cell)), alone=True)) is not None
    }
    return bool(kinds) and kinds <= {"mass", "count"}


def _of_header(header: str) -> Phrase:
    return Phrase("header %(header)s", header=repr(header))


def _counter(maker: Maker, pair: tuple[int, int]) -> None:
    """One counter, read at the start and at the end of each row."""
    later, earlier = (maker.look.header[index] for index in pair)
    ask = Phrase(
        "%(earlier)s and %(later)s rise in turns, like a counter that is read at the start and at "
        "the end. Is the energy their difference?",
        earlier=repr(earlier),
        later=repr(later),
    )
    likely = Phrase("they rise in turns, row by row")
    answer = maker.asked("energy.differences", ask, ("yes", "no"), proposal="yes", likely=likely)
    if "quantity" in maker.found and maker.found["quantity"].index in pair:
        maker.drop("quantity")
    if answer == "yes":
        maker.drop("quantity")
        maker.proposal.set("differences.quantity", (later, earlier), AS_ANSWERED)
        maker.found["quantity"] = ColumnMatch(pair[0], later, AS_ANSWERED, 1.0)
        maker.found["quantity at the start"] = ColumnMatch(pair[1], earlier, AS_ANSWERED, 1.0)
        ratio = next((i for i in numbers(maker.look) if is_multiplier(maker.look, i)), None)
        if ratio is not None:
            header = maker.look.header[ratio]
            multiplied(maker, later, header)
            multiplied(maker, earlier, header)
            maker.found["multiplier"] = ColumnMatch(ratio, header, AS_ANSWERED, 1.0)


def _found_quantity(maker: Maker, index: int) -> None:
    header = maker.look.header[index]
    why = Phrase("header %(header)s names energy", header=repr(header))
    maker.use("quantity", header, why, 0.5)


def _wide_energy(maker: Maker, columns: Sequence[int]) -> None:
    """A column a carrier: each with its unit, beside the others of the batch. Of two columns of one
    carrier a profile reads one.
    """
    maker.drop("quantity", "unit")
    by_carrier: dict[str, dict[str, tuple[int, str, str]]] = {}
    for index in columns:
        header, stated = maker.look.header[index], unit_of(maker.look, index)
        which = Phrase("Which carrier is %(column)s?", column=repr(header))
        carrier = carrier_in(header) or maker.asked(
            f"energy.carrier.{header}",
            which,
            list(CARRIERS),
            proposal="electricity",
            likely=Phrase("%(unit)s, and no header says otherwise", unit=stated[0])
            if stated is not None and stated[0] in {"kWh", "MWh", "GWh", "Wh"}
            else "",
        )
        unit = (
            stated[0]
            if stated
            else maker.asked(
                f"energy.unit.{header}",
                _unit_of_header(header),
                example="kWh",
                proposal="kWh",
                every="energy.unit",
            )
        )
        if carrier is not None and unit is not None:
            by_carrier.setdefault(carrier, {})[header] = (
                index,
                unit,
                stated[1] if stated else _of_header(header),
            )
    for carrier, same in by_carrier.items():
        chosen: str | None = next(iter(same))
        if len(same) > 1:
            ask = Phrase(
                "%(columns)s are all %(carrier)s, and one column of a carrier is read. Which one "
                "holds all of a batch's? "
                "Where none does, add a column that is their sum.",
                columns=enumerated(map(repr, same)),
                carrier=carrier,
            )
            chosen = maker.asked(
                f"energy.column.{carrier}", ask, tuple(same), proposal=_largest(maker, same)
            )
        if chosen is not None:
            index, unit, because = same[chosen]
            maker.proposal.set(f"carriers.{carrier}", {"column": chosen, "unit": unit}, because)
            maker.found[f"carriers.{carrier}"] = ColumnMatch(index, chosen, "", 0.5)


def _largest(maker: Maker, columns: Mapping[str, tuple[int, str, str]]) -> str:
    """The column whose sum is the greatest: a total beside its parts."""
    return max(columns, key=lambda header: sum(maker.proposal.numbers(header)))


def log(maker: Maker) -> None:
    maker.step()
    maker.required(
        "equipment",
        Phrase("Which column names the equipment, or which equipment is it in every row?"),
        "line-1",
        proposal="line-1",
        likely=Phrase("no column names one"),
    )
    maker.required("timestamp", Phrase("Which column holds the stamp?"), "Time")
    proposal, likely = _likely_output(maker)
    ask = Phrase("Which column holds the output?")
    maker.required("output_quantity", ask, "Pieces", proposal=proposal, likely=likely)
    if "output_quantity" in maker.found or "output_quantity" in maker.proposal.table("constants"):
        maker.unit("output_quantity", "output_unit")
    used_indices = {matched.index for matched in maker.found.values()}
    powers = [
        i
        for i in numbers(maker.look)
        if i not in used_indices and VOCABULARY.names("amounts", "power", maker.look.header[i])
    ]
    if "energy" not in maker.found and len(powers) == 1:
        header = maker.look.header[powers[0]]
        why = Phrase("header %(header)s names a power", header=repr(header))
        maker.use("energy", header, why)
    if "energy" in maker.found:
        _energy_of_log(maker, maker.found["energy"])
        _further_carriers(maker)


def _further_carriers(maker: Maker) -> None:
    """Other columns of energy in a log, each of a carrier of its own; a second column of a carrier,
    or one without a unit, stays unused and is named so.
    """
    main = maker.found["energy"].index
    carrier = carrier_in(maker.look.header[main]) or "electricity"
    if carrier != "electricity" and maker.proposal.runs:
        maker.proposal.runs["carrier"] = carrier
    units: dict[str, str] = {}
    powers = [
        index
        for index in numbers(maker.look)
        if (power := unit_of(maker.look, index)) is not None
        and VOCABULARY.kind_of_unit(power[0]) in {"power", "flow"}
    ]
    for index in (*energy_columns(maker.look), *powers):
        header = maker.look.header[index]
        named, stated = carrier_in(header), unit_of(maker.look, index)
        if index == main or named in {None, carrier, *units} or stated is None:
            continue
        units[str(named)] = stated[0]
        maker.use(f"energy.{named}", header, stated[1], 0.5)
    if units:
        maker.proposal.runs["units"] = units


def _unit_of_header(header: str) -> Phrase:
    return Phrase("In which unit is %(what)s?", what=repr(header))


def _energy_of_log(maker: Maker, matched: ColumnMatch) -> None:
    """An amount or a mean power, by its unit; a header that names a power and no unit is asked
    about.
    """
    stated = unit_of(maker.look, matched.index)
    kind: str | None = None
    if stated is None and VOCABULARY.names("amounts", "power", matched.header):
        ask = Phrase(
            "%(column)s names a power. Is it the mean power over the time of its row (rate), or "
            "an amount of energy (interval)?",
            column=repr(matched.header),
        )
        likely = Phrase("its header names a power")
        kind = maker.asked("log.energy", ask, ("rate", "interval"), proposal="rate", likely=likely)
        if kind is None:
            return
    example = "kW" if kind == "rate" else "kWh"
    unit = (
        stated[0]
        if stated
        else maker.asked(
            "log.unit", _unit_of_header(matched.header), example=example, proposal=example
        )
    )
    if unit is not None:
        rate = VOCABULARY.kind_of_unit(unit) in {"power", "flow"}
        if kind is not None and rate != (kind == "rate"):
            raise impossible(
                maker.look.path,
                "log.unit",
                f"{kind}, {unit}",
                Phrase("The answers to log.energy and log.unit contradict each other."),
                Phrase("kW of a rate, kWh of an interval"),
                Phrase("A mean power is in kW or the like, an amount in kWh: correct one of them."),
            )
        maker.proposal.runs = {"unit": unit, "energy": "rate" if rate else "interval"}
        maker.proposal.evidence.append(
            KeyEvidence("runs.unit", unit, stated[1] if stated else AS_ANSWERED)
        )
