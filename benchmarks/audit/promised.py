"""Checks of what everybody can have: promise, tree head, commitment and challenge. Each says one sentence of one thing."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from benchmarks.audit.draws import require_promised
from benchmarks.audit.evidence import TAKE_THE_FILE, Check, Evidence, Outcome, State, failed, held, not_checkable, refused, same
from benchmarks.audit.sampling import Kind as Stratum
from benchmarks.audit.sampling import certainty, weaker
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.routes import Words
from benchmarks.wire import logged, merkle
from benchmarks.wire.logged import Kind


def draw_promised(evidence: Evidence) -> Outcome:
    """The auditor's own hands were bound: the log had the promise of this nonce before the tree head, and the head is the first after it.

    Without the log's entry nobody sees when the promise was made: who signs it can date it back, and try nonces against a known head. Who
    makes the entry that this head ends with can look for a draw all the same: no check sees that (docs/threat-model.md).
    """
    code, promise, head = "draw-promised", evidence.public.promise, evidence.draw.head
    entry = evidence.public.entries.get(Kind.AUDIT_PROMISE)
    if promise is None:
        return not_checkable(
            code,
            Phrase("The auditor's promise was not given, so nobody sees that the nonce was fixed before the draw."),
            TAKE_THE_FILE,
        )
    try:
        require_promised(evidence.draw, promise)
        if entry is None:
            return not_checkable(
                code,
                Phrase("No proof was given that the promise stood in the log before the head of the draw: its own date proves nothing."),
                Phrase(
                    "Take the evidence file of the sample from the portal's page, which holds the entry and its proof; a promise that was "
                    "never handed in at the portal cannot be proven: promise there, and draw again."
                ),
            )
        leaf = logged.hashed(Kind.AUDIT_PROMISE, bytes.fromhex(promise.digest), entry.on)
        merkle.require_inclusion(leaf, entry.index, head.size, entry.proof, head.root)
    except VerificationError as refusal:
        return refused(code, refusal)
    wanted = 2 + max(place for place in (entry.index, evidence.challenge.log_index) if place < head.size)
    if head.size != wanted:
        return failed(
            code,
            Phrase(
                "The draw is from the head of %(size)s entries; promise and commitment lead to that of %(wanted)s: it was chosen.",
                size=f"{head.size:,}",
                wanted=f"{wanted:,}",
            ),
            Phrase("Draw again from the first head that holds promise, commitment and one entry more, as the portal gives it."),
        )
    return held(
        code,
        Phrase(
            "Nonce and plan are those that the auditor had promised: entry %(entry)s of the log, before the head of the draw.",
            entry=f"{entry.index:,}",
        ),
    )


def plan_sufficient(evidence: Evidence) -> Outcome:
    """The draw was at least as sure as one by the standard plan, of every step: of a draw of next to nothing nearly every check holds."""
    code, plan, steps = "plan-sufficient", evidence.draw.plan, evidence.draw.steps
    left_out = [part.step for part in evidence.contents.steps if steps and part.step not in steps]
    lacking = [same(kind) for kind in weaker(plan)] + [same(f"{Stratum.USED}/{step}") for step in left_out]
    sure = {
        name: f"{floor(1000 * min(_certainties(evidence, share), default=Fraction(1))) / 10:.1f}"
        for name, share in (("tenth", Fraction(1, 10)), ("hundredth", Fraction(1, 100)))
    }
    if lacking:
        return not_checkable(
            code,
            Phrase(
                "The draw finds a misstated tenth of a step's used records with %(tenth)s %%, a hundredth with %(hundredth)s %%: it is "
                "less sure than the standard plan of %(lacking)s.",
                **sure,
                lacking=", ".join(one.en for one in lacking),
            ),
            Phrase("Promise the standard plan, or the smallest of its certainty, for all steps, and draw again."),
        )
    return held(
        code,
        Phrase("The draw finds a misstated hundredth of a step's used records with %(hundredth)s %%, as the standard plan asks.", **sure),
    )


def _certainties(evidence: Evidence, share: Fraction) -> list[Fraction]:
    """How surely a misstated share of a step's used records is met, step by step; of one that was not drawn never."""
    draw = evidence.draw
    return [
        Fraction(0) if draw.steps and part.step not in draw.steps else certainty(part.used, draw.plan, share)
        for part in evidence.contents.steps
        if part.used
    ]


def drawn_after_commitment(evidence: Evidence) -> Outcome:
    """The head that the positions follow from holds the commitment: the plant had committed before they could be known."""
    code, head, entry = "drawn-after-commitment", evidence.draw.head.size, evidence.challenge.log_index
    if head <= entry:
        return failed(
            code,
            Words(
                en=f"The tree head has {head:,} entries, and the commitment is entry {entry:,} of the log: it came after the draw.",
                zh=f"日志头有 {head:,} 个条目，而承诺是日志的第 {entry:,} 条：承诺晚于抽样。",
            ),
            Words(en="Draw again from a tree head that holds the commitment.", zh="请用包含该承诺的日志头重新抽样。"),
        )
    if lacking := unproven(evidence, head_signed, commitment_logged, challenge_signed):
        return not_checkable(
            code, Phrase("Where the commitment stands in the log is not proven: %(checks)s did not hold.", checks=lacking), TAKE_THE_FILE
        )
    return held(
        code,
        Words(
            en=f"The commitment is entry {entry:,} of the log, before the head of {head:,} entries that the draw follows from.",
            zh=f"承诺是日志的第 {entry:,} 条，早于抽样所依据的 {head:,} 个条目的日志头。",
        ),
    )


