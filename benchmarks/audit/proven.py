"""Checks of an opening that compute no batch: proofs, nothing held back, kinds of leaves, seed, noise drawn again, and method."""

from __future__ import annotations

from benchmarks.audit.contents import Counted
from benchmarks.audit.evidence import TAKE_THE_FILE, Evidence, Outcome, failed, held, not_checkable, same
from benchmarks.audit.promised import challenge_signed, root_committed, unproven
from benchmarks.audit.records import PADDING_RECORD
from benchmarks.declared import Words, worded
from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.label_keys import LabelKey
from benchmarks.packs import digest as pack_digest
from benchmarks.phrases import Phrase, enumerated
from benchmarks.privacy import randomness
from benchmarks.privacy.mechanism import draw_cell, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.privacy.units import draw_epsilons
from benchmarks.release import TYPICAL_QUANTILE, count_class
from benchmarks.released import ReleasedLabel, rank
from benchmarks.wire.conformity import policy_digest


def leaves_proven(evidence: Evidence) -> Outcome:
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
            Phrase(
                "%(wrong)s of %(leaves)s leaves are not in the tree that was committed to.",
                wrong=f"{len(wrong):,}",
                leaves=f"{len(evidence.opening.leaves):,}",
            ),
            Phrase("What was shown is not what was committed to. Keep the opening: together with the commitment it proves this."),
            wrong,
        )
    return held(
        code,
        Phrase(
            "All %(leaves)s leaves that were opened are in the tree of %(size)s leaves.",
            leaves=f"{len(evidence.opening.leaves):,}",
            size=f"{size:,}",
        ),
        size,
    )


def everything_opened(evidence: Evidence) -> Outcome:
    """Nothing that was drawn was held back."""
    code, opened = "everything-opened", {leaf.index for leaf in evidence.opening.leaves}
    missing = [
        worded("leaf %(position)s (%(stratum)s, number %(order)s)", position=leaf.position, stratum=leaf.stratum, order=leaf.order)
        for leaf in evidence.drawn
        if leaf.position not in opened
    ]
    if evidence.opening.draw != evidence.draw.digest:
        return failed(code, Phrase("The opening is for another draw."), Phrase("Have the plant open this draw."))
    if missing:
        return failed(
            code,
            Phrase(
                "%(missing)s of %(drawn)s leaves that were drawn were not opened.",
                missing=f"{len(missing):,}",
                drawn=f"{len(evidence.drawn):,}",
            ),
            Phrase("Have the plant open them. A record that is not shown counts as misstated."),
            missing,
        )
    number = len(evidence.drawn)
    return held(code, Phrase("All %(number)s leaves that were drawn were opened.", number=f"{number:,}"), number)


def leaves_of_their_kind(evidence: Evidence) -> Outcome:
    """What stands at a place is what the table of contents says: step, used or excluded, a meter's day, or padding."""
    code, contents = "leaves-of-their-kind", evidence.contents
    wrong = []
    commitment = evidence.draw.commitment
    if (contents.site, contents.period, contents.revision) != (commitment.site, commitment.period, commitment.revision):
        wrong.append(worded("leaf 0: the table of contents is of another report"))
    wrong += [_leaf(leaf.index) for leaf in evidence.opening.leaves[1:] if not _of_its_kind(evidence, leaf.index, leaf.record)]
    if wrong:
        return failed(
            code,
            Phrase("The contents of %(wrong)s leaves differ from the table of contents.", wrong=f"{len(wrong):,}"),
            Phrase(
                "Ask the plant what these leaves are: a record in the padding, or a used batch among the excluded ones, is counted wrongly."
            ),
            wrong,
        )
    return held(code, Phrase("Every leaf contains what the table of contents says, and the padding is empty."))


def seed_committed(evidence: Evidence) -> Outcome:
    """The seed is the one that the site is bound to."""
    code = "seed-committed"
    if randomness.commitment(evidence.opening.seed) != evidence.contents.seed_commitment:
        return failed(
            code,
            Phrase("The seed that was shown is not the one that the site committed to before it drew."),
            Phrase("Have the plant open again with its own state directory."),
        )
    if lacking := unproven(evidence, root_committed, challenge_signed):
        return not_checkable(
            code,
            Phrase("It is not proven that the seed was fixed before the challenge: %(checks)s failed.", checks=lacking),
            TAKE_THE_FILE,
        )
    return held(code, Phrase("The seed is the one that the site committed to before it knew the challenge."))


