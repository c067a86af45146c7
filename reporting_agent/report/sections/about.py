"""What stands behind every figure: source, unit, version, method, uncertainty; and what this report
could not show, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE, Basis
from benchmarks.errors import InputError
from benchmarks.quantities import mj_in
from reporting_agent.report.figures import figure, percent, shown
from reporting_agent.report.view import LabelGroup, View
from reporting_agent.software import SOFTWARE


def data(view: View, absent: Sequence[str]) -> dict[str, Any]:
    """Definitions, uncertainties, factors, sources of data; `absent` are the parts that had nothing
    to show.
    """
    w = view.w["about"]
    label = view.result.site_label
    return {
        "absent": [
            {"name": view.w[name]["heading"], "why": view.w["missing"][name]} for name in absent
        ],
        "method": [
            (w["label_term"], w["label"]),
            (w["gap_term"], w["gap"]),
            (w["uncertainty_term"], w["uncertainty"]),
            (w["units_term"], w["units"]),
            (w["rounding_term"], w["rounding"]),
        ],
        "uncertain": [row for group in view.groups for row in _uncertain(view, group)],
        "factors": list(_factors(view)),
        "conditions": list(_conditions(view)),
        "versions": [
            (
                w["pack"],
                f"{view.text(view.result.data.pack.words)} ({label.pack}), {label.pack_version}",
            ),
            *_digests(view),
            (w["basis"], w["calorific"]),
            (w["software"], SOFTWARE),
            (w["site_file"], view.site.path.name),
            (w["data"], ", ".join(_inputs(view))),
        ],
        "doubt": w["doubt"] if view.result.data.unit_assumed else "",
    }


def _digests(view: View) -> Iterator[tuple[str, str]]:
    """By what exactly the label was made, so that anybody can make it again."""
    w, method = view.w["about"], view.result.site_label.method
    if method:
        yield w["pack_digest"], method["pack_digest"]
        yield (
            w["conversion"],
            w["conversion_named"].format(
                version=method["conversion"], digest=method["conversion_digest"]
            ),
        )
        yield w["constants_digest"], method["constants_digest"]


def _uncertain(view: View, group: LabelGroup) -> Iterator[dict[str, Any]]:
    """The three values of a label with what their uncertainty is made of."""
    w = view.w["about"]
    for label in group.labels:
        if label.uncertainty is None or label.best.value is None:
            continue
        uncertainty = label.uncertainty
        for name, value, part in (
            (w["best"], label.best.value, uncertainty.best),
            (w["typical"], label.typical, uncertainty.typical),
            (w["mean"], label.mean, uncertainty.mean),
        ):
            if part is not None and value is not None:
                yield {
                    "name": f"{view.name(group)}{view.w['page']['comma']}{view.metric(label)}{view.w['page']['colon']}{name}",  # noqa: E501
                    "value": figure(value),
                    "unit": view.unit(label),
                    "whole": f"±{shown(part.value)}"
                    + ("" if part.bounded else w["unbounded_mark"]),
                    "share": percent(part.value / abs(value)) if value else "",
                    "meter": f"±{shown(part.meter)}",
                    "sampling": f"±{shown(part.sampling)}",
                }


def _factors(view: View) -> Iterator[dict[str, str]]:
    """What every carrier that a label counts was converted by: the plant's heating values, as heat,
    and the factor of the table that was in force at the beginning of the period."""
    table, on = packs.factors(view.result.data.pack), view.result.site_label.period.start.date()
    carriers = dict.fromkeys(
        name for label in view.result.site_label.steps for name in label.energy_by_carrier
    )
    heat_contents = _heat_contents(view)
    for name in carriers:
        entry = CARRIERS[name]
        if (own := heat_contents.get(name)) is not None:
            for text in _of_the_plant(view, own):
                yield {
                    "carrier": view.text(entry.words),
                    "factor": text,
                    "edition": "",
                    "source": "",
                    "code": "",
                }
            if not own.by_table:
                continue
        try:
            factor = table.factor(name, Basis.CALORIFIC, on)
        except (
            InputError
        ) as refused:  # a carrier without an agreed default: the plant's own heating values count
            yield {
                "carrier": view.text(entry.words),
                "factor": view.w["about"]["measured"],
                "edition": "",
                "source": "",
                "code": refused.code,
            }
            continue
        yield {
            "carrier": view.text(entry.words),
            "factor": f"{float(factor.kgce_per_unit):g} kgce/{factor.unit}",
            "edition": factor.edition,
            "source": factor.source.text,
            "code": "" if factor.source.verified else view.w["about"]["not_verified"],
        }
    if "electricity" in carriers:
        yield from _grid(view)


@dataclass(slots=True)
class HeatContents:
    """How the amounts of a thermal carrier in the valid batches say their heat content."""

    as_heat: bool = False  # the amount is energy
    by_table: bool = False
    heating_values: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # by unit of the amount, the least and the most, MJ


def _heat_contents(view: View) -> dict[str, HeatContents]:
    by_carrier: dict[str, HeatContents] = {}
    for energy in (
        energy
        for batch in view.result.data.batches
        if batch.excluded is None
        for energy in batch.energy
    ):
        if not energy.quantity or not CARRIERS[energy.carrier].thermal:
            continue
        contents = by_carrier.setdefault(energy.carrier, HeatContents())
        if mj_in(energy.unit) is not None:
            contents.as_heat = True
        elif (value := energy.lhv_mj_per_unit) is not None:
            least, most = contents.heating_values.get(energy.unit, (value, value))
            contents.heating_values[energy.unit] = min(least, value), max(most, value)
        else:
            contents.by_table = True
    return by_carrier


def _of_the_plant(view: View, contents: HeatContents) -> Iterator[str]:
    w = view.w["about"]
    if contents.as_heat:
        yield w["as_heat"].format(factor=f"{float(MJ_PER_KGCE):g}")
    for unit, (least, most) in contents.heating_values.items():
        values = dict.fromkeys((shown(least), shown(most)))
        yield w["own_value" if len(values) == 1 else "own_values"].format(
            least=shown(least), most=shown(most), unit=unit
        )


def _grid(view: View) -> Iterator[dict[str, str]]:
    """What a kWh of electricity emits at this site, by every factor that was in force within the
    period.
    """
    period = view.result.site_label.period
    for row in view.site.emissions.factors.carbon.get("electricity", ()):
        if row.effective_from < period.end.date() and (
            row.effective_to is None or row.effective_to > period.start.date()
        ):
            yield {
                "carrier": f"{view.text(CARRIERS['electricity'].words)}, CO₂",
                "factor": f"{float(row.kg_co2_per_unit or 0):g} kg/{row.unit}",
                "edition": str(row.effective_from.year),
                "source": row.source.text,
                "code": "" if row.source.verified else view.w["about"]["not_verified"],
            }


def _conditions(view: View) -> Iterator[dict[str, str]]:
    """The slopes by which batches were brought to reference conditions, with their source."""
    steps = dict.fromkeys(group.step.id for group in view.groups)
    for step in view.result.data.pack.steps:
        for condition in step.reference_conditions if step.id in steps else ():
            slopes = ", ".join(
                f"{slope:g} {view.counted(rule.unit)}"
                for rule in step.metrics
                if (slope := condition.slope.get(rule.metric)) is not None
            )
            yield {
                "step": view.text(step.words),
                "variable": view.variable(condition.variable),
                "reference": f"{condition.reference:g} {condition.unit}",
                "slope": slopes,
                "source": condition.source.text,
                "code": "" if condition.source.verified else view.w["about"]["not_verified"],
            }


def _inputs(view: View) -> Iterator[str]:
    """The input files by name; a pattern is named as it was given."""
    inputs = view.site.inputs
    for pattern in (inputs.batches, inputs.energy, inputs.readings, inputs.log):
        for name in (pattern,) if isinstance(pattern, str) else pattern or ():
            yield Path(name).name
