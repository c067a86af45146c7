"""Every way of cheating that an opening can show, found by the check that is meant for it, and not
found where that check is left out.
"""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.audit import (
    checks,
    completeness,
    computed,
    counts,
    draw_and_commitment,
    proven,
    records,
    signed_draws,
    withheld,
)
from benchmarks.audit.arrangement import headline
from benchmarks.audit.committed_tree import Contents, DataTree, StepPart
from benchmarks.audit.evidence import Check, CheckState, Evidence, PublicRecord
from benchmarks.audit.openings import Opening
from benchmarks.audit.records import PADDING_RECORD, MeterDay, of_batch
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan, StratumKind, StratumSize
from benchmarks.audit.signed_draws import Draw, Head
from benchmarks.labels import StepLabel
from benchmarks.measurements import Batch, OperatingState, Period, ProductStatus
from benchmarks.privacy import randomness
from benchmarks.privacy.randomness import ReportKey
from benchmarks.wire import challenges
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.audit.openings import extracts
from reporting_agent.audit.openings.assembling import assemble, quantiles
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.outward.judging import OutwardBatches
from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from reporting_agent.sending.planning import PlannedRelease, Provenance, ReportPlan
from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.sources.reading_log import ExtractReadings
from tests.functional.audit.plants import (
    ACCEPTED,
    ENTRY,
    PERIOD,
    PROMISED,
    SENT,
    SOFTWARE,
    Reported,
    audited,
    chance_of,
    drawn_by_auditor,
    examined,
    failures,
    honest,
    log_with,
    material_of,
    plan_of,
    public_of,
    reported,
)
from tests.statistical import lines

STEP = "cement-grinding"
WITHHELD = "clinker-burning"
SEED = chance_of("cheat seed")


@dataclass(frozen=True, slots=True)
class Audit:
    """What the auditor has in hand."""

    plant: Reported
    draw: Draw
    promise: bytes
    opening: Opening
    public: PublicRecord | None = None


Rows = list[dict[str, str]]
Cheat = Callable[[Path, Path], Audit]
"""Given the works and an empty folder, what an auditor of the cheating plant has in hand."""


def opened(plant: Reported, plan: SamplingPlan = STANDARD) -> Audit:
    """The plant opens what the auditor draws."""
    draw, promise = drawn_by_auditor(plant, plan)
    return Audit(
        plant,
        draw,
        promise,
        assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening,
    )


@cache
def opened_truly(works: Path) -> Audit:
    """What an honest plant opens, made once."""
    return opened(honest(works))


def with_batches(works: Path, change: Callable[[list[Batch]], list[Batch]]) -> Reported:
    """An agent that changes its batches before it labels and commits: everything after that is
    consistent.
    """
    site, material = material_of(works)
    changed = change(list(material.batches))
    paths = {label.step: label.path for label in material.site_label.steps}
    data = pipeline.PlantData(
        material.pack, changed, [], [], outward=OutwardBatches(changed, paths)
    )
    label = pipeline.outgoing_label(site, data, material.site_label.period)
    plan = plan_of(site, replace(material, site_label=label, batches=changed))
    return reported(site, plan, plan.tree(plan.key(SEED), SOFTWARE), SEED)


def some_of(batches: Sequence[Batch], *, every: int = 5) -> set[int]:
    """The indices of every fifth sound batch of the step."""
    mine = [
        index
        for index, batch in enumerate(batches)
        if batch.step == STEP and batch.excluded is None and _is_sound(batch)
    ]
    return set(mine[::every])


def _is_sound(batch: Batch) -> bool:
    return batch.state is OperatingState.NORMAL and batch.status is ProductStatus.GOOD


def energy_lowered(works: Path, _scratch: Path) -> Audit:
    def change(batches: list[Batch]) -> list[Batch]:
        chosen = some_of(batches)
        lower = [
            replace(
                batch,
                energy=tuple(replace(part, quantity=0.9 * part.quantity) for part in batch.energy),
            )
            for batch in batches
        ]
        return [lower[index] if index in chosen else batch for index, batch in enumerate(batches)]

    return opened(with_batches(works, change))


def batches_left_out(works: Path, scratch: Path) -> Audit:
    """The rows are taken out of the log before it is read; what the meters counted stays."""

    def remaining_rows(rows: Rows) -> Rows:
        return [
            row
            for index, row in enumerate(rows)
            if row["step"] != STEP or row["state"] or index % 4
        ]

    return opened(honest(with_log(works, scratch, remaining_rows)))


