"""Is every label of the tree released, or withheld with a reason that the opening bears out?

A plant that withholds a whole step leaves its worst one out of what is published. The table of
contents says how many used batches lie in every cell, and each of them has a value in the step's
headline metric; so a cell with as many as a release needs can be released, whatever a report says
of it. Of a second metric the opened batches tell whether they have it. That nothing bounds what one
record can change is computed again from the settings and from opened batches that overlap. What an
opening cannot show (a path without a bound for what unopened rows or a whole file say, batches
counted by the day, energy of excluded batches) is told with its numbers, and only the recomputation
of the whole label on site shows whether it is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.audit.arrangement import headline
from benchmarks.audit.committed_tree import StepPart, UsedLeaves
from benchmarks.audit.evidence import (
    MOST_NAMED,
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    not_checkable,
)
from benchmarks.audit.sampling_plan import detection
from benchmarks.declared import Words
from benchmarks.labels import TOO_FEW_BATCHES
from benchmarks.labels.columns import StepColumns
from benchmarks.labels.step import measure
from benchmarks.labels.validity import record_reasons
from benchmarks.phrases import Phrase, in_number
from benchmarks.privacy.charges import cells_together
from benchmarks.privacy.pooling import fewest_batches
from benchmarks.routes import MetricRule, Step

INCOMPLETE, LIMIT, NO_BOUND, SILENTLY = (
    "metric-incomplete",
    "metric-limit",
    "no-bound",
    "no-reason-given",
)
_OF_COUNTS = frozenset({TOO_FEW_BATCHES, INCOMPLETE})
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class WithheldLabel:
    """A label that is not there. `used` batches of its step are; `borne_out` is None where an
    opening cannot show the reason.
    """

    step: str
    metric: str
    reason: str
    used: int
    borne_out: bool | None

    @property
    def words(self) -> Words:
        named = {
            "step": self.step,
            "metric": self.metric,
            "reason": self.reason,
            "used": f"{self.used:,}",
        }
        if self.borne_out is None:
            return Words.of(
                in_number(
                    self.used,
                    "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batch; only "
                    "recomputing the whole label "
                    "on site shows whether this is true",
                    "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batches; only "
                    "recomputing the whole label on site shows "
                    "whether this is true",
                    **named,
                )
            )
        if self.borne_out:
            return Words.of(
                in_number(
                    self.used,
                    "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batch; the opening "
                    "confirms it",
                    "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batches; the "
                    "opening confirms it",
                    **named,
                )
            )
        return Words.of(
            in_number(
                self.used,
                "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batch; the opening "
                "contradicts it",
                "withheld: %(step)s, %(metric)s, %(reason)s, %(used)s used batches; the opening "
                "contradicts it",
                **named,
            )
        )


def withheld_justified(evidence: Evidence) -> CheckOutcome:
    """Every label of the tree is released, or withheld with a reason that the opening bears out."""
    code = "withheld-justified"
    withheld = withheld_of(evidence)
    wrong = [gap for gap in withheld if gap.borne_out is False]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s label is withheld, and the plant's own records contradict the reason.",
                "%(wrong)s labels are withheld, and the plant's own records contradict the reason.",
                wrong=len(wrong),
            ),
            Phrase(
                "Ask why the step was left out: its batches exist and have energy data. The "
                "report must not remain in force without "
                "this step."
            ),
            [gap.words for gap in wrong],
        )
    untold = [gap.words for gap in withheld if gap.borne_out is None]
    if untold:
        outcome = not_checkable(
            code,
            in_number(
                len(untold),
                "%(untold)s label is withheld for a reason that no opening can prove.",
                "%(untold)s labels are withheld for a reason that no opening can prove.",
                untold=len(untold),
            ),
            Phrase(
                "Have the whole label recomputed on site (`--site`). This gives again what is "
                "withheld, and why."
            ),
        )
        return replace(outcome, places=tuple(untold[:MOST_NAMED]), count=len(untold))
    return check_held(
        code,
        Phrase(
            "All labels of the tree are released (%(released)s), or withheld with a reason that "
            "the opening confirms (%(withheld)s).",
            released=len(evidence.report.released.labels),
            withheld=len(withheld),
        ),
        len(withheld),
    )


def withheld_of(evidence: Evidence) -> tuple[WithheldLabel, ...]:
    """Every step and metric that the pack releases and the report does not hold in full, with what
    the opening says of the reason.
    """
    parts = {part.step: part for part in evidence.contents.steps}
    gaps: list[WithheldLabel] = []
    for step in evidence.pack.steps:
        for rule in step.metrics:
            if rule.released:
                gaps += _of_metric(evidence, step, rule, parts.get(step.id))
    return tuple(gaps)


def _of_metric(
    evidence: Evidence, step: Step, rule: MetricRule, part: StepPart | None
) -> Iterator[WithheldLabel]:
    metric, used = rule.metric.value, 0 if part is None else part.used
    reasons = [
        why for of, by, why in evidence.report.released.withheld if (of, by) == (step.id, metric)
    ]
    full = [
        cell
        for cell in _kept_back(evidence, step, rule, part)
        if cell.used >= fewest_batches(step, evidence.pack.policy)
    ]
    if not reasons and full and rule == headline(step):
        yield WithheldLabel(step.id, metric, SILENTLY, used, False)
    for reason in reasons:
        if reason == NO_BOUND and step.id in evidence.unbounded:
            borne_out: bool | None = True
        elif rule == headline(step):
            borne_out = _of_headline(evidence, reason, full)
        else:
            borne_out = _of_second(evidence, step, rule, reason, part)
        yield WithheldLabel(step.id, metric, reason, used, borne_out)


def _kept_back(
    evidence: Evidence, step: Step, rule: MetricRule, part: StepPart | None
) -> list[UsedLeaves]:
    """Cells that the pack compares and of which this metric is not released."""
    labels = evidence.report.released.labels
    released = {
        (label.product, label.variant)
        for label in labels
        if (label.step, label.metric) == (step.id, rule.metric)
    }
    pack_cells = {(step.product, variant.id) for variant in step.variants}
    cells = () if part is None else part.cells
    return [cell for cell in cells if (cell.product, cell.variant) in pack_cells - released]


def _of_headline(evidence: Evidence, reason: str, full: list[UsedLeaves]) -> bool | None:
    """Every used batch has the headline metric: where no cell has enough of them, nothing that
    could leave was kept back.
    """
    if not full:
        return True
    by_record = evidence.pack.policy.unit == "record"
    return (
        False
        if reason == LIMIT or (by_record and reason in (*_OF_COUNTS, "product-outside-pack"))
        else None
    )


def _of_second(
    evidence: Evidence, step: Step, rule: MetricRule, reason: str, part: StepPart | None
) -> bool | None:
    policy = evidence.pack.policy
    if reason == LIMIT:
        return True if _beyond_cap(evidence, step) else None
    if reason not in _OF_COUNTS or policy.unit != "record":
        return None
    fewest = fewest_batches(step, policy)
    if part is None or part.used + part.excluded < fewest:
        return True
    shown = [
        (cell, *_having(evidence, step, rule, cell))
        for cell in _kept_back(evidence, step, rule, part)
    ]
    if any(having >= fewest for _, _, having in shown):
        return False
    unseen = [
        cell
        for cell, opened, having in shown
        if having or detection(cell.used, fewest, opened) < _SURE
    ]
    return None if unseen or not shown else True


def _having(evidence: Evidence, step: Step, rule: MetricRule, cell: UsedLeaves) -> tuple[int, int]:
    """How many batches of a cell were opened, and how many of these have a value of the metric."""
    opened = [
        batch
        for index, batch in sorted(evidence.batches.items())
        if cell.first <= index < cell.first + cell.used
    ]
    if not opened:
        return 0, 0
    columns = StepColumns.of(opened, step)
    measured = measure(
        columns, rule, record_reasons(columns, evidence.context.period), evidence.context
    )
    return len(opened), int(measured.reasons.valid.sum())


def _beyond_cap(evidence: Evidence, step: Step) -> bool:
    """Whether one more metric of the step costs a batch more than the policy's cap, at the least
    that a release costs.
    """
    policy = evidence.pack.policy
    epsilon = policy.epsilon_best + policy.epsilon_typical
    metrics = [label.metric for label in evidence.report.released.labels if label.step == step.id]
    spent = sum(
        epsilon * cells_together(metrics.count(metric), policy, fixed=evidence.of_runs)
        for metric in set(metrics)
    )
    return spent + epsilon > policy.cap_per_year