def unproven(evidence: Evidence, *needed: Check) -> str:
    """Codes of those checks that did not hold, which another one rests on; empty where all held."""
    return ", ".join(one.code for one in (check(evidence) for check in needed) if one.state is not State.HELD)


def head_signed(evidence: Evidence) -> Outcome:
    """The tree head that the positions follow from is one that the portal signed."""
    code, shown, drawn = "head-signed", evidence.public.head, evidence.draw.head
    if shown is None or not evidence.public.keys_known:
        return not_checkable(
            code,
            Words(
                en="No signed tree head, or no key directory, was given: the head of the draw stands on the auditor's word.",
                zh="未提供签名的日志头或密钥目录：抽样所用日志头仅凭审核员所述。",
            ),
            TAKE_THE_FILE,
        )
    if shown != drawn:
        return failed(
            code,
            Words(
                en=f"The draw names a head of {drawn.size:,} entries that is not the signed one of {shown.size:,}.",
                zh=f"抽样所指 {drawn.size:,} 个条目的日志头不是平台签名的 {shown.size:,} 个条目的日志头。",
            ),
            Words(
                en="Draw again from a head that the portal signed; from another one the auditor could have looked for a draw.",
                zh="请用平台签名的日志头重新抽样；用其他日志头，审核员就可能挑选抽样结果。",
            ),
        )
    return held(
        code,
        Words(
            en=f"The portal signed the head of {drawn.size:,} entries that the draw follows from.",
            zh=f"抽样所依据的 {drawn.size:,} 个条目的日志头由平台签名。",
        ),
    )


def commitment_logged(evidence: Evidence) -> Outcome:
    """The commitment is in the public log, at the place that the challenge names."""
    code, head, challenge = "commitment-logged", evidence.draw.head, evidence.challenge
    if evidence.public.inclusion is None:
        return not_checkable(
            code,
            Words(en="No proof that the commitment is in the log was given.", zh="未提供承诺在日志中的证明。"),
            Words(en="Ask the portal's log for one, as a file.", zh="请向平台日志索取证明文件。"),
        )
    if challenge.log_index >= head.size:
        return not_checkable(
            code,
            Words(
                en="The commitment came after the head of the draw, so no proof can lead to it.", zh="承诺晚于抽样的日志头，不可能有证明。"
            ),
        )
    leaf = logged.hashed(Kind.COMMITMENT, bytes.fromhex(challenge.commitment.digest), challenge.given_on)
    try:
        merkle.require_inclusion(leaf, challenge.log_index, head.size, evidence.public.inclusion, head.root)
    except VerificationError as refusal:
        return refused(code, refusal)
    return held(
        code,
        Words(
            en=f"The commitment is entry {challenge.log_index:,} of the log of {head.size:,} entries.",
            zh=f"承诺是 {head.size:,} 个条目的日志中的第 {challenge.log_index:,} 条。",
        ),
    )


def root_committed(evidence: Evidence) -> Outcome:
    """One root everywhere: in what the auditor has from the portal, in the draw, in the challenge and in the report."""
    code, own = "root-committed", evidence.draw.commitment
    if evidence.public.commitment is None:
        return not_checkable(
            code,
            Words(
                en="No commitment from elsewhere than plant and draw was given, to hold the root against.",
                zh="未提供来自企业和抽样以外的承诺，无法核对根。",
            ),
            TAKE_THE_FILE,
        )
    alike = evidence.public.commitment == own == evidence.challenge.commitment and evidence.report.data_root == own.data_root
    if not alike:
        return failed(
            code,
            Words(
                en="The root of the draw is not the one that was committed to, or challenge or report are of another.",
                zh="抽样的根不是所承诺的根，或挑战值、报告属于另一个根。",
            ),
            Words(
                en="Take the commitment from the portal's log again; "
                "if it stays so, the data were exchanged after they had been committed to.",
                zh="请重新从平台日志获取承诺；若仍如此，则数据在承诺之后被调换。",
            ),
        )
    root = own.data_root.hex()[:16]
    return held(
        code,
        Words(
            en=f"Commitment, challenge, report and draw name the same root, {root}….", zh=f"承诺、挑战值、报告和抽样所指的根相同：{root}…。"
        ),
    )


def challenge_signed(evidence: Evidence) -> Outcome:
    """The challenge that keyed the draws is the portal's."""
    code, challenge, given = "challenge-signed", evidence.challenge, evidence.public.challenge
    if given is not None and (given.nonce, given.commitment, given.log_index) != (
        challenge.nonce,
        challenge.commitment,
        challenge.log_index,
    ):
        return failed(
            code,
            Phrase("The challenge in the opening is another than the one that was given beside it: the draws were keyed by other numbers."),
            Phrase(
                "Keep both: where the portal signed both, it gave two challenges for one commitment, which it must not; else the plant did."
            ),
        )
    if not evidence.public.keys_known:
        return not_checkable(
            code,
            Words(
                en="The portal's key directory was not given, so the signature under the challenge was not checked.",
                zh="未提供平台的密钥目录，未核对挑战值的签名。",
            ),
            TAKE_THE_FILE,
        )
    if challenge.nonce != evidence.report.challenge:
        return failed(
            code,
            Words(en="The report names another challenge than the one shown.", zh="报告所指的挑战值不是所出示的挑战值。"),
            Words(en="Take the challenge that the portal gave for this commitment.", zh="请取平台对该承诺给出的挑战值。"),
        )
    day, key = challenge.given_on.isoformat(), challenge.key_id[:16]
    return held(
        code,
        Words(en=f"The portal gave the challenge on {day}, signed with its key {key}.", zh=f"平台于 {day} 给出挑战值，用密钥 {key} 签名。"),
    )
