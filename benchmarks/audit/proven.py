"""Checks that need no plant's data: signatures, digests, proofs, and the draw repeated. Each says one sentence of one thing."""

from __future__ import annotations

from benchmarks.audit.contents import Counted
from benchmarks.audit.draws import require_promised
from benchmarks.audit.evidence import Evidence, Outcome, failed, held, not_checkable
from benchmarks.audit.records import PADDING_RECORD
from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.packs import digest as pack_digest
from benchmarks.privacy import randomness
from benchmarks.privacy.mechanism import draw_cell, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.privacy.units import draw_epsilons
from benchmarks.release import TYPICAL_QUANTILE, count_class
from benchmarks.released import ReleasedLabel, rank
from benchmarks.wire import logged, merkle
from benchmarks.wire.conformity import policy_digest
from benchmarks.wire.logged import Kind


def draw_promised(evidence: Evidence) -> Outcome:
    """The auditor's own hands were bound: the nonce is the one promised before the tree head was there."""
    code, promise = "draw-promised", evidence.public.promise
    if promise is None:
        return not_checkable(code, "The auditor's promise was not given, so nobody sees that the nonce was fixed before the draw.")
    try:
        require_promised(evidence.draw, promise)
    except VerificationError as refused:
        return failed(code, refused.sentence, refused.remedy)
    return held(code, f"The nonce is the one that the auditor had promised on {promise.made_on.isoformat()}.")


def drawn_after_commitment(evidence: Evidence) -> Outcome:
    """The head that the positions follow from holds the commitment: the plant had committed before they could be known."""
    code, head, entry = "drawn-after-commitment", evidence.draw.head.size, evidence.challenge.log_index
    if head <= entry:
        return failed(
            code,
            f"The tree head has {head:,} entries, and the commitment is entry {entry:,} of the log: it came after the draw.",
            "Draw again from a tree head that holds the commitment.",
        )
    return held(code, f"The commitment is entry {entry:,} of the log, before the head of {head:,} entries that the draw follows from.")


def head_signed(evidence: Evidence) -> Outcome:
    """The tree head that the positions follow from is one that the portal signed."""
    code, shown, drawn = "head-signed", evidence.public.head, evidence.draw.head
    if shown is None or not evidence.public.keys_known:
        return not_checkable(
            code, "No signed tree head, or no key directory, was given: the head of the draw stands on the auditor's word."
        )
    if shown != drawn:
        return failed(
            code,
            f"The draw names a head of {drawn.size:,} entries that is not the signed one of {shown.size:,}.",
            "Draw again from a head that the portal signed; from another one the auditor could have looked for a draw.",
        )
    return held(code, f"The portal signed the head of {drawn.size:,} entries that the draw follows from.")


def commitment_logged(evidence: Evidence) -> Outcome:
    """The commitment is in the public log, at the place that the challenge names."""
    code, head, challenge = "commitment-logged", evidence.draw.head, evidence.challenge
    if evidence.public.inclusion is None:
        return not_checkable(code, "No proof that the commitment is in the log was given.", "Ask the portal's log for one, as a file.")
    if challenge.log_index >= head.size:
        return not_checkable(code, "The commitment came after the head of the draw, so no proof can lead to it.")
    leaf = logged.hashed(Kind.COMMITMENT, bytes.fromhex(challenge.commitment.digest), challenge.given_on)
    try:
        merkle.require_inclusion(leaf, challenge.log_index, head.size, evidence.public.inclusion, head.root)
    except VerificationError as refused:
        return failed(code, refused.sentence, refused.remedy)
    return held(code, f"The commitment is entry {challenge.log_index:,} of the log of {head.size:,} entries.")


def root_committed(evidence: Evidence) -> Outcome:
    """One root everywhere: in what the auditor has from the portal, in the draw, in the challenge and in the report."""
    code, own = "root-committed", evidence.draw.commitment
    if evidence.public.commitment is None:
        return not_checkable(code, "No commitment from elsewhere than plant and draw was given, to hold the root against.")
    same = evidence.public.commitment == own == evidence.challenge.commitment and evidence.report.data_root == own.data_root
    if not same:
        return failed(
            code,
            "The root of the draw is not the one that was committed to, or challenge or report are of another.",
            "Take the commitment from the portal's log again; if it stays so, the data were exchanged after they had been committed to.",
        )
    return held(code, f"Commitment, challenge, report and draw name the same root, {own.data_root.hex()[:16]}….")


def challenge_signed(evidence: Evidence) -> Outcome:
    """The challenge that keyed the draws is the portal's."""
    code, challenge = "challenge-signed", evidence.challenge
    if not evidence.public.keys_known:
        return not_checkable(code, "The portal's key directory was not given, so the signature under the challenge was not checked.")
    if challenge.nonce != evidence.report.challenge:
        return failed(
            code, "The report names another challenge than the one shown.", "Take the challenge that the portal gave for this commitment."
        )
    return held(code, f"The portal gave the challenge on {challenge.given_on.isoformat()}, signed with its key {challenge.key_id[:16]}.")


