"""What the log says was charged, against the shares that the site states: runs left out, labels
withheld; unknown inputs as caveats.

Product bought ready and hot metal of a charge lower the label. A run whose share is less than its
log shows is left out; a site's share that the log refutes withholds the label. An input that the
pack does not know may be a fuel.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import fsum

from benchmarks.carriers import CARRIERS, Naming, name_key, named, read_heading
from benchmarks.conversion import MJ_PER, MJ_PER_KGCE
from benchmarks.declared import Words
from benchmarks.labels import Best, ExclusionReason, SiteLabel, StepGrade, StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import Material, MaterialAt
from benchmarks.measurements import Batch, DataFinding, Metric, ProductStatus, Severity
from benchmarks.packs.corrections import factors_of
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Pack, Step
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import batch_names
from reporting_agent.sources import Table
from reporting_agent.sources.fields import WEIGHED

CODE = ExclusionReason.SHARE_REFUTED.value
ROOM_PCT = 1.0
"""Of the output, and a tenth of what the log shows: as much more a log may show than is stated (a
convention of ours).
"""
NO_FUEL = 0.5
"""In t per unit of output, from which what a variable weighs is a flow of the process (a tap
weight) and no fuel (a convention of ours).
"""
_INPUT, _IN_KG = "input.", re.compile(r"[\s_\-.(\[（]kg\b")
_NUMBERED = re.compile(r"[\s_\-.#]+(\d+|[a-z])(?=\s*([\[({【].*)?$)")
Static = Mapping[str, float | str]


@dataclass(frozen=True)
class ChargedMaterials:
    """What runs of a pack's steps charged, by what their columns are called."""

    pack: Pack
    columns: tuple[str, ...]
    weighed: tuple[str, ...] = ()  # variables whose heading says t or kg

    @classmethod
    def by(cls, batches: Sequence[Batch], pack: Pack) -> ChargedMaterials:
        names = sorted({name for batch in batches for name in batch.variables})
        variables = {
            condition.variable for step in pack.steps for condition in step.reference_conditions
        } | factors_of(pack)
        weighed = (
            name
            for name in names
            if not name.startswith(_INPUT) and name not in variables and WEIGHED.search(name)
        )
        return cls(pack, tuple(name for name in names if name.startswith(_INPUT)), tuple(weighed))

    @cached_property
    def _headings(self) -> Mapping[str, Naming]:
        names = _names(tuple(_words(material) for material in self.pack.materials))
        columns = (*self.columns, *self.weighed)
        headings = {
            column: read_heading(column, names) or read_heading(_NUMBERED.sub("", column), names)
            for column in columns
        }
        return {column: naming for column, naming in headings.items() if naming is not None}

    @cached_property
    def _materials(self) -> Mapping[str, Material]:
        by_id = {material.id: material for material in self.pack.materials}
        return {
            column: by_id[naming.carrier]
            for column, naming in self._headings.items()
            if column in self.columns
        }

    def amount(self, batches: Sequence[Batch], columns: Sequence[str]) -> float:
        """What runs charged by these columns, in t: a heading may say that it is in kg, of a unit
        of output, or in % of it.
        """
        return fsum(
            amount
            for column in columns
            for amount in self._t(column, [batch for batch in batches if column in batch.variables])
        )

    def _t(self, column: str, batches: Sequence[Batch]) -> list[float]:
        values, heading = (
            [batch.variables[column] for batch in batches],
            self._headings.get(column) or named(column),
        )
        if heading is None:
            return [value / 1000 for value in values] if _IN_KG.search(column) else values
        scale = 0.01 if heading.unit == "%" else 0.001 if heading.unit == "kg" else 1.0
        outputs = [
            batch.output if heading.per_output or heading.unit == "%" else 1.0 for batch in batches
        ]
        return [value * scale * output for value, output in zip(values, outputs, strict=True)]

    def columns_of(self, ids: Collection[str]) -> list[str]:
        """Columns of these materials and carriers."""
        what = {column: self._headings.get(column) or named(column) for column in self.columns}
        return [
            column
            for column, naming in what.items()
            if naming is not None and naming.carrier in ids
        ]

    def words_of(self, id_: str) -> Words:
        """What a material or carrier is called."""
        return (
            next((material.words for material in self.pack.materials if material.id == id_), None)
            or CARRIERS[id_].words
        )

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Columns of which the pack says nothing; of a pack that names no materials none."""
        if not self.pack.materials:
            return ()
        products = {
            name_key(text)
            for step in self.pack.steps
            for text in (step.product, *step.product_words.by_language.values())
        }
        others = (
            column
            for column in (*self.columns, *self.weighed)
            if column not in self._headings and named(column) is None
        )
        return tuple(
            column for column in others if name_key(column.removeprefix(_INPUT)) not in products
        )

    def stating(self, step: Step) -> list[tuple[MaterialAt, Material, list[str]]]:
        """What says something of the step's output or charge, each with its columns."""
        return [
            entry for entry in self.at(step) if (entry[0].unless, entry[0].returns) == (None, None)
        ]

    def at(self, step: Step) -> list[tuple[MaterialAt, Material, list[str]]]:
        """What the pack says of materials at the step, each with its columns."""
        columns: dict[str, list[str]] = {}
        for column, material in self._materials.items():
            columns.setdefault(material.id, []).append(column)
        materials = {listed.id: listed for listed in self.pack.materials}
        return [
            (at, materials[id_], own)
            for id_, own in columns.items()
            for at in materials[id_].at
            if at.step == step.id
        ]


