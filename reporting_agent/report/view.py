"""What every part of the page is made from: the label, its analysis, a language, and how this
plant's things are called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.catalogue import in_language
from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Phrase, enumerated, sentences
from benchmarks.routes import ReferenceCondition
from reporting_agent.analysis.drivers.result import declared_as, unit_of, words_of
from reporting_agent.report.figures import day
from reporting_agent.report.quality import in_order
from reporting_agent.report.words import counted, reason, words

if TYPE_CHECKING:
    from benchmarks.labels import StepLabel
    from benchmarks.measurements import DataFinding
    from benchmarks.routes import Step
    from reporting_agent.analysis import Analysis
    from reporting_agent.analysis.waste.gap_parts import StepLosses
    from reporting_agent.analysis.waste.waterfall import BatchLoss
    from reporting_agent.config import SiteSettings
    from reporting_agent.pipeline import LabelResult

LEAST_OF_A_SHIFT_S, LEAST_OF_A_DAY_S = 4 * 3600, 12 * 3600
"""A median run that is shorter is no record of a day."""


@dataclass(frozen=True)
class LabelGroup:
    """The labels of one step, product and variant: one a metric. `main` is the one that is drawn;
    it may have no best.
    """

    step: Step
    product: str
    variant: str
    labels: tuple[StepLabel, ...]
    main: StepLabel
    rows: tuple[int, ...]  # of the labels, in the table of labels
    losses: StepLosses | None  # of `main`

    @property
    def anchor(self) -> str:
        """Its place on the page, which no other group has. Ids of packs are small letters, digits
        and hyphens; products of a log and what a plant's own pack names may be anything: a hash
        tells those apart of which letters were lost."""
        parts = (self.step.id, self.product, self.variant)
        plain = "-".join(
            "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in part)
            for part in parts
            if part
        )
        if plain == "-".join(part for part in parts if part):
            return plain
        return f"{plain}-{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class View:
    """One report in one language. Nothing here reads a clock: `made_at` comes from the entrance."""

    site: SiteSettings
    result: LabelResult
    analysis: Analysis
    lang: str
    made_at: datetime

    @cached_property
    def w(self) -> dict[str, dict[str, str]]:
        return words(self.lang)

    def text(self, sentence: Words | Phrase) -> str:
        text = (
            sentence.said_in(self.lang)
            if isinstance(sentence, Words)
            else in_language(sentence, self.lang)
        )
        return self.counted(text).replace(" %", "\u00a0%")  # a line never begins with the sign

    def evidence(self, both: Words | None) -> str:
        """What shows a cause in one batch; empty where there is nothing to add to its name."""
        return "" if both is None else self.text(both)

    @cached_property
    def period(self) -> str:
        """The period as a heading has it: its own short name, or its first and last day."""
        period = self.result.site_label.period
        if "/" not in period.name:
            return period.name
        return self.w["frame"]["period"].format(
            first=day(period.start, self.lang),
            last=day(period.end - timedelta(microseconds=1), self.lang),
        )

    def inside(self, both: Words) -> str:
        """A name inside a sentence: English ones without their capital."""
        text = self.text(both)
        return text[:1].lower() + text[1:] if self.lang == "en" else text

    @property
    def gap(self) -> str:
        """What stands between two sentences."""
        return Words.of(sentences(["", ""])).said_in(self.lang)

    def enumerated(self, names: Sequence[str]) -> str:
        """Names beside each other."""
        return Words.of(enumerated(names) if names else "").said_in(self.lang)

    def reason(self, code: str) -> str:
        return reason(code, self.lang)

    @cached_property
    def doubt(self) -> str:
        """What stands behind a unit that is an assumption; nothing behind one that is known."""
        return self.w["label"]["unit_assumed"] if self.result.data.unit_assumed else ""

    def unit(self, label: StepLabel | StepLosses) -> str:
        return self.counted(label.unit) + self.doubt

    def of_label(self, label: StepLabel, sentences: Sequence[Words]) -> list[str]:
        """Sentences about a label's figures, the doubt about their unit with each."""
        unit = self.counted(label.unit)
        return [self.text(sentence).replace(unit, unit + self.doubt) for sentence in sentences]

    def energy_unit(self, label: StepLabel | StepLosses) -> str:
        return label.energy_unit + self.doubt

    def counted(self, unit: str) -> str:
        """A unit as this language writes it."""
        return counted(unit, self.lang)

    def variable(self, name: str) -> str:
        """A variable of the batches in words; the unit stands behind a figure."""
        return self.text(words_of(name, declared_as(name, self.site.variables), self._conditions))

    def variable_unit(self, name: str) -> str:
        """What [variables] declares, else what the name tells, else what the pack says; nothing
        where none does.
        """
        declared = declared_as(name, self.site.variables)
        return (declared.unit if declared is not None else "") or unit_of(name, self._conditions)

    @property
    def _conditions(self) -> list[ReferenceCondition]:
        return [
            condition
            for step in self.result.data.pack.steps
            for condition in step.reference_conditions
        ]

    def step_name(self, step_id: str) -> str:
        """The pack's name of a step; the id of one it does not have."""
        return next(
            (self.text(step.words) for step in self.result.data.pack.steps if step.id == step_id),
            step_id,
        )

    def name(self, group: LabelGroup) -> str:
        """Step, product and variant as far as they tell labels apart."""
        variant = next(
            (
                self.text(candidate.words)
                for candidate in group.step.variants
                if candidate.id == group.variant
            ),
            group.variant,
        )
        product = group.product if group.product != group.step.product else ""
        return " · ".join(
            part
            for part in (
                self.text(group.step.words),
                product,
                variant if len(group.step.variants) > 1 else "",
            )
            if part
        )

    def metric(self, label: StepLabel | StepLosses) -> str:
        return self.w["metric"].get(str(label.metric), str(label.metric))

    def run(self, group: LabelGroup, number: int = 1) -> str:
        """What this plant calls a batch: a heat, a coil, a day; a run where the log's are shorter
        than the days or shifts that the pack supposes.
        """
        kind, measured = str(group.step.run_kind), group.main.made_from
        if kind in {"day", "shift"} and measured is not None:
            length_s = measured.columns.length_s[measured.rows]
            known_lengths_s = length_s[~np.isnan(length_s)]
            usual_s = np.median(known_lengths_s) if known_lengths_s.size else np.nan
            if usual_s < (LEAST_OF_A_DAY_S if kind == "day" else LEAST_OF_A_SHIFT_S):
                kind = "batch"
            elif usual_s > LEAST_OF_A_DAY_S:
                kind = "day"
        return self.w["run" if number == 1 else "runs"][kind]

    @cached_property
    def groups(self) -> tuple[LabelGroup, ...]:
        """Labels by step, product and variant; those with a best first, in the pack's order of
        steps.
        """
        by_key: dict[tuple[str, str, str], list[tuple[int, StepLabel]]] = {}
        for row, label in enumerate(self.result.site_label.steps):
            by_key.setdefault((label.step, label.product, label.variant), []).append((row, label))
        gathered = [self._group(members) for members in by_key.values()]
        return tuple(sorted(gathered, key=lambda group: group.main.best.value is None))

    def _group(self, members: list[tuple[int, StepLabel]]) -> LabelGroup:
        labels = tuple(label for _, label in members)
        losses = {id(label): self._losses_of(label) for label in labels}
        counted = [
            label for label in labels if (own := losses[id(label)]) is not None and own.counted
        ]
        main = next(
            iter([*counted, *(label for label in labels if label.best.value is not None), *labels])
        )
        first = labels[0]
        step = self.result.data.pack.step(first.step)
        return LabelGroup(
            step,
            first.product,
            first.variant,
            labels,
            main,
            tuple(row for row, _ in members),
            losses[id(main)],
        )

    def _losses_of(self, label: StepLabel) -> StepLosses | None:
        """None, too, of a label that is in question: nothing is concluded from it."""
        if LabelKey.of(label) in self.analysis.doubtful:
            return None
        wanted = LabelKey.of(label)
        return next((cell for cell in self.analysis.losses if LabelKey.of(cell) == wanted), None)

    @cached_property
    def labelled(self) -> tuple[LabelGroup, ...]:
        return tuple(group for group in self.groups if group.main.best.value is not None)

    @cached_property
    def lead(self) -> LabelGroup | None:
        """The group the page opens with: the one with most energy above the label beyond slopes and
        uncertainty, in coal equivalent.
        """
        candidates = [group for group in self.labelled if group.losses is not None]
        most = max(
            candidates,
            key=lambda group: group.losses.beyond.kgce if group.losses else 0.0,
            default=None,
        )
        return most if most is not None else next(iter(self.labelled), None)

    @cached_property
    def steps_in_question(self) -> frozenset[str]:
        """Steps with a label that such a change makes doubtful: what could be saved there is not
        told.
        """
        return frozenset(step for step, *_ in self.analysis.doubtful)

    def in_question(self, group: LabelGroup) -> bool:
        """Whether a change in the data that nobody has explained makes the group's main label
        doubtful.
        """
        return LabelKey.of(group.main) in self.analysis.doubtful

    @cached_property
    def worst(self) -> BatchLoss | None:
        """The batch the page opens with: most avoidable and unexplained energy per unit of output
        at the leading group.
        """
        return (
            self.lead.losses.worst[0]
            if self.lead is not None and self.lead.losses is not None and self.lead.losses.worst
            else None
        )

    @cached_property
    def findings(self) -> list[DataFinding]:
        """Everything found: in the data, while labelling, and of the meters against each other;
        worst kind first.
        """
        return in_order([*self.result.findings, *self.analysis.findings])