def leaves_proven(evidence: Evidence) -> Outcome:
    """Every leaf that was opened is in the tree that was committed to."""
    code, size, root = "leaves-proven", evidence.contents.size, evidence.draw.commitment.data_root
    wrong = []
    for leaf in evidence.opening.leaves:
        try:
            leaf.require_in(root, size)
        except VerificationError:
            wrong.append(f"leaf {leaf.index}")
    if wrong:
        return failed(
            code,
            f"{len(wrong):,} of {len(evidence.opening.leaves):,} leaves are not in the tree that was committed to.",
            "What was shown is not what was committed to. Keep the opening: together with the commitment it proves that.",
            wrong,
        )
    return held(code, f"All {len(evidence.opening.leaves):,} leaves that were opened are in the tree of {size:,} leaves.", size)


def everything_opened(evidence: Evidence) -> Outcome:
    """Nothing that was drawn was held back."""
    code, there = "everything-opened", {leaf.index for leaf in evidence.opening.leaves}
    missing = [f"leaf {one.position} ({one.stratum}, number {one.order})" for one in evidence.drawn if one.position not in there]
    if evidence.opening.draw != evidence.draw.digest:
        return failed(code, "The opening answers another draw.", "Have the plant open this draw.")
    if missing:
        return failed(
            code,
            f"{len(missing):,} of {len(evidence.drawn):,} leaves that were drawn were not opened.",
            "Have the plant open them; a record that is not shown counts as misstated.",
            missing,
        )
    return held(code, f"All {len(evidence.drawn):,} leaves that were drawn were opened.", len(evidence.drawn))


def leaves_of_their_kind(evidence: Evidence) -> Outcome:
    """What stands at a place is what the table of contents says: step, used or excluded, a meter's day, or padding."""
    code, contents = "leaves-of-their-kind", evidence.contents
    wrong = []
    commitment = evidence.draw.commitment
    if (contents.site, contents.period, contents.revision) != (commitment.site, commitment.period, commitment.revision):
        wrong.append("leaf 0: the table of contents is of another report")
    wrong += [f"leaf {leaf.index}" for leaf in evidence.opening.leaves[1:] if not _of_its_kind(evidence, leaf.index, leaf.record)]
    if wrong:
        return failed(
            code,
            f"{len(wrong):,} leaves hold something else than the table of contents says.",
            "Ask the plant what these leaves are: a record in the padding, or a used batch among the excluded ones, is counted wrongly.",
            wrong,
        )
    return held(code, "Every leaf holds what the table of contents says, and padding is empty.")


def seed_committed(evidence: Evidence) -> Outcome:
    """The seed is the one that the site is bound to."""
    code = "seed-committed"
    if randomness.commitment(evidence.opening.seed) != evidence.contents.seed_commitment:
        return failed(
            code,
            "The seed that was shown is not the one that the site committed to before it drew.",
            "Have the plant open again with its own state directory.",
        )
    return held(code, "The seed is the one that the site committed to before it knew the challenge.")


def noise_repeated(evidence: Evidence) -> Outcome:
    """The released cells, drawn again from seed, challenge, root and the counts of the table of contents."""
    code = "noise-repeated"
    counted = {(one.step, one.product, one.variant, one.metric): one for one in evidence.contents.counted}
    wrong = []
    for label in evidence.report.released.labels:
        name = "/".join((label.step, label.product, label.variant, label.metric))
        one = counted.get((label.step, label.product, label.variant, label.metric.value))
        if one is None or redrawn(evidence, one) != (label.best.cell, label.typical.cell) or not _of_its_class(evidence, one, label):
            wrong.append(name)
    if wrong or len(counted) != len(evidence.report.released.labels):
        return failed(
            code,
            f"{len(wrong):,} of {len(evidence.report.released.labels):,} protected values do not come out again from seed and data.",
            "The report was not drawn as it says, or from other data. It must not stand: tell the coordinator.",
            wrong,
        )
    return held(
        code,
        f"All {len(counted):,} protected values come out again, to the digit, from seed, challenge and counts.",
        len(counted),
    )


def method_declared(evidence: Evidence) -> Outcome:
    """Pack, policy, settings and software are those that were committed to and reported."""
    code, contents, report = "method-declared", evidence.contents, evidence.report
    pack = evidence.pack
    told = {
        "pack": pack_digest(pack) == contents.pack_digest == report.pack_digest,
        "policy": policy_digest(pack.policy) == contents.policy_digest == report.policy_digest,
        "settings of the site": evidence.settings_digest == contents.settings_digest,
        "software": contents.software == report.software,
    }
    wrong = [name for name, same in told.items() if not same]
    if wrong:
        return failed(
            code,
            f"Not what was committed to and reported: {', '.join(wrong)}.",
            "Recompute with the pack, settings and software version that the table of contents names.",
            wrong,
        )
    return held(code, f"Pack {pack.id} {pack.version}, its policy, the site's settings and {contents.software} are those committed to.")


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
