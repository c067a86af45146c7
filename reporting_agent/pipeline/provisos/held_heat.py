"""Heat that a charged material may hold and no energy counts (`HeldHeat`): carbon of dust on a
strand, shale or ash of a kiln's raw meal.

Told beside the label with its size, by what the pack takes such a material to hold at most; what a
site states of it by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Batch, Metric
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.materials_in_the_log import ChargedMaterials, own_output, own_runs


def sentences(
    label: StepLabel, batches: Sequence[Batch], static: Mapping[str, float | str], pack: Pack
) -> Iterator[Words]:
    """Each that the log of the step or of one before it charges, by the log that charges most."""
    step, output, best = (
        pack.step(label.step),
        own_output(own_runs(batches, label.step)),
        label.best.value,
    )
    if best is None or output <= 0 or label.metric is Metric.ELECTRICITY:
        return
    charged = ChargedMaterials.by(batches if step.holds_heat else (), pack)
    for held_heat in step.holds_heat:
        columns = charged.columns_of(held_heat.of)
        amount = (
            max(
                charged.amount(own_runs(batches, step_id), columns)
                for step_id in (step.id, *held_heat.also_at)
            )
            / output
        )
        stated = static.get(held_heat.stated_by)
        heat = stated if isinstance(stated, int | float) and stated >= 0 else held_heat.burns
        size = 1000 * amount * heat / MJ_PER[label.energy_unit]
        if size <= WORTH_TELLING * abs(best):
            continue
        shown: dict[str, Value] = {
            "amount": significant(amount, 3),
            "materials": enumerated(
                charged.words_of(material)
                for material in held_heat.of
                if charged.columns_of([material])
            ),
            "per": step.output_unit,
            "heat": f"{heat:g}",
            "variable": held_heat.stated_by,
            "size": significant(size, 3),
            "unit": label.unit,
        }
        if heat is stated:
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output. The "
                "site states that they contain "
                "%(heat)s MJ/kg (%(variable)s), and no energy counts it: with it the label would "
                "be higher by %(size)s %(unit)s. "
                "Keep the analyses for an auditor.",
                **shown,
            )
        else:
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output. They "
                "can contain up to %(heat)s MJ/kg "
                "that no energy counts: with it the label would be higher by up to %(size)s "
                "%(unit)s. State under [static] what they "
                "contain by analysis (%(variable)s).",
                **shown,
            )
        yield Words.of(sentence)
