"""Checks that what is shown is what was committed to, drawn and accepted: the draw and its plan,
commitment, challenge and head, the receipt, its entry in the log and the values found in it.

What a plant shows an auditor could come out right to the digit and still not be what it sent: so
the report in the opening has to give the very entry that the portal logged of its values.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from benchmarks.audit.evidence import (
    TAKE_THE_FILE,
    Check,
    CheckOutcome,
    CheckState,
    Evidence,
    check_held,
    failed,
    not_checkable,
    refused,
)
from benchmarks.audit.sample_file import ProvenEntry
from benchmarks.audit.sampling_plan import StratumKind, certainty, weaker
from benchmarks.audit.signed_draws import require_promised
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, enumerated, in_number
from benchmarks.wire import logged, merkle
from benchmarks.wire.logged import EntryKind, ReportRevision
from benchmarks.wire.receipts import Receipt

_AFTER_THE_HEAD = Phrase(
    "It was logged after the tree head of the draw, so no proof of it is possible."
)


def report_received(evidence: Evidence) -> CheckOutcome:
    """The portal took a sealed report of this site, period and revision, and its log holds it."""
    code, receipt, entry = (
        "report-received",
        evidence.public.receipt,
        evidence.public.entries.get(EntryKind.ENVELOPE),
    )
    if receipt is None:
        return not_checkable(
            code,
            Phrase("No receipt signed with a key of the portal's directory was given."),
            TAKE_THE_FILE,
        )
    commitment, header = evidence.draw.commitment, receipt.header
    if (header.site, header.period, header.revision) != (
        commitment.site,
        commitment.period,
        commitment.revision,
    ):
        return failed(
            code,
            Phrase(
                (
                    "The receipt is for %(site)s, %(period)s, revision %(revision)s, and not for "
                    "the report that the sample was drawn from."
                ),
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            Phrase("Ask the portal for the receipt of the report that the draw names."),
        )
    if entry is None:
        return not_checkable(
            code,
            Phrase("The proof that the sealed report is in the log was not given."),
            TAKE_THE_FILE,
        )
    if receipt.log_index >= evidence.draw.head.size:
        return not_checkable(code, _AFTER_THE_HEAD)
    leaf = logged.hashed(
        EntryKind.ENVELOPE, bytes.fromhex(receipt.envelope_digest), receipt.received_on
    )
    try:
        merkle.require_inclusion(
            leaf, receipt.log_index, evidence.draw.head.size, entry.proof, evidence.draw.head.root
        )
    except VerificationError as refusal:
        return refused(code, refusal)
    return check_held(
        code,
        Phrase(
            "The portal received the sealed report %(digest)s… on %(day)s and logged it as entry "
            "%(entry)s.",
            digest=receipt.envelope_digest[:16],
            day=receipt.received_on.isoformat(),
            entry=f"{receipt.log_index:,}",
        ),
    )


def values_logged(evidence: Evidence) -> CheckOutcome:
    """The protected values that the plant shows are those that the portal found in the report it
    accepted, and logged.
    """
    code, receipt, entry = (
        "values-logged",
        evidence.public.receipt,
        evidence.public.entries.get(EntryKind.VALUES),
    )
    if receipt is None:
        return not_checkable(
            code,
            Phrase("Without the receipt it is not known which sealed report the values came from."),
            TAKE_THE_FILE,
        )
    if entry is None or entry.logged is None:
        return not_checkable(
            code,
            Phrase("The log entry for the values of this report was not given."),
            TAKE_THE_FILE,
        )
    if entry.index >= evidence.draw.head.size:
        return not_checkable(code, _AFTER_THE_HEAD)
    try:
        _require_logged(entry, evidence)
    except VerificationError as refusal:
        return refused(code, refusal)
    if entry.logged != _object(evidence, receipt):
        return failed(
            code,
            Phrase(
                "The report in the opening is not the one that the portal accepted. Entry "
                "%(entry)s of the log is for the values "
                "found in the sealed report %(digest)s…, which differ from the values shown.",
                entry=f"{entry.index:,}",
                digest=receipt.envelope_digest[:16],
            ),
            Phrase(
                "What was checked is not what was published. Keep the opening and the evidence "
                "file, and tell the coordinator: the report"
                " must not remain in force."
            ),
        )
    labels = len(evidence.report.released.labels)
    return check_held(
        code,
        in_number(
            labels,
            "The only protected value shown is the one that the portal found in the sealed report "
            "and logged as entry %(entry)s.",
            "All %(labels)s protected values shown are those that the portal found in the sealed "
            "report and logged as entry %(entry)s.",
            labels=labels,
            entry=f"{entry.index:,}",
        ),
        labels,
    )


def _object(evidence: Evidence, receipt: Receipt) -> bytes:
    """What the log has to hold for the values of the opened report in the envelope of the
    receipt.
    """
    released, salt = evidence.report.released, evidence.report.salt
    of = ReportRevision(released.site, released.period, released.revision)
    return logged.object_of(
        logged.values(bytes.fromhex(receipt.envelope_digest), of, released.labels, salt)
    )


def _require_logged(entry: ProvenEntry, evidence: Evidence) -> None:
    """Refuse an entry that the log of the draw's head does not hold at its place."""
    head = evidence.draw.head
    leaf = merkle.leaf_hash(logged.leaf_of_object(EntryKind.VALUES, entry.logged or b"", entry.on))
    merkle.require_inclusion(leaf, entry.index, head.size, entry.proof, head.root)