def ends_cut(works: Path, scratch: Path) -> Audit:
    """Every fourth batch of the log ends 20 minutes earlier than it did; what the meters counted
    stays.
    """

    def cut(rows: Rows) -> Rows:
        chosen = [
            row
            for index, row in enumerate(rows)
            if row["step"] == STEP and row["state"] == "" and index % 4 == 0
        ]
        for row in chosen:
            row["end"] = (lines.moment(row["end"]) - timedelta(minutes=20)).isoformat()
        return rows

    return opened(honest(with_log(works, scratch, cut)))


def outputs_shifted(works: Path, scratch: Path) -> Audit:
    """The lines have scales; the log gives six in a hundred of one batch's output to the batch
    before.
    """
    shutil.copytree(works, scratch, dirs_exist_ok=True)
    lines.put_up_scales(scratch)

    def shift(rows: Rows) -> Rows:
        chosen = [row for row in rows if row["step"] == STEP and row["state"] == ""]
        for index, row in enumerate(chosen[: len(chosen) // 2 * 2]):
            row["output_quantity"] = str(
                (1.06 if index % 2 else 0.94) * float(row["output_quantity"])
            )
        return rows

    return opened(honest(with_log(scratch, scratch, shift)))


def with_log(works: Path, scratch: Path, change: Callable[[Rows], Rows]) -> Path:
    """A copy of the works with another log."""
    if works != scratch:
        shutil.copytree(works, scratch, dirs_exist_ok=True)
    change_rows(scratch / "batches.csv", change)
    return scratch


def change_rows(table: Path, change: Callable[[Rows], Rows]) -> None:
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(change(rows))


def batches_added(works: Path, _scratch: Path) -> Audit:
    def change(batches: list[Batch]) -> list[Batch]:
        copied = [batches[index] for index in some_of(batches)]
        later = timedelta(seconds=1)
        return [
            *batches,
            *(
                replace(batch, batch_id=f"{batch.batch_id}-b", start=batch.start + later)
                for batch in copied
            ),
        ]

    return opened(with_batches(works, change))


def best_batch_committed_to_again(works: Path, _scratch: Path) -> Audit:
    """The batch that took least stands in the tree eighteen times, and counts as often: each of its
    leaves comes out by itself.
    """
    return opened(with_batches(works, lambda batches: [*batches, *[best_of(works, batches)] * 17]))


def best_metered_batch_under_further_ids(works: Path, scratch: Path) -> Audit:
    """Its rows stand in the log, but a reading is of one batch alone: with a meter no copy comes
    out.
    """
    _, material = material_of(works)
    best = best_of(works, material.batches)

    def copied(rows: Rows) -> Rows:
        again = [row for row in rows if row["batch_id"] == best.batch_id]
        return [
            *rows,
            *(
                {**row, "batch_id": f"{best.batch_id}-{number}"}
                for number in range(17)
                for row in again
            ),
        ]

    with_log(works, scratch, copied)
    plant = with_batches(
        works,
        lambda batches: [
            *batches,
            *(replace(best, batch_id=f"{best.batch_id}-{number}") for number in range(17)),
        ],
    )
    return opened(replace(plant, site=load_site(scratch / "site.toml")))


def best_batch_under_further_ids(_works: Path, scratch: Path) -> Audit:
    """A kiln whose energy the plant's own rows give: its best day stands in them under eighty more
    ids, and so in the tree. The agent refuses that; this one was changed not to.
    """
    kiln_by_batch(scratch, copies=80)
    site, material = material_of(scratch)
    assert material.in_doubt.keys() == {WITHHELD}
    plan = plan_of(site, replace(material, in_doubt={}))
    return opened(reported(site, plan, plan.tree(plan.key(SEED), SOFTWARE), SEED))


def kiln_by_batch(folder: Path, copies: int) -> None:
    """A year of a simulated kiln in rows of its own, without meters, with its best day under so
    many further ids.
    """
    Sector("cement", 1).plant(0).write(folder, 0, "csv")
    change_rows(folder / "batches.csv", of_kiln)
    change_rows(folder / "energy.csv", of_kiln)
    best = best_of(folder, material_of(folder)[1].batches, WITHHELD).batch_id

    def copied(rows: Rows) -> Rows:
        again = [row for row in rows if row["batch_id"] == best]
        return [
            *rows,
            *({**row, "batch_id": f"{best}-{number}"} for number in range(copies) for row in again),
        ]

    change_rows(folder / "batches.csv", copied)
    change_rows(folder / "energy.csv", copied)


def of_kiln(rows: Rows) -> Rows:
    return [row for row in rows if row["step"] == WITHHELD]


def best_of(works: Path, batches: Sequence[Batch], step: str = STEP) -> Batch:
    """The batch of the step's largest label that took least."""
    _, material = material_of(works)
    label = max(
        (
            label
            for label in material.site_label.steps
            if label.step == step and label.metric == "total"
        ),
        key=lambda candidate: candidate.used,
    )
    lowest = min(label.used_values())
    (best,) = [
        value.batch_id
        for value in label.values
        if value.excluded is None and value.at_reference == lowest
    ]
    (batch,) = [
        batch
        for batch in batches
        if (batch.step, batch.batch_id, batch.excluded) == (step, best, None)
    ]
    return batch


def readings_edited(works: Path, scratch: Path) -> Audit:
    """Committed to with the digests of what the meters showed, labelled and opened with other
    readings.
    """
    shutil.copytree(works, scratch, dirs_exist_ok=True)
    for file in (scratch / "readings").iterdir():
        lower_values(file)
    _, true = material_of(works)
    site, edited = material_of(scratch)
    changed: ReportMaterial = replace(
        edited, provenance=Provenance(true.provenance.days, edited.provenance.settings_digest)
    )
    plan = plan_of(site, changed)
    return opened(reported(site, plan, plan.tree(plan.key(SEED), SOFTWARE), SEED))


def readings_not_committed_to(works: Path, _scratch: Path) -> Audit:
    """The tree holds no day of any meter, as if the site gave energy by batch; its readings are
    shown all the same.
    """
    site, material = material_of(works)
    plan = plan_of(
        site, replace(material, provenance=Provenance((), material.provenance.settings_digest))
    )
    return opened(reported(site, plan, plan.tree(plan.key(SEED), SOFTWARE), SEED))


def lower_values(file: Path) -> None:
    """Every value of the file five in a hundred lower: of a register, so are its moves."""
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    file.write_text("\n".join([lines[0], *map(_lower, lines[1:])]) + "\n", encoding="utf-8")


def _lower(line: str) -> str:
    *before, value = line.split(",")
    return ",".join([*before, repr(0.95 * float(value))])


def exclusions_invented(works: Path, _scratch: Path) -> Audit:
    def change(batches: list[Batch]) -> list[Batch]:
        chosen = some_of(batches, every=3)
        return [
            replace(batch, excluded="overlap") if index in chosen else batch
            for index, batch in enumerate(batches)
        ]

    return opened(with_batches(works, change))


Table = Callable[[Contents], Contents]
"""What becomes of the table of contents before it is committed to."""


def as_it_is(table: Contents) -> Contents:
    return table


def label_not_of_the_data(works: Path, _scratch: Path) -> Audit:
    """Counts and noise of values that are five in a hundred lower; the records are the true
    ones.
    """
    return opened(counted_lower(works, lambda _: True))


def counts_of_a_further_metric_not_of_the_data(works: Path, _scratch: Path) -> Audit:
    """The same of the metrics that no leaf stands in the order of."""
    return opened(counted_lower(works, lambda release: release.rule != headline(release.step)))


def counted_under_another_name(works: Path, _scratch: Path) -> Audit:
    """False counts of a step's labels, and its true batches in cells of which no label is."""
    return opened(
        counted_lower(
            works, lambda release: release.step.id == STEP, lambda table: renamed(table, STEP)
        )
    )


def counted_twice(works: Path, _scratch: Path) -> Audit:
    """The true counts of every label stand first, and behind them those that it was drawn from."""
    true = honest(works).tree.contents.counted
    lower = counted_lower(
        works,
        lambda release: release.rule == headline(release.step),
        lambda table: replace(
            table, counted=(*true, *(tally for tally in table.counted if tally not in true))
        ),
    )
    return opened(lower)


def renamed(table: Contents, step: str) -> Contents:
    """Every cell of a step under a variant that there is not."""

    def of_another(part: StepPart) -> StepPart:
        return replace(
            part, cells=tuple(replace(cell, variant=f"{cell.variant} x") for cell in part.cells)
        )

    return replace(
        table, steps=tuple(of_another(part) if part.step == step else part for part in table.steps)
    )


def counted_lower(
    works: Path, of: Callable[[PlannedRelease], bool], table: Table = as_it_is
) -> Reported:
    """Some labels counted and drawn as if their values were five in a hundred lower."""
    site, material = material_of(works)
    plan = plan_of(site, material)
    lowered = tuple(
        replace(release, label=_lowered(release.label)) if of(release) else release
        for release in plan.releases
    )
    return with_table(site, replace(plan, releases=lowered), table)


def _lowered(label: StepLabel) -> StepLabel:
    values = tuple(
        value._replace(
            at_reference=None if value.at_reference is None else 0.95 * value.at_reference
        )
        for value in label.values
    )
    return replace(label, values=values)


def with_table(site: SiteSettings, plan: ReportPlan, table: Table) -> Reported:
    """The report of a plan with another table of contents."""
    tree = plan.tree(plan.key(SEED), SOFTWARE)
    key = plan.key(SEED).secret
    return reported(site, plan, DataTree(table(tree.contents), tree.batches, tree.days, key), SEED)


def step_withheld(works: Path, _scratch: Path) -> Audit:
    """A changed agent keeps a whole step back, as if its energy were not known; its batches are in
    the tree.
    """
    site, material = material_of(works)
    return opened(withholding(site, plan_of(site, material), WITHHELD, "metric-incomplete"))


def step_withheld_under_another_name(works: Path, _scratch: Path) -> Audit:
    """A step kept back for too few batches, which the table holds as those of a product that the
    pack does not compare.
    """
    site, material = material_of(works)
    return opened(
        withholding(
            site,
            plan_of(site, material),
            WITHHELD,
            "too-few-batches",
            table=lambda table: renamed(table, WITHHELD),
        )
    )


def step_withheld_and_named_twice(works: Path, _scratch: Path) -> Audit:
    """A step kept back for too few batches, which the table names once more: without any."""

    def again(table: Contents) -> Contents:
        position = next(
            position for position, part in enumerate(table.steps, start=1) if part.step == WITHHELD
        )
        part = table.steps[position - 1]
        empty = replace(
            part, cells=(), excluded_first=part.excluded_first + part.excluded, excluded=0
        )
        return replace(table, steps=(*table.steps[:position], empty, *table.steps[position:]))

    site, material = material_of(works)
    return opened(
        withholding(site, plan_of(site, material), WITHHELD, "too-few-batches", table=again)
    )


def step_in_the_order_of_no_metric(works: Path, _scratch: Path) -> Audit:
    """The table says of a step that its batches stand in the order of a metric that the pack does
    not have.
    """

    def of_none(table: Contents) -> Contents:
        return replace(
            table,
            steps=tuple(
                replace(part, metric="steam") if part.step == STEP else part for part in table.steps
            ),
        )

    site, material = material_of(works)
    return opened(with_table(site, plan_of(site, material), of_none))


def withholding(
    site: SiteSettings,
    plan: ReportPlan,
    step: str,
    reason: str,
    metric: str | None = None,
    table: Table = as_it_is,
) -> Reported:
    """The report of a plan without the labels of a step (or of one of its metrics), which it
    withholds for a reason.
    """
    gone = [
        release
        for release in plan.releases
        if release.label.step == step and metric in {None, release.label.metric.value}
    ]
    releases = tuple(release for release in plan.releases if release not in gone)
    withheld = {*plan.withheld, *((step, release.label.metric.value, reason) for release in gone)}
    return with_table(
        site, replace(plan, releases=releases, withheld=tuple(sorted(withheld))), table
    )


def noise_chosen(works: Path, _scratch: Path) -> Audit:
    plant = honest(works)
    first, *others = plant.report.released.labels
    lucky = replace(first, best=replace(first.best, grid_point=first.best.grid_point - 2))
    report = replace(plant.report, released=replace(plant.report.released, labels=(lucky, *others)))
    return opened(replace(plant, report=report))


def root_swapped(works: Path, _scratch: Path) -> Audit:
    """The log holds another root than the one that is opened."""
    audit = opened_truly(works)
    logged: ReportCommitment = replace(audit.plant.commitment, data_root=chance_of("another root"))
    return replace(audit, public=replace(public_of(audit.plant, audit.promise), commitment=logged))


def true_records_of_a_false_tree(works: Path, _scratch: Path) -> Audit:
    """The plant committed to larger batches of the same energy a tonne, and shows the true ones."""
    _, material = material_of(works)
    chosen = {
        (batch.step, batch.batch_id)
        for index, batch in enumerate(material.batches)
        if index in some_of(material.batches)
    }
    truth = {(batch.step, batch.batch_id): batch for batch in material.batches}

    def change(batches: list[Batch]) -> list[Batch]:
        return [
            scaled(batch, 1.25) if (batch.step, batch.batch_id) in chosen else batch
            for batch in batches
        ]

    plant = with_batches(works, change)
    audit = opened(plant)
    leaves = []
    for leaf in audit.opening.leaves:
        batch, excluded = (
            plant.tree.batches[leaf.index - 1]
            if 1 <= leaf.index <= len(plant.tree.batches)
            else (None, None)
        )
        shown = None if batch is None else of_batch(truth[batch.step, batch.batch_id], excluded)
        leaves.append(leaf if shown is None else replace(leaf, record=shown))
    return replace(audit, opening=replace(audit.opening, leaves=tuple(leaves)))


def scaled(batch: Batch, by: float) -> Batch:
    return replace(
        batch,
        output=by * batch.output,
        energy=tuple(replace(part, quantity=by * part.quantity) for part in batch.energy),
    )


def record_held_back(works: Path, _scratch: Path) -> Audit:
    audit = opened_truly(works)
    last = max(
        drawn.position
        for drawn in audit.draw.positions(audit.opening.contents, quantiles(audit.plant.pack))
    )
    leaves = tuple(leaf for leaf in audit.opening.leaves if leaf.index != last)
    return replace(audit, opening=replace(audit.opening, leaves=leaves))


class HiddenInPadding(DataTree):
    """A tree with a batch in every leaf of its padding."""

    def record(self, index: int) -> bytes:
        genuine = super().record(index)
        return of_batch(*self.batches[0]) if genuine == PADDING_RECORD else genuine

    def _records(self) -> Iterator[bytes]:
        return map(self.record, range(self.contents.size))


def batches_in_the_padding(works: Path, _scratch: Path) -> Audit:
    site, material = material_of(works)
    plan = plan_of(site, material)
    tree = plan.tree(plan.key(SEED), SOFTWARE)
    hidden = HiddenInPadding(tree.contents, tree.batches, tree.days, plan.key(SEED).secret)
    return opened(reported(site, plan, hidden, SEED))


def another_key(works: Path, _scratch: Path) -> Audit:
    """The table of contents is bound to a key that nothing was drawn from: a plant that draws again
    by other keys once it knows the challenge.
    """
    return opened(with_contents(works, key_commitment=bytes(32)))


def key_of_another_report(works: Path, _scratch: Path) -> Audit:
    """The same secret as in the revision before, of which an auditor was given it."""
    key = replace(key_of_honest(works), revision=2)
    return opened(with_contents(works, key_commitment=key.commitment))


def key_of_another_enrolment(works: Path, _scratch: Path) -> Audit:
    """Drawn in a second state directory, by a seed that the site did not enrol with."""
    key = replace(key_of_honest(works), seed_commitment=randomness.commitment(bytes(32)))
    return opened(with_contents(works, key_commitment=key.commitment))


def key_of_honest(works: Path) -> ReportKey:
    return plan_of(*material_of(works)).key(SEED)


def salts_of_another_key(works: Path, _scratch: Path) -> Audit:
    """The leaves are salted with what the auditor is not given, so that nobody can look for a
    record among those that were not drawn.
    """
    site, material = material_of(works)
    plan = plan_of(site, material)
    tree = plan.tree(plan.key(SEED), SOFTWARE)
    return opened(
        reported(
            site,
            plan,
            DataTree(tree.contents, tree.batches, tree.days, chance_of("other salts")),
            SEED,
        )
    )


def another_method(works: Path, _scratch: Path) -> Audit:
    return opened(with_contents(works, pack_digest=bytes(32)))


def with_contents(works: Path, **changes: bytes) -> Reported:
    site, material = material_of(works)
    return with_table(
        site,
        plan_of(site, material),
        lambda table: dataclasses.replace(table, **changes),  # type: ignore[arg-type]
    )


def challenge_exchanged(works: Path, _scratch: Path) -> Audit:
    """The report names another challenge than the portal's, of which the noise is."""
    plant = honest(works)
    return opened(replace(plant, report=replace(plant.report, challenge=bytes(32))))


def nonce_chosen(works: Path, _scratch: Path) -> Audit:
    plant = honest(works)
    draw, promise = drawn_by_auditor(plant)
    _, other = drawn_by_auditor(plant, nonce=b"o" * 32)
    public = replace(public_of(plant, promise), promise=signed_draws.read_promise(other))
    return Audit(
        plant,
        draw,
        promise,
        assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening,
        public,
    )


def head_after_the_first(works: Path, _scratch: Path) -> Audit:
    """The auditor waited for a head of the log that suited: signed, with everything in it, and not
    the one that the promise leads to.
    """
    plant = honest(works)
    original, promise = drawn_by_auditor(plant)
    log = log_with(plant, promise, promised=PROMISED - 1)
    draw = replace(original, head=Head(len(log), log.root()))
    public = public_of(plant, promise)
    indices = {
        EntryKind.ENVELOPE: SENT,
        EntryKind.VALUES: ACCEPTED,
        EntryKind.AUDIT_PROMISE: PROMISED - 1,
    }
    entries = {
        kind: replace(public.entries[kind], index=index, proof=tuple(log.inclusion_proof(index)))
        for kind, index in indices.items()
    }
    later = replace(
        public, head=draw.head, inclusion=tuple(log.inclusion_proof(ENTRY)), entries=entries
    )
    return Audit(
        plant,
        draw,
        promise,
        assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening,
        later,
    )


def head_chosen(works: Path, _scratch: Path) -> Audit:
    """The auditor drew from a head that the portal never signed."""
    audit = opened_truly(works)
    signed = public_of(audit.plant, audit.promise)
    assert signed.head is not None
    return replace(
        audit, public=replace(signed, head=Head(signed.head.size, chance_of("another log")))
    )


def commitment_not_in_the_log(works: Path, _scratch: Path) -> Audit:
    audit = opened_truly(works)
    proof_of_another = tuple(log_with(audit.plant, audit.promise).inclusion_proof(ENTRY + 1))
    return replace(
        audit, public=replace(public_of(audit.plant, audit.promise), inclusion=proof_of_another)
    )


def other_values_sent(works: Path, _scratch: Path) -> Audit:
    """Committed and drawn honestly; lower grid points were sealed and sent, and the honest report
    is kept for the auditor.
    """
    plant = honest(works)
    lower = tuple(
        replace(label, best=replace(label.best, grid_point=max(label.best.grid_point - 25, 0)))
        for label in plant.report.released.labels
    )
    sent = replace(
        plant, report=replace(plant.report, released=replace(plant.report.released, labels=lower))
    )
    draw, promise = drawn_by_auditor(sent)
    shown = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    return Audit(plant, draw, promise, shown, public_of(sent, promise))


def receipt_of_another_report(works: Path, _scratch: Path) -> Audit:
    audit = opened_truly(works)
    public = public_of(audit.plant, audit.promise)
    assert public.receipt is not None
    return replace(
        audit,
        public=replace(
            public,
            receipt=replace(public.receipt, header=replace(public.receipt.header, revision=2)),
        ),
    )


def committed_after_the_draw(works: Path, _scratch: Path) -> Audit:
    plant = honest(works)
    drawn, promise = drawn_by_auditor(plant)
    log = log_with(plant, promise, promised=5)
    draw = replace(drawn, head=Head(7, log.root(7)))
    assert draw.head.size < challenges.parse(plant.challenge).log_index
    public = public_of(plant, promise)
    entry = replace(
        public.entries[EntryKind.AUDIT_PROMISE], index=5, proof=tuple(log.inclusion_proof(5, 7))
    )
    public = replace(
        public, head=draw.head, entries={**public.entries, EntryKind.AUDIT_PROMISE: entry}
    )
    return Audit(
        plant,
        draw,
        promise,
        assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening,
        public,
    )


CHEATS: dict[Cheat, Check] = {
    other_values_sent: draw_and_commitment.values_logged,
    receipt_of_another_report: draw_and_commitment.report_received,
    energy_lowered: computed.records_recomputed,
    batches_left_out: completeness.nothing_left_out,
    ends_cut: completeness.edges_at_rest,
    outputs_shifted: completeness.output_weighed,
    batches_added: computed.records_with_evidence,
    best_batch_committed_to_again: computed.records_with_evidence,
    best_metered_batch_under_further_ids: computed.records_with_evidence,
    best_batch_under_further_ids: counts.one_batch_at_a_time,
    readings_edited: computed.readings_committed,
    readings_not_committed_to: computed.readings_committed,
    exclusions_invented: computed.exclusions_justified,
    label_not_of_the_data: computed.ranks_and_counts,
    counts_of_a_further_metric_not_of_the_data: computed.ranks_and_counts,
    counted_under_another_name: proven.leaves_of_their_kind,
    counted_twice: proven.leaves_of_their_kind,
    step_withheld: withheld.withheld_justified,
    step_withheld_under_another_name: proven.leaves_of_their_kind,
    step_withheld_and_named_twice: proven.leaves_of_their_kind,
    step_in_the_order_of_no_metric: proven.leaves_of_their_kind,
    noise_chosen: proven.noise_repeated,
    root_swapped: draw_and_commitment.root_committed,
    true_records_of_a_false_tree: proven.leaves_proven,
    record_held_back: proven.everything_opened,
    batches_in_the_padding: proven.leaves_of_their_kind,
    another_key: proven.key_committed,
    key_of_another_report: proven.key_committed,
    key_of_another_enrolment: proven.key_committed,
    salts_of_another_key: proven.key_committed,
    another_method: proven.method_declared,
    challenge_exchanged: draw_and_commitment.challenge_signed,
    nonce_chosen: draw_and_commitment.draw_promised,
    head_after_the_first: draw_and_commitment.draw_promised,
    head_chosen: draw_and_commitment.head_signed,
    commitment_not_in_the_log: draw_and_commitment.commitment_logged,
    committed_after_the_draw: draw_and_commitment.drawn_after_commitment,
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_a_cheat_is_found_by_the_check_meant_for_it_and_by_no_other(
    cheat: Cheat, works: Path, tmp_path: Path
) -> None:
    audit, meant = cheat(works, tmp_path), CHEATS[cheat]
    evidence = examined(audit.plant, audit.draw, audit.promise, audit.opening, audit.public)

    findings = failures(checks.run(evidence))
    assert [
        (failure.code, failure.sentence, failure.records[:3])
        for failure in findings.values()
        if failure.code != meant.__name__.replace("_", "-")
    ] == []
    assert list(findings) == [meant.__name__.replace("_", "-")]
    (finding,) = findings.values()
    assert finding.sentence
    assert finding.remedy

    without = [check for check in checks.CHECKS if check is not meant]
    assert failures(checks.run(evidence, without)) == {}


def test_counts_that_no_memory_holds_one_by_one_are_found_as_others_are(works: Path) -> None:
    """A table may state up to 2^40 batches of a grid point in a few bytes; the auditor draws again
    from the counts themselves.
    """

    def countless(table: Contents) -> Contents:
        return replace(
            table,
            counted=tuple(
                replace(tally, by_point=((tally.by_point[0][0], 2**40),)) for tally in table.counted
            ),
        )

    site, material = material_of(works)
    audit = opened(with_table(site, plan_of(site, material), countless))
    assert "noise-repeated" in failures(
        audited(audit.plant, audit.draw, audit.promise, audit.opening)
    )


def test_every_check_has_a_cheat_that_it_finds() -> None:
    """But a plan that is not enough, which proves nobody a cheat: it makes nothing hold
    (`test_plans`).
    """
    assert set(CHEATS.values()) == set(checks.CHECKS) - {draw_and_commitment.plan_sufficient}


def test_what_a_scale_weighed_raises_no_alarm_and_its_days_are_committed_to(
    works: Path, tmp_path: Path
) -> None:
    shutil.copytree(works, tmp_path, dirs_exist_ok=True)
    lines.put_up_scales(tmp_path)
    audit = opened(honest(tmp_path))
    outcomes = audited(audit.plant, audit.draw, audit.promise, audit.opening)
    assert failures(outcomes) == {}
    (weighed,) = [outcome for outcome in outcomes if outcome.code == "output-weighed"]
    assert weighed.state is CheckState.HELD
    assert weighed.count > 100
    assert "mill-1-scale" in {part.meter for part in audit.plant.tree.contents.meters}


def test_weighings_changed_after_the_commitment_are_told_as_readings_are(
    works: Path, tmp_path: Path
) -> None:
    shutil.copytree(works, tmp_path, dirs_exist_ok=True)
    lines.put_up_scales(tmp_path)
    plant = honest(tmp_path)
    scales = tmp_path / "scales.csv"
    scales.write_text(scales.read_text(encoding="utf-8").replace(",t\n", "1,t\n"), encoding="utf-8")
    audit = opened(plant)
    assert list(failures(audited(audit.plant, audit.draw, audit.promise, audit.opening))) == [
        "readings-committed"
    ]


def test_without_scale_records_the_opening_says_that_output_was_not_checked(
    plant: Reported,
) -> None:
    audit = opened(plant)
    (weighed,) = [
        outcome
        for outcome in audited(audit.plant, audit.draw, audit.promise, audit.opening)
        if outcome.code == "output-weighed"
    ]
    assert (weighed.state, weighed.asked) == (CheckState.NOT_CHECKABLE, False)
    assert weighed.sentence == "Output cannot be checked: the site commits to no scale records."


def test_few_batches_at_one_time_are_told_as_open_and_fail_no_plant(tmp_path: Path) -> None:
    """The agent sends this report: two copies do not better its label. Whether both batches were
    made, no sample shows.
    """
    kiln_by_batch(tmp_path, copies=2)
    site = load_site(tmp_path / "site.toml")
    assert steps_in_doubt(pipeline.label(site, Period.parse(PERIOD, site.zone)).site_label) == {}
    every_used = {
        kind: StratumSize(Fraction(19, 20), Fraction(1, 1000))
        for kind in (StratumKind.BELOW, StratumKind.USED)
    }
    plan = SamplingPlan({**STANDARD.sizes, **every_used})
    outcomes = checks.run(evidence_of(opened(honest(tmp_path), plan)))
    assert failures(outcomes) == {}
    (finding,) = [outcome for outcome in outcomes if outcome.code == "one-batch-at-a-time"]
    assert (finding.state, finding.asked) == (CheckState.NOT_CHECKABLE, True)
    assert finding.records[0].startswith("leaf ")
    assert ", at the time of " in finding.records[0]


def test_batches_at_one_time_fail_only_where_the_agent_refuses_them(tmp_path: Path) -> None:
    """It does not where a meter tells of both batches (then it withholds the step), of pooled
    years, and where a declared power tells.
    """
    evidence = evidence_of(best_batch_under_further_ids(tmp_path, tmp_path))
    by_power = {
        index: replace(
            batch, energy=tuple(replace(energy, allocated=True) for energy in batch.energy)
        )
        for index, batch in evidence.batches.items()
    }
    refused_nowhere = (
        replace(evidence, unbounded={WITHHELD}),
        replace(evidence, contents=replace(evidence.contents, windows={WITHHELD: 2})),
        replace(
            evidence,
            batches=by_power,
            recomputed=lambda batch: Counter([of_batch(batch, batch.excluded)]),
        ),
    )
    assert counts.one_batch_at_a_time(evidence).state is CheckState.FAILED
    assert {counts.one_batch_at_a_time(other).state for other in refused_nowhere} == {
        CheckState.NOT_CHECKABLE
    }


def test_a_copy_that_was_not_opened_is_told_by_the_hash_beside_one_that_was(works: Path) -> None:
    evidence = evidence_of(best_batch_committed_to_again(works, works))
    opened_records = {
        index: of_batch(batch, batch.excluded) for index, batch in evidence.batches.items()
    }
    ((copied, times),) = Counter(opened_records.values()).most_common(1)
    copies = {index for index, record in opened_records.items() if record == copied}
    assert times > 2
    alone = next(index for index in sorted(copies) if index ^ 1 in copies)
    batches = {
        index: batch
        for index, batch in evidence.batches.items()
        if index not in copies or index == alone
    }
    leaves = tuple(
        leaf
        for leaf in evidence.opening.leaves
        if leaf.index == 0 or leaf.index in batches or leaf.index in evidence.days
    )
    finding = computed.records_with_evidence(
        replace(evidence, batches=batches, opening=replace(evidence.opening, leaves=leaves))
    )
    assert (finding.state, finding.count) == (CheckState.FAILED, 1)
    assert finding.records[0].startswith(f"leaf {alone ^ 1}: {STEP} ")
    assert finding.records[0].endswith("more often than in the rows")


def evidence_of(audit: Audit) -> Evidence:
    return examined(audit.plant, audit.draw, audit.promise, audit.opening, audit.public)


def test_a_day_before_all_that_were_opened_is_not_shown_without_its_leaf(works: Path) -> None:
    """A reading of the first day stands twice, which changes no record, and the leaves of that day,
    which was not drawn, are left out.
    """
    plant = honest(works)
    draw, promise = drawn_by_auditor(
        plant, SamplingPlan({StratumKind.USED: STANDARD.sizes[StratumKind.USED]})
    )
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    days = {
        leaf.index: day
        for leaf in opening.leaves[1:]
        if isinstance(day := records.read(leaf.record), MeterDay)
    }
    first_us = min(day.start_us for day in days.values())
    extract = extracts.read(opening.extract)
    twice = {
        name: ExtractReadings._make(np.insert(column, 0, column[0]) for column in record)
        for name, record in (extract.readings or {}).items()
    }
    without = tuple(
        leaf
        for leaf in opening.leaves
        if leaf.index not in days or days[leaf.index].start_us > first_us
    )
    changed = replace(
        opening, extract=extracts.to_bytes(replace(extract, readings=twice)), leaves=without
    )
    assert without != opening.leaves
    assert list(failures(audited(plant, draw, promise, opening))) == []
    assert list(failures(audited(plant, draw, promise, changed))) == ["readings-committed"]


def test_a_day_that_two_leaves_tell_of_differently_is_found(works: Path) -> None:
    evidence = evidence_of(opened_truly(works))
    index, day = min(evidence.days.items())
    both = {-1: replace(day, count=day.count + 1), **evidence.days}
    assert computed.readings_committed(evidence).state is CheckState.HELD
    finding = computed.readings_committed(replace(evidence, days=both))
    assert (finding.state, finding.count) == (CheckState.FAILED, 1)
    assert evidence.shown[day.meter, day.start_us] == evidence.days[index]