def noise_repeated(evidence: Evidence) -> Outcome:
    """The released cells, drawn again from seed, challenge, root and the counts of the table of contents."""
    code = "noise-repeated"
    counted = {LabelKey.of(entry): entry for entry in evidence.contents.counted}
    wrong = []
    for label in evidence.report.released.labels:
        name = "/".join(LabelKey.of(label))
        tally = counted.get(LabelKey.of(label))
        if tally is None or redrawn(evidence, tally) != (label.best.cell, label.typical.cell) or not _of_its_class(evidence, tally, label):
            wrong.append(same(name))
    if wrong or len(counted) != len(evidence.report.released.labels):
        return failed(
            code,
            Phrase(
                "%(wrong)s of %(labels)s protected values cannot be recomputed from seed and data.",
                wrong=f"{len(wrong):,}",
                labels=f"{len(evidence.report.released.labels):,}",
            ),
            Phrase(
                "The report was not drawn as it states, or it was drawn from other data. It must not remain in force: tell the coordinator."
            ),
            wrong,
        )
    return held(
        code,
        Phrase(
            "All %(counted)s protected values can be recomputed, to the digit, from seed, challenge and counts.",
            counted=f"{len(counted):,}",
        ),
        len(counted),
    )


def method_declared(evidence: Evidence) -> Outcome:
    """Pack, policy, settings and software are those that were committed to and reported."""
    code, contents, report = "method-declared", evidence.contents, evidence.report
    pack = evidence.pack
    comparisons = {
        Phrase("pack"): pack_digest(pack) == contents.pack_digest == report.pack_digest,
        Phrase("policy"): policy_digest(pack.policy) == contents.policy_digest == report.policy_digest,
        Phrase("settings of the site"): evidence.settings_digest == contents.settings_digest,
        Phrase("software"): contents.software == report.software,
    }
    wrong = [what for what, alike in comparisons.items() if not alike]
    if wrong:
        return failed(
            code,
            Phrase("These differ from what was committed to and reported: %(wrong)s.", wrong=enumerated(wrong)),
            Phrase("Recompute with the pack, settings and software version that the table of contents names."),
            wrong,
        )
    return held(
        code,
        Phrase(
            "Pack %(pack_id)s %(version)s, its policy, the site's settings and %(software)s are those committed to.",
            pack_id=pack.id,
            version=pack.version,
            software=contents.software,
        ),
    )


def redrawn(evidence: Evidence, counted: Counted) -> tuple[int, int] | None:
    """The cells of best and typical for these counts; None where the pack releases no such label."""
    if counted.step not in {step.id for step in evidence.pack.steps}:
        return None
    step = evidence.pack.step(counted.step)
    rule = next((metric for metric in step.metrics if metric.metric.value == counted.metric), None)
    cells = [cell for cell, number in counted.cells for _ in range(number)]
    if rule is None or not cells or cells[-1] >= rule.grid.cells:
        return None
    drawn = []
    for quantile, epsilon, name in zip(
        (step.label_rule.quantile, TYPICAL_QUANTILE), draw_epsilons(step, evidence.pack.policy), ("best", "typical"), strict=True
    ):
        stream = KeyedStream(
            evidence.opening.seed,
            challenge=evidence.challenge.nonce,
            data_root=evidence.draw.commitment.data_root,
            name="/".join((evidence.contents.name, counted.step, counted.product, counted.variant, counted.metric, name)),
        )
        drawn.append(draw_cell(scores(cells, rule.grid.cells, rank(quantile, len(cells))), epsilon, stream))
    return drawn[0], drawn[1]


def _leaf(index: int) -> Words:
    return worded("leaf %(index)s", index=index)


def _of_its_class(evidence: Evidence, counted: Counted, label: ReleasedLabel) -> bool:
    try:
        return count_class(counted.batches, evidence.pack.policy) == label.count_class
    except PolicyRefusal:
        return False


def _of_its_kind(evidence: Evidence, index: int, record: bytes) -> bool:
    contents = evidence.contents
    if index >= contents.padding_first:
        return record == PADDING_RECORD
    for part in contents.steps:
        if part.first <= index < part.excluded_first + part.excluded:
            batch = evidence.batches.get(index)
            return batch is not None and batch.step == part.step and (batch.excluded is None) == (index < part.excluded_first)
    day = evidence.days.get(index)
    return day is not None and any(
        meter.meter == day.meter and meter.first <= index < meter.first + meter.days for meter in contents.meters
    )