_KINDS = {
    StratumKind.BELOW: Phrase("records at or below the label"),
    StratumKind.USED: Phrase("used records"),
    StratumKind.EXCLUDED: Phrase("excluded records"),
    StratumKind.DAYS: Phrase("days of meters"),
    StratumKind.PADDING: Phrase("padding"),
}


def plan_sufficient(evidence: Evidence) -> CheckOutcome:
    """The draw was at least as sure as one by the standard plan, of every step: of a draw of next
    to nothing nearly every check holds.
    """
    code, plan, steps = "plan-sufficient", evidence.draw.plan, evidence.draw.steps
    left_out = [part.step for part in evidence.contents.steps if steps and part.step not in steps]
    lacking = [_KINDS[kind] for kind in weaker(plan)] + [
        Phrase("used records of %(step)s", step=step) for step in left_out
    ]
    sure = {
        name: f"{floor(1000 * min(_certainties(evidence, share), default=Fraction(1))) / 10:.1f}"
        for name, share in (("tenth", Fraction(1, 10)), ("hundredth", Fraction(1, 100)))
    }
    if lacking:
        return not_checkable(
            code,
            Phrase(
                "If a tenth of a step's used records are misstated, the draw finds this with a "
                "probability of %(tenth)s %%; if a "
                "hundredth, with %(hundredth)s %%. For %(lacking)s this is less certain than the "
                "standard plan.",
                **sure,
                lacking=enumerated(lacking),
            ),
            Phrase("Promise the standard plan for all steps, and draw again."),
        )
    return check_held(
        code,
        Phrase(
            (
                "If a hundredth of a step's used records are misstated, the draw finds this with "
                "a probability of %(hundredth)s %%, "
                "as the standard plan requires."
            ),
            **sure,
        ),
    )


def _certainties(evidence: Evidence, share: Fraction) -> list[Fraction]:
    """How surely a misstated share of a step's used records is met, step by step; of one that was
    not drawn never.
    """
    draw = evidence.draw
    return [
        Fraction(0)
        if draw.steps and part.step not in draw.steps
        else certainty(part.used, draw.plan, share)
        for part in evidence.contents.steps
        if part.used
    ]


