"""Checks of an opening that compute nothing of its batches: proofs, kinds, method, seed, and the draw repeated."""

from __future__ import annotations

from benchmarks.audit.contents import Counted
from benchmarks.audit.evidence import TAKE_THE_FILE, Evidence, Outcome, failed, held, not_checkable, same
from benchmarks.audit.promised import challenge_signed, root_committed, unproven
from benchmarks.audit.records import PADDING_RECORD
from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.packs import digest as pack_digest
from benchmarks.phrases import Phrase
from benchmarks.privacy import randomness
from benchmarks.privacy.mechanism import draw_cell, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.privacy.units import draw_epsilons
from benchmarks.release import TYPICAL_QUANTILE, count_class
from benchmarks.released import ReleasedLabel, rank
from benchmarks.routes import Words
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
            Words(
                en=f"{len(wrong):,} of {len(evidence.opening.leaves):,} leaves are not in the tree that was committed to.",
                zh=f"{len(evidence.opening.leaves):,} 个叶子中有 {len(wrong):,} 个不在所承诺的树中。",
            ),
            Words(
                en="What was shown is not what was committed to. Keep the opening: together with the commitment it proves that.",
                zh="所出示的不是所承诺的。请保留打开文件：它与承诺合在一起即可证明。",
            ),
            wrong,
        )
    return held(
        code,
        Words(
            en=f"All {len(evidence.opening.leaves):,} leaves that were opened are in the tree of {size:,} leaves.",
            zh=f"打开的 {len(evidence.opening.leaves):,} 个叶子全部在 {size:,} 个叶子的树中。",
        ),
        size,
    )


def everything_opened(evidence: Evidence) -> Outcome:
    """Nothing that was drawn was held back."""
    code, there = "everything-opened", {leaf.index for leaf in evidence.opening.leaves}
    missing = [
        Words(en=f"leaf {one.position} ({one.stratum}, number {one.order})", zh=f"叶子 {one.position}（{one.stratum}，第 {one.order} 个）")
        for one in evidence.drawn
        if one.position not in there
    ]
    if evidence.opening.draw != evidence.draw.digest:
        return failed(
            code,
            Words(en="The opening answers another draw.", zh="打开文件答复的是另一次抽样。"),
            Words(en="Have the plant open this draw.", zh="请让企业打开此次抽样。"),
        )
    if missing:
        return failed(
            code,
            Words(
                en=f"{len(missing):,} of {len(evidence.drawn):,} leaves that were drawn were not opened.",
                zh=f"抽中的 {len(evidence.drawn):,} 个叶子中有 {len(missing):,} 个未打开。",
            ),
            Words(
                en="Have the plant open them; a record that is not shown counts as misstated.", zh="请让企业打开；未出示的记录按错报计。"
            ),
            missing,
        )
    number = len(evidence.drawn)
    return held(code, Words(en=f"All {number:,} leaves that were drawn were opened.", zh=f"抽中的 {number:,} 个叶子全部打开。"), number)


def leaves_of_their_kind(evidence: Evidence) -> Outcome:
    """What stands at a place is what the table of contents says: step, used or excluded, a meter's day, or padding."""
    code, contents = "leaves-of-their-kind", evidence.contents
    wrong = []
    commitment = evidence.draw.commitment
    if (contents.site, contents.period, contents.revision) != (commitment.site, commitment.period, commitment.revision):
        wrong.append(Words(en="leaf 0: the table of contents is of another report", zh="叶子 0：目录属于另一份报告"))
    wrong += [_leaf(leaf.index) for leaf in evidence.opening.leaves[1:] if not _of_its_kind(evidence, leaf.index, leaf.record)]
    if wrong:
        return failed(
            code,
            Words(
                en=f"{len(wrong):,} leaves hold something else than the table of contents says.",
                zh=f"{len(wrong):,} 个叶子的内容与目录所述不同。",
            ),
            Words(
                en="Ask the plant what these leaves are: "
                "a record in the padding, or a used batch among the excluded ones, is counted wrongly.",
                zh="请询问企业这些叶子是什么：填充中的记录，或剔除批次中的计入批次，均计数有误。",
            ),
            wrong,
        )
    return held(
        code,
        Words(
            en="Every leaf holds what the table of contents says, and padding is empty.", zh="每个叶子的内容均与目录所述相同，填充为空。"
        ),
    )


