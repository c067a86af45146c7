"""Readings: which columns are meters, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reporting_agent.proposal.carriers import output_columns
from reporting_agent.proposal.maker import Maker
from reporting_agent.proposal.naming import Named, numbers, unit_of
from reporting_agent.proposal.types import Evidence
from reporting_agent.proposal.vocabulary import VOCABULARY
from reporting_agent.sources.cells import plain


def readings(maker: Maker) -> None:
    if {"meter_id", "value"} <= set(maker.found):
        names = sorted({plain(str(cell)) for cell in maker.look.column(maker.found["meter_id"].index)})
        for name in names:
            _meter(maker, name, list(_values_of(maker, name)), unit_of(maker.look, maker.found["value"].index))
        return
    maker.drop("value", "meter_id")
    counted = {"energy", "power", "volume", "flow", "mass"}
    stamped = maker.found["timestamp"].index if "timestamp" in maker.found else -1
    columns = [index for index in numbers(maker.look) if index != stamped]
    of_carriers = [i for i in columns if (u := unit_of(maker.look, i)) is not None and VOCABULARY.kind_of_unit(u[0]) in counted]
    output = set(output_columns(maker.look))
    of_carriers = [i for i in of_carriers if i not in output] or of_carriers
    chosen = of_carriers or columns
    maker.proposal.set("wide", True, f"{len(chosen)} column{'s' if len(chosen) > 1 else ''} of meters beside one of stamps")
    for index in chosen:
        header = maker.look.header[index]
        maker.found[f"meters.{header}"] = Named(index, header, "", 0.5)
        _meter(maker, header, maker.look.column(index), unit_of(maker.look, index))


def _values_of(maker: Maker, meter: str) -> Iterator[object]:
    key, value = maker.found["meter_id"].index, maker.found["value"].index
    return (row[value] for _, row in maker.look.rows if max(key, value) < len(row) and plain(str(row[key])) == meter)


def _meter(maker: Maker, name: str, cells: Sequence[object], stated: tuple[str, str] | None) -> None:
    """What is known of a meter: unit, and whether it is a register, a rate or an interval."""
    unit = stated[0] if stated else maker.asked(f"readings.unit.{name}", f"In which unit is meter {name!r}?", example="kWh")
    meter = {} if unit is None else {"unit": unit}
    kind, because = _reading_of(maker, cells, unit)
    if kind is None:
        kind = maker.asked(
            f"readings.reading.{name}", f"What are the values of meter {name!r}? {because}", ("register", "rate", "interval")
        )
    if kind is not None:
        meter["reading"] = kind
        maker.proposal.evidence.append(Evidence(f"meters.{name}.reading", kind, because))
    if kind == "interval" and "midnight" not in maker.proposal.keys:
        ask = "Does the stamp of an interval stand at its end or at its start?"
        stamp = maker.asked("readings.stamp", ask, ("end", "start"))
        if stamp == "start":
            meter["stamp"] = stamp
    maker.proposal.meters[name] = meter


def _reading_of(maker: Maker, cells: Sequence[object], unit: str | None) -> tuple[str | None, str]:
    kind = VOCABULARY.kind_of_unit(unit) if unit is not None else None
    if kind in {"power", "flow"}:
        return "rate", f"{unit} is a power or a flow"
    decimal = "," if maker.proposal.keys.get("decimal") == "," else "."
    values = [float(t) for cell in cells if _plain_number(t := str(cell).strip().replace(" ", "").replace(decimal, "."))]
    falls = sum(later < earlier for earlier, later in pairwise(values))
    if len(values) > 2 and falls <= len(values) // 100 and len(set(values)) > len(values) // 10:
        return "register", f"the values rise ({falls} falls in {len(values):,})"
    if kind in {"energy", "volume", "mass"}:
        return "interval", f"{unit} is an amount, and the values rise and fall"
    return None, "They rise and fall, and no unit is known: a rate or an interval."


def _plain_number(text: str) -> bool:
    head, _, tail = text.lstrip("+-").partition(".")
    return head.isdigit() and (tail == "" or tail.isdigit())
