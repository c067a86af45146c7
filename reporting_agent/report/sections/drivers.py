"""What moves the energy: relevant variables with their effect and interval, what a setting would
save, and what cannot be told.
"""

from __future__ import annotations

from typing import Any

from benchmarks.label_keys import LabelKey
from reporting_agent.analysis.drivers.result import Driver, Interval, Relevance, StepDrivers
from reporting_agent.report.figures import count, figure, percent, scaled, shown, signed, unit_for
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """One entry a label whose batches carry variables; labels where something was found first."""
    drivers = view.analysis.drivers
    if not drivers:
        return None
    starts, at = {}, 0
    for label in drivers:
        starts[id(label)] = at
        at += len(label.drivers)
    ordered = sorted(
        drivers,
        key=lambda entry: not any(driver.verdict is Relevance.DRIVER for driver in entry.drivers),
    )
    return {"labels": [_label(view, entry, starts[id(entry)]) for entry in ordered]}


def _label(view: View, label: StepDrivers, start: int) -> dict[str, Any]:
    w = view.w["drivers"]
    ends = [
        edge
        for driver in label.drivers
        if driver.over_range is not None
        for edge in (driver.over_range.low, driver.over_range.high)
    ]
    reach = max((abs(edge) for edge in ends), default=0.0) or 1.0
    group = next(
        (
            group
            for group in view.groups
            if (group.step.id, group.product, group.variant)
            == (label.step, label.product, label.variant)
        ),
        None,
    )
    name = view.name(group) if group is not None else view.step_name(label.step)
    rows = [
        (driver, _row(view, driver, reach, start + index))
        for index, driver in enumerate(label.drivers)
    ]
    judged = {
        "rows": [row for driver, row in rows if driver.verdict is not Relevance.CANNOT_TELL],
        "fold": "",
    }
    unclear = [row for driver, row in rows if driver.verdict is Relevance.CANNOT_TELL]
    unknown = {"rows": unclear, "fold": w["unknown"].format(count=len(unclear))}
    return {
        "title": f"{name}{view.w['page']['comma']}{view.w['metric'][str(label.metric)]}",
        "unit": view.counted(label.unit) + view.doubt,
        "summary": view.text(label.summary),
        "tables": [table for table in (judged, unknown) if table["rows"]],
        "savings": [
            _saving(view, saving)
            for saving in label.savings
            if label.step not in view.steps_in_question
        ],
        "normalised": "" if label.normalised is None else view.text(label.normalised.sentence),
        "facts": [*_facts(w, label), *_moved(view, label)],
    }


def _facts(w: dict[str, str], label: StepDrivers) -> list[str]:
    facts = [
        w["batches"].format(batches=count(label.batches), effective=count(label.effective_batches))
    ]
    if label.explained is not None:
        facts.append(w["explained"].format(share=percent(label.explained)))
    if label.skill is not None:
        facts.append(
            w["skill"].format(
                value=percent(label.skill.value), batches=count(label.skill.predicted)
            )
        )
    return facts


def _moved(view: View, label: StepDrivers) -> list[str]:
    """How much of the gap beyond uncertainty goes with the variables; nothing where the regression
    does not predict, or the gap is in question."""
    if label.step in view.steps_in_question:
        return []
    key = LabelKey.of(label)
    losses = next((cell for cell in view.analysis.losses if LabelKey.of(cell) == key), None)
    if losses is None or losses.moved_by_variables is None or losses.beyond.energy <= 0:
        return []
    moved = losses.moved_by_variables.energy
    amount = scaled(moved, losses.energy_unit, doubt=view.doubt)
    return [
        view.w["drivers"]["moved"].format(
            energy=amount.text, unit=amount.unit, share=percent(moved / losses.beyond.energy)
        )
    ]


def _row(view: View, driver: Driver, reach: float, row: int) -> dict[str, Any]:
    w = view.w["drivers"]
    verdict = w[str(driver.verdict)]
    return {
        "row": row,
        "name": view.text(driver.words),
        "unit": view.counted(driver.unit),
        "kind": w[str(driver.kind)],
        "range": w["range"].format(low=shown(driver.low), high=shown(driver.high)),
        "slope": _interval(view, driver.per_unit),
        "effect": figure(
            None if driver.over_range is None else driver.over_range.value,
            of="over_range",
            sign=True,
        ),
        "between": "" if driver.over_range is None else _between(view, driver.over_range),
        "drawing": None if driver.over_range is None else _drawing(driver.over_range, reach),
        "verdict": verdict,
        "sure": driver.verdict is Relevance.DRIVER,
        "sentence": view.text(driver.sentence),
    }


def _drawing(interval: Interval, reach: float) -> dict[str, str]:
    """Point and interval around a middle line at zero."""

    def at(value: float) -> float:
        return 50.0 + 46.0 * value / reach

    return {
        "x": f"{at(interval.low):.2f}%",
        "width": f"{max(at(interval.high) - at(interval.low), 0.2):.2f}%",
        "point": f"{at(interval.value):.2f}%",
    }


def _interval(view: View, interval: Interval | None) -> str:
    return "" if interval is None else f"{signed(interval.value)} ({_between(view, interval)})"


def _between(view: View, interval: Interval) -> str:
    return view.w["drivers"]["between"].format(low=signed(interval.low), high=signed(interval.high))


def _saving(view: View, saving: Any) -> dict[str, Any]:
    unit = unit_for(
        max(abs(saving.energy.low), abs(saving.energy.high)), saving.energy_unit, view.doubt
    )
    return {
        "sentence": view.text(saving.sentence),
        "energy": unit.figure(saving.energy.value, sign=True),
        "between": view.w["drivers"]["between"].format(
            low=unit.figure(saving.energy.low, sign=True).text,
            high=unit.figure(saving.energy.high, sign=True).text,
        ),
        "unit": unit.name,
    }
