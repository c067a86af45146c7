"""Why nothing of a site may leave: what betters a label falsely, or batches that lack energy of
their step.
"""

from __future__ import annotations

from collections.abc import Container

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel
from benchmarks.phrases import Phrase
from reporting_agent.pipeline import (
    conversions,
    copies_counted_once,
    energy_by_batch,
    feed_in_the_log,
    fuels_in_the_log,
    materials_in_the_log,
    scattered,
)


def require_releasable(local: SiteLabel, steps: Container[str] | None = None) -> None:
    """A record leaves with its own heating value and correction, and what leaves is made of
    batches: nothing leaves where those better a label falsely, or where batches lack energy of
    their step.

    Args:
        steps: those of which something leaves; all of them where not given.

    Raises:
        PolicyRefusal: `heating-value-scattered`, `variable-scattered`, `runs-copied`,
            `energy-without-batch`, `fuel-not-counted`, `share-refuted`, `feed-unlikely`,
            `conversion-unlikely`.
    """
    own = [
        finding
        for finding in local.findings
        if steps is None or finding.sentence.values.get("step") in steps
    ]
    sentences = {finding.code: finding.sentence for finding in own}
    if sentence := sentences.get(scattered.HEATING_VALUE):
        raise PolicyRefusal(
            "heating-value-scattered",
            sentence,
            "Correct the values, or give those of the lots under [[lhv]] in site.toml and remove "
            "those given with the amounts.",
        )
    if sentence := sentences.get(scattered.VARIABLE):
        raise PolicyRefusal(
            "variable-scattered",
            sentence,
            "Correct the variable's column, or give its mean as a constant of [mapping.batches] "
            "(or [mapping.log]).",
        )
    if sentence := sentences.get(copies_counted_once.CODE):
        raise PolicyRefusal(
            "runs-copied",
            sentence,
            (
                "Remove copies from the log, write simultaneous runs of one machine as one run, "
                "and name the equipment of lines that run "
                "side by side."
            ),
        )
    for label in (label for label in local.steps if steps is None or label.step in steps):
        if label.best.reason == conversions.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "conversion-unlikely",
                Phrase(
                    "Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why
                ),
                "Correct the figures of the conversion in [site_boundary], or explain its ratio "
                "of output to input under `reason`.",
            )
        if label.best.reason == fuels_in_the_log.CODE:
            raise PolicyRefusal(
                "fuel-not-counted",
                Phrase(
                    "The log of %(step)s names fuel that is not reported as its energy.",
                    step=label.step,
                ),
                (
                    "Report it as energy of the step. If the column is another carrier or not "
                    "energy, rename it accordingly. `check` "
                    "names the rows."
                ),
            )
        if label.best.reason == materials_in_the_log.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "share-refuted",
                Phrase(
                    "Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why
                ),
                "State the true share, and 0 only if none was charged; or correct the column's "
                "name or amounts.",
            )
        if label.best.reason == feed_in_the_log.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "feed-unlikely",
                Phrase(
                    "Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why
                ),
                "Correct the amounts, their unit or the output; report what is burnt as energy.",
            )
        if label.best.reason == energy_by_batch.CODE:
            raise PolicyRefusal(
                "energy-without-batch",
                Phrase(
                    "More than 0.5 %% of the energy of %(step)s names none of its batches.",
                    step=label.step,
                ),
                "Name the batches that used it, or remove the rows that do not belong to this "
                "step; `check` names the rows.",
            )
