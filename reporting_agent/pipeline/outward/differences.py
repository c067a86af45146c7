"""Where the label on its way out is another one than the plant's own: other batches count, or
another value comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.errors import PolicyRefusal
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.phrases import Phrase, in_number, significant
from benchmarks.routes import Pack

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
