"""Where the label on its way out is another one than the plant's own: other batches count, or another value comes out."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack

Key = tuple[str, str, str, str]
NEARLY = 0.005  # of the value: half a per cent is within what a release is rounded and noised by


def differences(local: SiteLabel, outward: SiteLabel, pack: Pack) -> Iterator[Phrase]:
    """One sentence a released label of which either differs; exact, for the plant's eyes."""
    going = {_key(label): label for label in outward.steps}
    for label in local.steps:
        rule = pack.step(label.step).metric(label.metric)
        other = going.get(_key(label))
        if rule is None or not rule.released or label.best.value is None:
            continue
        used = 0 if other is None else other.used
        value = None if other is None else other.best.value
        if value is None or used < 0.99 * label.used or abs(value / label.best.value - 1) > NEARLY:
            yield Phrase(
                "%(step)s %(variant)s %(metric)s: %(local)s batches count on the site, %(out)s in a report;"
                " best %(here)s and %(there)s %(unit)s.",
                step=label.step,
                variant=label.variant,
                metric=label.metric.value,
                local=label.used,
                out=used,
                here=f"{label.best.value:.5g}",
                there="none" if value is None else f"{value:.5g}",
                unit=label.unit,
            )


def _key(label: StepLabel) -> Key:
    return label.step, label.product, label.variant, label.metric.value