def draw_promised(evidence: Evidence) -> CheckOutcome:
    """The auditor's own hands were bound: the log had the promise of this nonce before the tree
    head, and the head is the first after it.

    Without the log's entry nobody sees when the promise was made: who signs it can date it back,
    and try nonces against a known head. Who makes the entry that this head ends with can look for a
    draw all the same: no check sees that (docs/threat-model.md).
    """
    code, promise, head = "draw-promised", evidence.public.promise, evidence.draw.head
    entry = evidence.public.entries.get(EntryKind.AUDIT_PROMISE)
    if promise is None:
        return not_checkable(
            code,
            Phrase(
                "The auditor's promise was not given, so nobody can see that the nonce was fixed "
                "before the draw."
            ),
            TAKE_THE_FILE,
        )
    try:
        require_promised(evidence.draw, promise)
        if entry is None:
            return not_checkable(
                code,
                Phrase(
                    "No proof was given that the promise was in the log before the head of the "
                    "draw. Its own date proves nothing."
                ),
                Phrase(
                    "Download the sample's evidence file from the portal's page: it contains the "
                    "entry and its proof. A promise that "
                    "was never submitted to the portal cannot be proven. In that case, promise on "
                    "the portal and draw again."
                ),
            )
        leaf = logged.hashed(EntryKind.AUDIT_PROMISE, bytes.fromhex(promise.digest), entry.on)
        merkle.require_inclusion(leaf, entry.index, head.size, entry.proof, head.root)
    except VerificationError as refusal:
        return refused(code, refusal)
    wanted = 2 + max(index for index in (entry.index, evidence.committed_at) if index < head.size)
    if head.size != wanted:
        return failed(
            code,
            Phrase(
                (
                    "The draw uses the head of %(size)s entries, but promise and commitment "
                    "require the head of %(wanted)s entries: "
                    "somebody chose the head."
                ),
                size=f"{head.size:,}",
                wanted=f"{wanted:,}",
            ),
            Phrase(
                "Draw again from the head that the portal gives: the first that contains the "
                "promise, the commitment and one more entry."
            ),
        )
    return check_held(
        code,
        Phrase(
            "The nonce and the plan are those that the auditor promised: entry %(entry)s of the "
            "log, before the head of the draw.",
            entry=f"{entry.index:,}",
        ),
    )


def drawn_after_commitment(evidence: Evidence) -> CheckOutcome:
    """The head that the positions follow from holds the commitment: the plant had committed before
    they could be known.
    """
    code, head, entry = "drawn-after-commitment", evidence.draw.head.size, evidence.committed_at
    if head <= entry:
        return failed(
            code,
            Phrase(
                "The tree head has %(head)s entries, and the commitment is entry %(entry)s of the "
                "log: it came after the draw.",
                head=f"{head:,}",
                entry=f"{entry:,}",
            ),
            Phrase("Draw again from a tree head that contains the commitment."),
        )
    if lacking := unproven(evidence, head_signed, commitment_logged, challenge_signed):
        return not_checkable(
            code,
            Phrase(
                "The place of the commitment in the log is not proven: %(checks)s did not hold.",
                checks=lacking,
            ),
            TAKE_THE_FILE,
        )
    return check_held(
        code,
        Phrase(
            "The commitment is entry %(entry)s of the log, before the head of %(head)s entries on "
            "which the draw is based.",
            entry=f"{entry:,}",
            head=f"{head:,}",
        ),
    )


def unproven(evidence: Evidence, *needed: Check) -> str:
    """Codes of those checks that did not hold, which another one rests on; empty where all held."""
    return ", ".join(
        outcome.code
        for outcome in (check(evidence) for check in needed)
        if outcome.state is not CheckState.HELD
    )


def head_signed(evidence: Evidence) -> CheckOutcome:
    """The tree head that the positions follow from is one that the portal signed."""
    code, shown, drawn = "head-signed", evidence.public.head, evidence.draw.head
    if shown is None or not evidence.public.keys_known:
        return not_checkable(
            code,
            Phrase(
                "No signed tree head, or no key directory, was given: the head of the draw is "
                "known only from the auditor."
            ),
            TAKE_THE_FILE,
        )
    if shown != drawn:
        return failed(
            code,
            Phrase(
                "The draw names a head of %(drawn)s entries, which is not the signed head of "
                "%(signed)s entries.",
                drawn=f"{drawn.size:,}",
                signed=f"{shown.size:,}",
            ),
            Phrase(
                "Draw again from a tree head that the portal signed. With any other head the "
                "auditor could have picked the "
                "outcome of the draw."
            ),
        )
    return check_held(
        code,
        Phrase(
            "The portal signed the head of %(size)s entries on which the draw is based.",
            size=f"{drawn.size:,}",
        ),
    )


