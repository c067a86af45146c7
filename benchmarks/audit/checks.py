"""Runs all checks of an opening, one for each way of cheating, in their order, and tells what each
found.

What a sample can show and what only the whole can:

| tampering | check | by a sample |
|---|---|---|
| another report opened than was sent | report-received, values-logged | always |
| a root swapped, a draw chosen | root-committed, commitment-logged, head-signed, draw-promised | always |
| a draw of next to nothing | plan-sufficient | always |
| a record not committed to, or held back | leaves-proven, everything-opened, leaves-of-their-kind | always |
| noise not from the report's key | key-committed, challenge-signed, noise-repeated | always: a draw reads leaf 0 alone |
| a label withheld that could be released | withheld-justified | always; of a second metric by opened batches |
| another method than reported | method-declared | always |
| counts not those of the records | ranks-and-counts | at the label's rank always, else as promised; of further metrics by room alone |
| a table that names something wrongly or twice | leaves-of-their-kind | always |
| a batch committed to more than once | records-with-evidence | of leaves opened, or beside an opened one |
| a batch under several ids at one time | one-batch-at-a-time | of pairs that are both opened; a proof only of small steps |
| energy, exclusions, batches, readings | the others | with the promised probability |

Only the whole recomputation on site shows that no record at all was misstated.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.audit import completeness, computed, counts, draw_and_commitment, proven, withheld
from benchmarks.audit.evidence import Check, CheckOutcome, Evidence

CHECKS: tuple[Check, ...] = (
    draw_and_commitment.report_received,
    draw_and_commitment.values_logged,
    draw_and_commitment.draw_promised,
    draw_and_commitment.plan_sufficient,
    draw_and_commitment.drawn_after_commitment,
    draw_and_commitment.head_signed,
    draw_and_commitment.commitment_logged,
    draw_and_commitment.root_committed,
    draw_and_commitment.challenge_signed,
    proven.everything_opened,
    proven.leaves_proven,
    proven.leaves_of_their_kind,
    proven.method_declared,
    proven.key_committed,
    proven.noise_repeated,
    withheld.withheld_justified,
    computed.ranks_and_counts,
    computed.readings_committed,
    computed.records_recomputed,
    computed.records_with_evidence,
    counts.one_batch_at_a_time,
    computed.exclusions_justified,
    completeness.nothing_left_out,
    completeness.edges_at_rest,
    completeness.output_weighed,
)


def run(evidence: Evidence, checks: Iterable[Check] = CHECKS) -> tuple[CheckOutcome, ...]:
    """What every check found, in order."""
    return tuple(check(evidence) for check in checks)
