"""Which steps may not leave: their records better a label falsely, or lack energy of the step.

A record leaves with its own heating value and correction, and what leaves is made of batches. What
the plant's own label finds wrong with one step says nothing of the others, so these go on.
"""

from __future__ import annotations

from collections.abc import Container

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.phrases import Phrase
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import (
    conversions,
    copies_counted_once,
    energy_by_batch,
    feed_in_the_log,
    fuels_in_the_log,
    materials_in_the_log,
    scattered,
)
from reporting_agent.pipeline.outward import stated_shares
from reporting_agent.pipeline.plant_data import PlantData


def steps_in_doubt(
    local: SiteLabel, steps: Container[str] | None = None
) -> dict[str, PolicyRefusal]:
    """By step, the first reason why nothing of it may leave. A report gives `step-in-doubt` for
    all of them: which check it was stays on the site.

    Args:
        steps: those of which something leaves; all of them where not given.

    Returns:
        Refusals of code `heating-value-scattered`, `variable-scattered`, `runs-copied`,
        `energy-without-batch`, `fuel-not-counted`, `share-refuted`, `feed-unlikely` or
        `conversion-unlikely`.
    """
    refused: dict[str, PolicyRefusal] = {}
    for code in (scattered.HEATING_VALUE, scattered.VARIABLE, copies_counted_once.CODE):
        for finding in local.findings:
            if finding.code == code and isinstance(finding.sentence, Phrase):
                step = str(finding.sentence.values["step"])
                refused.setdefault(step, _of_finding(code, finding.sentence))
    for label in local.steps:
        if (refusal := _of_label(label)) is not None:
            refused.setdefault(label.step, refusal)
    return {step: why for step, why in refused.items() if steps is None or step in steps}


def in_doubt(local: SiteLabel, site: SiteSettings, data: PlantData) -> dict[str, PolicyRefusal]:
    """The same of the site's own label, and what small shared meters are stated too low for."""
    return {**stated_shares.understated(site, data.pack, data.batches), **steps_in_doubt(local)}


def _of_finding(code: str, sentence: Phrase) -> PolicyRefusal:
    """What would better its label falsely; the finding's own sentence says what to correct."""
    correct = Phrase(
        "Correct it and run `steplabel-agent preview` again; other steps leave meanwhile."
    )
    if code == scattered.HEATING_VALUE:
        return PolicyRefusal("heating-value-scattered", sentence, correct)
    if code == scattered.VARIABLE:
        return PolicyRefusal("variable-scattered", sentence, correct)
    return PolicyRefusal("runs-copied", sentence, correct)


def _of_label(label: StepLabel) -> PolicyRefusal | None:
    """What holds its value back on the site as well."""
    nothing_sent = Phrase(
        "Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why or ""
    )
    if label.best.reason == conversions.CODE:
        return PolicyRefusal(
            "conversion-unlikely",
            nothing_sent,
            "Correct the figures of the conversion in [site_boundary], or explain its ratio of "
            "output to input under `reason`.",
        )
    if label.best.reason == fuels_in_the_log.CODE:
        return PolicyRefusal(
            "fuel-not-counted",
            Phrase(
                "The log of %(step)s names fuel that is not reported as its energy.",
                step=label.step,
            ),
            "Report it as energy of the step. If the column is another carrier or not energy, "
            "rename it accordingly. `check` names the rows.",
        )
    if label.best.reason == materials_in_the_log.CODE:
        return PolicyRefusal(
            "share-refuted",
            nothing_sent,
            "State the true share, and 0 only if none was charged; or correct the column's name or "
            "amounts.",
        )
    if label.best.reason == feed_in_the_log.CODE:
        return PolicyRefusal(
            "feed-unlikely",
            nothing_sent,
            "Correct the amounts, their unit or the output; report what is burnt as energy.",
        )
    if label.best.reason == energy_by_batch.CODE:
        return PolicyRefusal(
            "energy-without-batch",
            Phrase(
                "More than 0.5 %% of the energy of %(step)s names none of its batches.",
                step=label.step,
            ),
            "Name the batches that used it, or remove the rows that do not belong to this step; "
            "`check` names the rows.",
        )
    return None