def commitment_logged(evidence: Evidence) -> CheckOutcome:
    """The commitment is in the public log, at the place that the challenge names, or at that since
    the log was restarted.
    """
    code, head, challenge, again = (
        "commitment-logged",
        evidence.draw.head,
        evidence.challenge,
        evidence.public.relogged,
    )
    if evidence.public.inclusion is None:
        return not_checkable(
            code,
            Phrase("The proof that the commitment is in the log was not given."),
            Phrase("Ask the portal's log for the proof, as a file."),
        )
    index, day = evidence.committed_at, challenge.given_on if again is None else again.on
    if index >= head.size:
        return not_checkable(
            code,
            Phrase(
                "The commitment was logged after the tree head of the draw, so no proof of it is "
                "possible."
            ),
        )
    leaf = logged.hashed(EntryKind.COMMITMENT, bytes.fromhex(challenge.commitment.digest), day)
    try:
        merkle.require_inclusion(leaf, index, head.size, evidence.public.inclusion, head.root)
    except VerificationError as refusal:
        return refused(code, refusal)
    if again is not None:
        return check_held(
            code,
            Phrase(
                "The commitment is entry %(log_index)s of the log of %(size)s entries. The "
                "challenge names entry %(before)s, which was "
                "lost when the log was restarted; the coordinator signed that.",
                log_index=f"{index:,}",
                size=f"{head.size:,}",
                before=f"{challenge.log_index:,}",
            ),
        )
    return check_held(
        code,
        Phrase(
            "The commitment is entry %(log_index)s of the log of %(size)s entries.",
            log_index=f"{index:,}",
            size=f"{head.size:,}",
        ),
    )


def root_committed(evidence: Evidence) -> CheckOutcome:
    """One root everywhere: in what the auditor has from the portal, in the draw, in the challenge
    and in the report.
    """
    code, own = "root-committed", evidence.draw.commitment
    if evidence.public.commitment is None:
        return not_checkable(
            code,
            Phrase(
                "The root could not be compared: no commitment from a source other than the plant "
                "and the draw was given."
            ),
            TAKE_THE_FILE,
        )
    alike = (
        evidence.public.commitment == own == evidence.challenge.commitment
        and evidence.report.data_root == own.data_root
    )
    if not alike:
        return failed(
            code,
            Phrase(
                "The root of the draw is not the one that was committed to, or the challenge or "
                "the report belongs to another root."
            ),
            Phrase(
                "Get the commitment from the portal's log again. If the fault remains, the data "
                "were exchanged after they had been "
                "committed to."
            ),
        )
    root = own.data_root.hex()[:16]
    return check_held(
        code,
        Phrase("Commitment, challenge, report and draw name the same root, %(root)s….", root=root),
    )


def challenge_signed(evidence: Evidence) -> CheckOutcome:
    """The challenge that keyed the draws is the portal's."""
    code, challenge, public_challenge = (
        "challenge-signed",
        evidence.challenge,
        evidence.public.challenge,
    )
    if public_challenge is not None and (
        public_challenge.nonce,
        public_challenge.commitment,
        public_challenge.log_index,
    ) != (
        challenge.nonce,
        challenge.commitment,
        challenge.log_index,
    ):
        return failed(
            code,
            Phrase(
                "The challenge in the opening differs from the one that was given separately: the "
                "draws used other numbers."
            ),
            Phrase(
                "Keep both. If the portal signed both, it gave two challenges for one commitment, "
                "which is not allowed. If it signed "
                "only the one that was given separately, the plant changed the one in the opening."
            ),
        )
    if not evidence.public.keys_known:
        return not_checkable(
            code,
            Phrase(
                "The portal's key directory was not given, so the signature of the challenge was "
                "not checked."
            ),
            TAKE_THE_FILE,
        )
    if challenge.nonce != evidence.report.challenge:
        return failed(
            code,
            Phrase("The report names a different challenge from the one shown."),
            Phrase("Use the challenge that the portal gave for this commitment."),
        )
    day, key = challenge.given_on.isoformat(), challenge.key_id[:16]
    return check_held(
        code,
        Phrase(
            "The portal gave the challenge on %(day)s, signed with its key %(key)s.",
            day=day,
            key=key,
        ),
    )
