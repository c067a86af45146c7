"""Carriers that count only where bought (`Boundary.bought`): a run counts where [site_boundary]
names it under `purchased` and no conversion gives it; what is stated is a caveat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.measurements import Batch, DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings


def refuse_conversions_within(site: SiteSettings, pack: Pack) -> None:
    """InputError `conversion-within-boundary` where a conversion turns into itself what a step
    counts before any conversion: a rectifier between the meter that the boundary begins at and the
    cells."""
    for step in pack.steps:
        for conversion in site.site_boundary.conversions if site.site_boundary else ():
            both = {flow.carrier for flow in conversion.takes} & {
                flow.carrier for flow in conversion.gives
            }
            for carrier in sorted(both & {*step.boundary.unconverted}):
                raise InputError(
                    "conversion-within-boundary",
                    Phrase(
                        (
                            "Step %(step)s counts %(carrier)s before it is converted, so the loss "
                            "of conversion %(id)s belongs to the step."
                        ),
                        step=step.id,
                        carrier=CARRIERS[carrier].words,
                        id=conversion.id,
                    ),
                    "Use the meter before the conversion as the step's meter, and remove the "
                    "conversion; a transformer before that "
                    "meter is a loss of [site_boundary].",
                    place=Place(
                        str(site.path), column=f"site_boundary.conversions.{conversion.id}"
                    ),
                    found=carrier,
                    wanted=Phrase("no conversion of it into itself"),
                )


def left_out(
    batches: Sequence[Batch], site: SiteSettings, pack: Pack
) -> tuple[list[Batch], list[DataFinding]]:
    """The batches, those left out that took what the site does not show to be bought, and a finding
    for each step and carrier.
    """
    wanting = {
        step.id: {carrier for carrier in step.boundary.bought if not is_bought(carrier, site)}
        for step in pack.steps
    }
    if not any(wanting.values()):
        return list(batches), []
    tally, marked = Counter[tuple[str, str]](), []
    for batch in batches:
        of_step = wanting.get(batch.step, set())
        unbought_carrier = next(
            (
                energy.carrier
                for energy in batch.energy
                if energy.carrier in of_step
                and energy.direction is Direction.IMPORT
                and energy.quantity != 0
            ),
            None,
        )
        if unbought_carrier is not None and batch.excluded is None:
            tally[batch.step, unbought_carrier] += 1
            batch = replace(batch, excluded=ExclusionReason.NOT_BOUGHT.value)
        marked.append(batch)
    return marked, [
        _not_bought(step, carrier, count) for (step, carrier), count in sorted(tally.items())
    ]


def is_bought(carrier: str, site: SiteSettings) -> bool:
    """Whether the site says that the carrier comes over its fence, and from nowhere within."""
    fence = site.site_boundary
    if fence is None or all(flow.carrier != carrier for flow in fence.purchased):
        return False
    return all(
        flow.carrier != carrier for conversion in fence.conversions for flow in conversion.gives
    )


def _not_bought(step: str, carrier: str, count: int) -> DataFinding:
    sentence = Phrase(
        "Step %(step)s: %(carrier)s counts only if it was bought from outside the site; what the "
        "site's own boilers make counts as "
        "the fuel that they burn. A report leaves these runs out. Report that fuel, or the "
        "purchase "
        "under purchased of [site_boundary].",
        step=step,
        carrier=CARRIERS[carrier].words,
    )
    return DataFinding("not-bought", Severity.EXCLUSION, sentence, count)


def sentences(label: StepLabel, site: SiteSettings, pack: Pack) -> Iterator[Words]:
    """What the label counts as bought, as the site states, and what boilers of its own would add to
    it.
    """
    if label.best.value is None or not label.output:
        return
    for carrier in pack.step(label.step).boundary.bought:
        energy = label.energy_by_carrier.get(carrier, 0.0)
        if energy > 0 and counts(carrier, label.metric) and is_bought(carrier, site):
            sentence = Phrase(
                "The site declares that %(carrier)s was bought from outside and not made in its "
                "own boilers. Each percent that "
                "boilers would lose is %(size)s %(unit)s. Keep the supplier's invoices for an "
                "auditor.",
                carrier=CARRIERS[carrier].words,
                size=significant(0.01 * energy / label.output, 2),
                unit=label.unit,
            )
            yield Words.of(sentence)
