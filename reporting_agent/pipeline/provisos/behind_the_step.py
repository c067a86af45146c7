"""What a plant may as well add behind a step as put through it (fly ash beside a mill), or what of
the weighed output comes back into it (fines of a screen behind the scale): no log says which, and
the label is lower by it.

Told beside the label in one sentence with its size, until the site states how much of the output
was added so; of a share that it states by that share. The statement itself is one that only an
audit tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.materials_in_the_log import ChargedMaterials, own_output, own_runs
from reporting_agent.pipeline.provisos.bought_ready import percent


def sentences(
    label: StepLabel, batches: Sequence[Batch], static: Mapping[str, float | str], pack: Pack
) -> Iterator[Words]:
    """By what states it, the materials that the log charges and the label of what went through the
    step and stayed.
    """
    step, own, value = pack.step(label.step), own_runs(batches, label.step), label.best.value
    if value is None or label.made_from is None or own_output(own) <= 0:
        return
    charged, charges = (
        ChargedMaterials.by(batches, pack),
        dict[tuple[str, bool], list[tuple[Value, float]]](),
    )
    for at, material, columns in charged.at(step):
        named = at.unless or at.returns
        if named and (amount := charged.amount(own, columns) / own_output(own)) > 0:
            charges.setdefault((named, at.returns is not None), []).append((material.words, amount))
    for (name, back), added in charges.items():
        stated = percent(label.made_from, name, static)
        share = fsum(amount for _, amount in added) if stated is None else stated / 100
        if not WORTH_TELLING < share < 1:
            continue
        shown: dict[str, Value] = {
            "per": step.output_unit,
            "through_it": significant(value / (1 - share), 3),
            "unit": label.unit,
            "variable": name,
        }
        materials = enumerated(
            Phrase("%(column)s %(amount)s t", column=what, amount=significant(amount, 3))
            for what, amount in added
        )
        if back and stated is not None:
            sentence = Phrase(
                "The site states that %(share)s %% of the weighed output returns as charge "
                "(%(variable)s). Per %(per)s that remains "
                "the label would be %(through_it)s %(unit)s. Keep the scale records for an "
                "auditor.",
                share=significant(stated, 3),
                **shown,
            )
        elif back:
            sentence = Phrase(
                "The log shows, per %(per)s of output, a charge of %(materials)s, which can be "
                "output that is screened off after the "
                "scale and returns. Per %(per)s that remains the label would then be up to "
                "%(through_it)s %(unit)s. State under "
                "[static] how much of the output returns in this way, in %% (%(variable)s), 0 if "
                "it is weighed after the screen.",
                materials=materials,
                **shown,
            )
        elif stated is not None:
            sentence = Phrase(
                "The site states that %(share)s %% of the output was added after the step "
                "(%(variable)s). Per %(per)s that went "
                "through the step the label would be %(through_it)s %(unit)s. Keep the scale "
                "records for an auditor.",
                share=significant(stated, 3),
                **shown,
            )
        else:
            sentence = Phrase(
                "The log shows, per %(per)s of output, a charge of %(materials)s, which can also "
                "be added after the step. Per "
                "%(per)s that went through the step the label would then be up to %(through_it)s "
                "%(unit)s. State under [static] how "
                "much of the output was added in this way, in %% (%(variable)s), 0 if none was.",
                materials=materials,
                **shown,
            )
        yield Words.of(sentence)