@lru_cache(maxsize=8)
def _names(words: tuple[tuple[str, ...], ...]) -> Mapping[str, str]:
    return {
        name_key(text): id_
        for id_, *texts in words
        for text in (id_, *texts, *(f"{noun}s" for noun in texts if noun.isascii()))
    }


def _words(material: Material) -> tuple[str, ...]:
    return material.id, *material.words.by_language.values(), *material.also


def _stated(at: MaterialAt, step: Step, values: Mapping[str, float | str]) -> float | None:
    """The share that is stated, in %; None where it is not."""
    value = values.get(at.variable or at.rest_of or step.bought_share or "")
    if not isinstance(value, int | float):
        return None
    return max(100.0 - value, 0.0) if at.rest_of else float(value)


def _refutes(amount: float, at: MaterialAt, output: float, stated: float) -> bool:
    """Whether even the least share that the amount can be is more than what is stated."""
    return output > 0 and 0.9 * 100 * amount / (at.whole[1] * output) > stated + ROOM_PCT


def left_out(batches: Sequence[Batch], pack: Pack) -> tuple[list[Batch], list[DataFinding]]:
    """The batches, those left out whose own share is less than their log shows, and a finding for
    each step and column.
    """
    charged = ChargedMaterials.by(batches, pack)
    stating = {step.id: charged.stating(step) for step in pack.steps} if charged.columns else {}
    tally, marked = Counter[tuple[str, str, str]](), []
    refuted: dict[tuple[str, str, str], list[Batch]] = {}
    for batch in batches:
        for at, _, columns in stating.get(batch.step, ()) if batch.excluded is None else ():
            step = pack.step(batch.step)
            stated, amount = _stated(at, step, batch.variables), charged.amount([batch], columns)
            if stated is not None and _refutes(amount, at, batch.output, stated):
                key = batch.step, columns[0], at.variable or at.rest_of or step.bought_share or ""
                tally[key] += 1
                refuted.setdefault(key, []).append(batch)
                batch = replace(batch, excluded=CODE)
        marked.append(batch)
    return marked, [_finding(*key, count, refuted[key]) for key, count in sorted(tally.items())]


def _finding(step: str, column: str, variable: str, count: int, of: Sequence[Batch]) -> DataFinding:
    sentence = Phrase(
        "Step %(step)s: the log shows more %(column)s charged than the share that the same rows "
        "state (%(variable)s). A report "
        "leaves these runs out. Correct the share, or the amount.",
        step=step,
        column=column,
        variable=variable,
    )
    return DataFinding(
        CODE,
        Severity.EXCLUSION,
        sentence,
        count,
        tuple(batch.place for batch in of[:20] if batch.place is not None),
    )


def withheld(
    label: SiteLabel, batches: Sequence[Batch], site: SiteSettings, pack: Pack
) -> SiteLabel:
    """The label without those of steps of which the log shows more than the share that the site
    states under [static].
    """
    charged = ChargedMaterials.by(batches, pack)
    return (
        replace(
            label,
            steps=tuple(
                _held_back(step_label, charged, batches, site.static) for step_label in label.steps
            ),
        )
        if charged.columns
        else label
    )


def _held_back(
    label: StepLabel, charged: ChargedMaterials, batches: Sequence[Batch], static: Static
) -> StepLabel:
    step = charged.pack.step(label.step)
    for at, material, columns in charged.stating(step):
        name = at.variable or at.rest_of or step.bought_share or ""
        own = [run for run in own_runs(batches, step.id) if name not in run.variables]
        stated, amount = _stated(at, step, static), charged.amount(own, columns)
        if stated is None or not _refutes(amount, at, own_output(own), stated):
            continue
        sentence = Words.of(
            Phrase(
                "The log shows %(amount)s t of %(material)s charged per %(per)s of output, but "
                "[static] %(variable)s says %(stated)s "
                "%%. Correct one of them.",
                amount=significant(amount / own_output(own), 3),
                material=material.words,
                per=step.output_unit,
                variable=name,
                stated=f"{static[name]:g}",
            )
        )
        return replace(
            label,
            best=Best(None, label.best.rule, CODE),
            gap=None,
            grade=StepGrade(None, CODE, label.grade.limits, sentence),
        )
    return label


