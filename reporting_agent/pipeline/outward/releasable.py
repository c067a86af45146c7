"""Which steps may not leave, because their records better a label falsely or lack energy of the
step; and where the label on release differs from the plant's own.

A record leaves with its own heating value and correction, and what leaves is made of batches. What
the plant's own label finds wrong with one step says nothing of the others, so these go on.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from benchmarks.errors import PolicyRefusal
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.phrases import Phrase, in_number, significant
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import (
    conversions,
    energy_by_batch,
    feed_in_the_log,
    fuels_in_the_log,
    materials_in_the_log,
    scattered,
)
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.plant_data import PlantData

NEARLY = 0.005  # of the value: half a per cent is within what a release is rounded and noised by


def differences(
    local: SiteLabel, outward: SiteLabel, pack: Pack, in_doubt: Mapping[str, PolicyRefusal]
) -> Iterator[Phrase]:
    """What stays on the site and why, then one sentence a released label of which count or value
    differs; exact, for the plant's eyes.
    """
    for step, refused in in_doubt.items():
        yield Phrase(
            "No label of %(steps)s is sent in a report. %(why)s",
            steps=step,
            why=Phrase("%(sentence)s %(remedy)s", sentence=refused.sentence, remedy=refused.remedy),
        )
    yield from _held_back(outward, pack)
    going = {LabelKey.of(label): label for label in outward.steps}
    for label in local.steps:
        other = going.get(LabelKey.of(label))
        if (
            label.step in in_doubt
            or not _is_released(label, pack)
            or label.best.value is None
            or (other is not None and other.path.bound is None)
        ):
            continue
        used = 0 if other is None else other.used
        value = None if other is None else other.best.value
        if (
            value is None
            or used < 0.99 * label.used
            or abs(value - label.best.value) > NEARLY * abs(label.best.value)
        ):
            yield Phrase(
                "%(step)s %(variant)s %(metric)s: %(local)s batches count on the site, %(out)s in "
                "a report; best %(here)s ± %(half)s"
                " %(unit)s on the site and %(there)s in a report. %(why)s",
                why=Phrase(
                    "A report uses only the readings inside a batch for its energy. The more often "
                    "the meter is read, the closer the two values are."
                ),
                step=label.step,
                variant=label.variant,
                metric=label.metric.value,
                local=label.used,
                out=used,
                here=significant(label.best.value, 5),
                half="?"
                if label.uncertainty is None or label.uncertainty.best is None
                else significant(label.uncertainty.best.value, 2),
                there="none" if value is None else significant(value, 5),
                unit=label.unit,
            )


def reminder(differences: Sequence[Phrase]) -> Phrase:
    """One sentence about them all, for who sends."""
    return in_number(
        len(differences),
        "In %(count)s place the report differs from the label on the site: `steplabel-agent "
        "preview` shows where and why.",
        "In %(count)s places the report differs from the label on the site: `steplabel-agent "
        "preview` shows where and why.",
        count=len(differences),
    )


def _held_back(outward: SiteLabel, pack: Pack) -> Iterator[Phrase]:
    """The steps of which nothing leaves for want of a bound, by what there is to do."""
    steps: dict[str, dict[str, None]] = {}
    for label in outward.steps:
        if _is_released(label, pack):
            for step in label.path.unbounded:
                steps.setdefault(step.reason, {})[label.step] = None
    for why, step_names in steps.items():
        yield Phrase(
            "No label of %(steps)s is sent in a report. %(why)s",
            steps=", ".join(step_names),
            why=why,
        )


def _is_released(label: StepLabel, pack: Pack) -> bool:
    rule = pack.step(label.step).metric(label.metric)
    return rule is not None and rule.released


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
    for code in (scattered.HEATING_VALUE, scattered.VARIABLE, scattered.CODE):
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
    return {**own_metering.understated(site, data.pack, data.batches), **steps_in_doubt(local)}


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