def seed_committed(evidence: Evidence) -> Outcome:
    """The seed is the one that the site is bound to."""
    code = "seed-committed"
    if randomness.commitment(evidence.opening.seed) != evidence.contents.seed_commitment:
        return failed(
            code,
            Words(
                en="The seed that was shown is not the one that the site committed to before it drew.",
                zh="所出示的种子不是厂址抽取前所承诺的种子。",
            ),
            Words(en="Have the plant open again with its own state directory.", zh="请让企业用自己的状态目录重新打开。"),
        )
    if lacking := unproven(evidence, root_committed, challenge_signed):
        return not_checkable(
            code,
            Phrase("That the seed was fixed before the challenge is not proven: %(checks)s did not hold.", checks=lacking),
            TAKE_THE_FILE,
        )
    return held(
        code,
        Words(
            en="The seed is the one that the site committed to before it knew the challenge.", zh="种子即厂址得知挑战值之前所承诺的种子。"
        ),
    )


def noise_repeated(evidence: Evidence) -> Outcome:
    """The released cells, drawn again from seed, challenge, root and the counts of the table of contents."""
    code = "noise-repeated"
    counted = {(one.step, one.product, one.variant, one.metric): one for one in evidence.contents.counted}
    wrong = []
    for label in evidence.report.released.labels:
        name = "/".join((label.step, label.product, label.variant, label.metric))
        one = counted.get((label.step, label.product, label.variant, label.metric.value))
        if one is None or redrawn(evidence, one) != (label.best.cell, label.typical.cell) or not _of_its_class(evidence, one, label):
            wrong.append(same(name))
    if wrong or len(counted) != len(evidence.report.released.labels):
        return failed(
            code,
            Words(
                en=f"{len(wrong):,} of {len(evidence.report.released.labels):,} protected values do not come out again from seed and data.",
                zh=f"{len(evidence.report.released.labels):,} 个受保护值中有 {len(wrong):,} 个不能由种子和数据重现。",
            ),
            Words(
                en="The report was not drawn as it says, or from other data. It must not stand: tell the coordinator.",
                zh="报告不是按其所述抽取，或出自其他数据，不得成立：请告知协调机构。",
            ),
            wrong,
        )
    return held(
        code,
        Words(
            en=f"All {len(counted):,} protected values come out again, to the digit, from seed, challenge and counts.",
            zh=f"{len(counted):,} 个受保护值全部由种子、挑战值和计数逐位重现。",
        ),
        len(counted),
    )


def method_declared(evidence: Evidence) -> Outcome:
    """Pack, policy, settings and software are those that were committed to and reported."""
    code, contents, report = "method-declared", evidence.contents, evidence.report
    pack = evidence.pack
    told = {
        ("pack", "方法包"): pack_digest(pack) == contents.pack_digest == report.pack_digest,
        ("policy", "政策"): policy_digest(pack.policy) == contents.policy_digest == report.policy_digest,
        ("settings of the site", "厂址设置"): evidence.settings_digest == contents.settings_digest,
        ("software", "软件"): contents.software == report.software,
    }
    wrong = [Words(en=en, zh=zh) for (en, zh), alike in told.items() if not alike]
    if wrong:
        return failed(
            code,
            Words(
                en=f"Not what was committed to and reported: {', '.join(one.en for one in wrong)}.",
                zh=f"与所承诺和报告的不同：{'、'.join(one.zh for one in wrong)}。",
            ),
            Words(
                en="Recompute with the pack, settings and software version that the table of contents names.",
                zh="请用目录所指的方法包、设置和软件版本重新计算。",
            ),
            wrong,
        )
    return held(
        code,
        Words(
            en=f"Pack {pack.id} {pack.version}, its policy, the site's settings and {contents.software} are those committed to.",
            zh=f"方法包 {pack.id} {pack.version} 及其政策、厂址设置和 {contents.software} 均为所承诺者。",
        ),
    )


def redrawn(evidence: Evidence, counted: Counted) -> tuple[int, int] | None:
    """The cells of best and typical for these counts; None where the pack releases no such label."""
    if counted.step not in {step.id for step in evidence.pack.steps}:
        return None
    step = evidence.pack.step(counted.step)
    rule = next((one for one in step.metrics if one.metric.value == counted.metric), None)
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
    return Words(en=f"leaf {index}", zh=f"叶子 {index}")


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
    return day is not None and any(one.meter == day.meter and one.first <= index < one.first + one.days for one in contents.meters)