def unmapped(
    table: Table, batches: Sequence[Batch], *, yearly: bool
) -> dict[batch_names.Key, dict[str, float]]:
    """By batch, what a batches file weighs in columns that nothing maps."""
    masses: dict[batch_names.Key, dict[str, float]] = {}
    keys = batch_names.of_rows(table.rows, batches, yearly=yearly) if table.weighed else []
    for column in table.weighed:
        for key, amount in zip(keys, table.columns[column], strict=True):
            if key is not None and amount:
                of = masses.setdefault(key, {})
                of[column] = of.get(column, 0.0) + amount
    return masses


def sentences(
    label: StepLabel,
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    unmapped: Collection[str] = (),
) -> Iterator[Words]:
    """Product of the step's own kind that the log charges and no share states; and inputs of which
    the pack knows nothing, `unmapped` ones by their heading."""
    charged, step = ChargedMaterials.by(batches, pack), pack.step(label.step)
    own = own_runs(batches, step.id)
    if label.best.value is None or (output := own_output(own)) <= 0:
        return
    for at, material, columns in charged.stating(step):
        amount, name = (
            charged.amount(own, columns),
            at.variable or at.rest_of or step.bought_share or "",
        )
        is_stated = _stated(at, step, site.static) is not None or all(
            name in run.variables for run in own
        )
        if at.variable is None and amount > 0 and not is_stated:
            yield _ready(label, step, at, material, amount / output)
    unknown = {column: charged.amount(own, [column]) / output for column in charged.unknown}
    amounts = {
        column: amount
        for column, amount in unknown.items()
        if column in charged.columns or amount < NO_FUEL
    }
    yield from _not_known(
        label,
        step,
        {
            column if column in {*charged.columns, *unmapped} else f"var.{column}": of
            for column, of in amounts.items()
        },
    )


def _ready(
    label: StepLabel, step: Step, at: MaterialAt, material: Material, amount: float
) -> Words:
    share, value = amount / at.whole[0], label.best.value or 0.0
    if at.rest_of or share >= 1:
        sentence = Phrase(
            "The log shows %(amount)s t of %(material)s charged per %(per)s of output: this much "
            "was made elsewhere, with energy "
            "that no label here includes. Keep the delivery notes for an auditor.",
            amount=significant(amount, 3),
            material=material.words,
            per=step.output_unit,
        )
    else:
        sentence = Phrase(
            "The log shows %(amount)s t of %(material)s charged per %(per)s of output: this much "
            "was bought finished or half "
            "finished. Per %(per)s made entirely here, the label would be up to %(made_here)s "
            "%(unit)s. Keep the delivery notes for "
            "an auditor.",
            amount=significant(amount, 3),
            material=material.words,
            per=step.output_unit,
            made_here=significant(value / (1 - share), 3),
            unit=label.unit,
        )
    return Words.of(sentence)


def _not_known(label: StepLabel, step: Step, amounts: Mapping[str, float]) -> Iterator[Words]:
    per_t = 1000 * float(MJ_PER_KGCE) / MJ_PER[label.energy_unit]  # of standard coal
    unknown = sorted((item for item in amounts.items() if item[1] > 0), key=lambda item: -item[1])
    size, inputs = (
        per_t * fsum(amount for _, amount in unknown),
        [_shown(*item) for item in unknown],
    )
    if (
        label.metric is Metric.ELECTRICITY
        and step.bought_share
        and fsum(amount for _, amount in unknown) > ROOM_PCT / 100
    ):
        sentence = Phrase(
            "The pack does not know these inputs, per %(per)s of output: %(inputs)s. If they were "
            "bought finished or half finished, "
            "others used the energy to make them. State them under %(variable)s, and give the "
            "column a name that the pack knows.",
            per=step.output_unit,
            inputs=enumerated(inputs),
            variable=step.bought_share,
        )
        yield Words.of(sentence)
    if label.metric is not Metric.ELECTRICITY and size > WORTH_TELLING * abs(
        label.best.value or 0.0
    ):
        sentence = Phrase(
            "The pack does not know these inputs, per %(per)s of output: %(inputs)s. If they are "
            "fuel, their energy is missing: as "
            "standard coal %(size)s %(unit)s. Report a fuel as energy. For a material, give the "
            "column a name that the pack knows.",
            per=step.output_unit,
            inputs=enumerated(inputs),
            size=significant(size, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _shown(column: str, amount: float) -> Phrase:
    return Phrase("%(column)s %(amount)s t", column=column, amount=significant(amount, 3))


def own_runs(batches: Sequence[Batch], step: str) -> list[Batch]:
    """The step's runs with good output."""
    return [batch for batch in batches if batch.step == step and batch.status is ProductStatus.GOOD]


def own_output(batches: Sequence[Batch]) -> float:
    """What they made."""
    return fsum(batch.output for batch in batches)
