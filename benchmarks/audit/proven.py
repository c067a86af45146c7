"""Checks of an opening that compute no batch: proofs, nothing held back, kinds of leaves, key,
noise drawn again, and method.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from benchmarks.audit.arrangement import headline
from benchmarks.audit.committed_tree import GridCounts, StepPart, salt_of
from benchmarks.audit.draw_and_commitment import challenge_signed, root_committed, unproven
from benchmarks.audit.evidence import (
    TAKE_THE_FILE,
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    not_checkable,
    same,
)
from benchmarks.audit.records import PADDING_RECORD
from benchmarks.declared import Words, worded
from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Batch
from benchmarks.packs import digest as pack_digest
from benchmarks.phrases import Phrase, enumerated, in_number
from benchmarks.privacy.charges import draw_epsilons
from benchmarks.privacy.mechanism import draw_grid_point, scores_of
from benchmarks.release import TYPICAL_QUANTILE, count_class
from benchmarks.released import ReleasedLabel, rank
from benchmarks.routes import Step
from benchmarks.wire.pack_conformity import policy_digest


def leaves_proven(evidence: Evidence) -> CheckOutcome:
    """Every leaf that was opened is in the tree that was committed to."""
    code, size, root = "leaves-proven", evidence.contents.size, evidence.draw.commitment.data_root
    wrong = []
    for leaf in evidence.opening.leaves:
        try:
            leaf.require_in(root, size)
        except VerificationError:
            wrong.append(_leaf(leaf.index))
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s of %(leaves)s leaves is not in the tree that was committed to.",
                "%(wrong)s of %(leaves)s leaves are not in the tree that was committed to.",
                wrong=f"{len(wrong):,}",
                leaves=f"{len(evidence.opening.leaves):,}",
            ),
            Phrase(
                "What was shown is not what was committed to. Keep the opening: together with the "
                "commitment it proves this."
            ),
            wrong,
        )
    return check_held(
        code,
        Phrase(
            "All %(leaves)s leaves that were opened are in the tree of %(size)s leaves.",
            leaves=f"{len(evidence.opening.leaves):,}",
            size=f"{size:,}",
        ),
        size,
    )


def everything_opened(evidence: Evidence) -> CheckOutcome:
    """Nothing that was drawn was held back."""
    code, opened = "everything-opened", {leaf.index for leaf in evidence.opening.leaves}
    missing = [
        worded(
            "leaf %(position)s (%(stratum)s, number %(order)s)",
            position=leaf.position,
            stratum=leaf.stratum,
            order=leaf.order,
        )
        for leaf in evidence.drawn
        if leaf.position not in opened
    ]
    if evidence.opening.draw != evidence.draw.digest:
        return failed(
            code,
            Phrase("The opening is for another draw."),
            Phrase("Have the plant open this draw."),
        )
    if missing:
        return failed(
            code,
            in_number(
                len(missing),
                "%(missing)s of %(drawn)s leaves that were drawn was not opened.",
                "%(missing)s of %(drawn)s leaves that were drawn were not opened.",
                missing=f"{len(missing):,}",
                drawn=f"{len(evidence.drawn):,}",
            ),
            Phrase("Have the plant open them. A record that is not shown counts as misstated."),
            missing,
        )
    number = len(evidence.drawn)
    return check_held(
        code,
        in_number(
            number,
            "The only leaf that was drawn was opened.",
            "All %(number)s leaves that were drawn were opened.",
            number=f"{number:,}",
        ),
        number,
    )


def leaves_of_their_kind(evidence: Evidence) -> CheckOutcome:
    """What stands at a leaf is what the table of contents says: step, product, used or excluded, a
    meter's day, or padding.

    The table itself names everything once, and by the names of the pack and of the labels: what it
    tells under another name nobody would hold against them.
    """
    code, contents = "leaves-of-their-kind", evidence.contents
    wrong = []
    commitment = evidence.draw.commitment
    if (contents.site, contents.period, contents.revision) != (
        commitment.site,
        commitment.period,
        commitment.revision,
    ):
        wrong.append(worded("leaf 0: the table of contents is of another report"))
    wrong += [*_named_twice(evidence), *_named_wrongly(evidence)]
    wrong += [
        _leaf(leaf.index)
        for leaf in evidence.opening.leaves[1:]
        if not _of_its_kind(evidence, leaf.index, leaf.record)
    ]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "The contents of %(wrong)s leaf differ from the table of contents.",
                "The contents of %(wrong)s leaves differ from the table of contents.",
                wrong=f"{len(wrong):,}",
            ),
            Phrase(
                "Ask the plant what these leaves are: a record in the padding, or a used batch "
                "among the excluded ones, is counted wrongly."
            ),
            wrong,
        )
    return check_held(
        code,
        Phrase("Every leaf contains what the table of contents says, and the padding is empty."),
    )


def key_committed(evidence: Evidence) -> CheckOutcome:
    """The key is the one that the report is bound to, under the seed that the site enrolled with,
    and the salts of the leaves follow from it.
    """
    code = "key-committed"
    if evidence.key.commitment != evidence.contents.key_commitment:
        return failed(
            code,
            Phrase(
                "The key that was shown is not the one that the site committed to before it drew, "
                "for this report and under the seed that it enrolled with."
            ),
            Phrase("Have the plant open again with its own state directory."),
        )
    opening = evidence.opening
    wrong = [
        _leaf(leaf.index)
        for leaf in opening.leaves
        if leaf.salt != salt_of(opening.key, leaf.index)
    ]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s of %(leaves)s leaves that were opened does not have the salt that the "
                "key gives.",
                "%(wrong)s of %(leaves)s leaves that were opened do not have the salt that the "
                "key gives.",
                wrong=f"{len(wrong):,}",
                leaves=f"{len(opening.leaves):,}",
            ),
            Phrase(
                "Keep the opening. With other salts a plant hides what the leaves beside the "
                "drawn ones hold."
            ),
            wrong,
        )
    if lacking := unproven(evidence, root_committed, challenge_signed):
        return not_checkable(
            code,
            Phrase(
                "It is not proven that the key was fixed before the challenge: %(checks)s failed.",
                checks=lacking,
            ),
            TAKE_THE_FILE,
        )
    return check_held(
        code,
        Phrase(
            "The report's key is the one that the site committed to before it knew the challenge, "
            "under the seed that it enrolled with."
        ),
    )


def noise_repeated(evidence: Evidence) -> CheckOutcome:
    """The released grid points, drawn again from key, challenge, root and the counts of the table
    of contents.
    """
    code = "noise-repeated"
    counted = {LabelKey.of(entry): entry for entry in evidence.contents.counted}
    released = {LabelKey.of(label) for label in evidence.report.released.labels}
    lacking = ("/".join(key) for key in counted if key not in released)
    wrong = [
        Words.of(Phrase("%(label)s is counted and was not released", label=name))
        for name in lacking
    ]
    for label in evidence.report.released.labels:
        name = "/".join(LabelKey.of(label))
        tally = counted.get(LabelKey.of(label))
        if (
            tally is None
            or redrawn(evidence, tally) != (label.best.grid_point, label.typical.grid_point)
            or not _of_its_class(evidence, tally, label)
        ):
            wrong.append(same(name))
    if wrong:
        return failed(
            code,
            Phrase(
                "%(wrong)s of %(labels)s protected values cannot be recomputed from key and data.",
                wrong=f"{len(wrong):,}",
                labels=f"{len(released | counted.keys()):,}",
            ),
            Phrase(
                "The report was not drawn as it states, or it was drawn from other data. It must "
                "not remain in force: tell the coordinator."
            ),
            wrong,
        )
    return check_held(
        code,
        in_number(
            len(counted),
            "The only protected value can be recomputed, to the digit, from key, challenge and "
            "counts.",
            "All %(counted)s protected values can be recomputed, to the digit, from key, "
            "challenge and counts.",
            counted=f"{len(counted):,}",
        ),
        len(counted),
    )


def method_declared(evidence: Evidence) -> CheckOutcome:
    """Pack, policy, settings and software are those that were committed to and reported."""
    code, contents, report = "method-declared", evidence.contents, evidence.report
    pack = evidence.pack
    comparisons = {
        Phrase("pack"): pack_digest(pack) == contents.pack_digest == report.pack_digest,
        Phrase("policy"): policy_digest(pack.policy)
        == contents.policy_digest
        == report.policy_digest,
        Phrase("settings of the site"): evidence.settings_digest == contents.settings_digest,
        Phrase("software"): contents.software == report.software,
    }
    wrong = [what for what, alike in comparisons.items() if not alike]
    if wrong:
        return failed(
            code,
            Phrase(
                "These differ from what was committed to and reported: %(wrong)s.",
                wrong=enumerated(wrong),
            ),
            Phrase(
                "Recompute with the pack, settings and software version that the table of "
                "contents names."
            ),
            wrong,
        )
    return check_held(
        code,
        Phrase(
            "Pack %(pack_id)s %(version)s, its policy, the site's settings and %(software)s are "
            "those committed to.",
            pack_id=pack.id,
            version=pack.version,
            software=contents.software,
        ),
    )


def redrawn(evidence: Evidence, counted: GridCounts) -> tuple[int, int] | None:
    """The grid points of best and typical for these counts; None where the pack releases no such
    label.
    """
    if counted.step not in {step.id for step in evidence.pack.steps}:
        return None
    step = evidence.pack.step(counted.step)
    rule = next((metric for metric in step.metrics if metric.metric.value == counted.metric), None)
    if rule is None or not counted.by_point or counted.by_point[-1][0] >= rule.grid.points:
        return None
    batches = np.zeros(rule.grid.points, dtype=np.int64)
    for point, number in counted.by_point:
        batches[point] = number
    drawn = []
    for quantile, epsilon, name in zip(
        (step.label_rule.quantile, TYPICAL_QUANTILE),
        draw_epsilons(step, evidence.pack.policy),
        ("best", "typical"),
        strict=True,
    ):
        stream = evidence.key.stream(
            "/".join((*LabelKey.of(counted), name)),
            challenge=evidence.challenge.nonce,
            data_root=evidence.draw.commitment.data_root,
        )
        drawn.append(
            draw_grid_point(scores_of(batches, rank(quantile, counted.batches)), epsilon, stream)
        )
    return drawn[0], drawn[1]


def _leaf(index: int) -> Words:
    return worded("leaf %(index)s", index=index)


def _of_its_class(evidence: Evidence, counted: GridCounts, label: ReleasedLabel) -> bool:
    try:
        return count_class(counted.batches, evidence.pack.policy) == label.count_class
    except PolicyRefusal:
        return False


def _named_twice(evidence: Evidence) -> Iterator[Words]:
    """A step, a product and variant of it, a counted label or a meter of which the table tells more
    than once.
    """
    contents = evidence.contents
    names = Counter[tuple[str, ...]]((part.step,) for part in contents.steps)
    names.update(
        (part.step, cell.product, cell.variant) for part in contents.steps for cell in part.cells
    )
    names.update(LabelKey.of(tally) for tally in contents.counted)
    names.update(("meter", part.meter) for part in contents.meters)
    for name, times in names.items():
        if times > 1:
            yield worded(
                "leaf 0: %(name)s stands there %(times)s times", name="/".join(name), times=times
            )


def _named_wrongly(evidence: Evidence) -> Iterator[Words]:
    """A step in the order of another metric than the pack's first, and counts of that metric for
    batches that the table does not hold.
    """
    contents, steps = evidence.contents, _steps(evidence)
    cells = {
        (part.step, cell.product, cell.variant) for part in contents.steps for cell in part.cells
    }
    for part in contents.steps:
        step = steps.get(part.step)
        metric = "" if step is None else headline(step).metric.value
        if part.metric != metric or (step is None and part.cells):
            yield worded(
                "leaf 0: %(name)s has used batches in the order of %(metric)s",
                name=part.step,
                metric=part.metric or "–",
            )
    for tally in contents.counted:
        step = steps.get(tally.step)
        if (
            step is not None
            and tally.metric == headline(step).metric
            and (tally.step, tally.product, tally.variant) not in cells
        ):
            yield worded(
                "leaf 0: %(name)s is counted, and no used batches are there",
                name="/".join(LabelKey.of(tally)),
            )


def _steps(evidence: Evidence) -> dict[str, Step]:
    return {step.id: step for step in evidence.pack.steps}


def _of_its_kind(evidence: Evidence, index: int, record: bytes) -> bool:
    contents = evidence.contents
    if index >= contents.padding_first:
        return record == PADDING_RECORD
    for part in contents.steps:
        if part.first <= index < part.excluded_first + part.excluded:
            batch = evidence.batches.get(index)
            return (
                batch is not None
                and batch.step == part.step
                and _of_its_cell(evidence, part, index, batch)
            )
    day = evidence.days.get(index)
    return day is not None and any(
        meter.meter == day.meter and meter.first <= index < meter.first + meter.days
        for meter in contents.meters
    )


def _of_its_cell(evidence: Evidence, part: StepPart, index: int, batch: Batch) -> bool:
    """Excluded where the excluded batches stand; where used ones do, used and of the product and
    variant that the table names.
    """
    if index >= part.excluded_first:
        return batch.excluded is not None
    step = _steps(evidence).get(part.step)
    if batch.excluded is not None or step is None:
        return False
    cell = next(cell for cell in part.cells if cell.first <= index < cell.first + cell.used)
    return (batch.product or step.product, batch.variant or step.only_root) == (
        cell.product,
        cell.variant,
    )
