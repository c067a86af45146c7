"""What kind of answer each check gives. A check is of one kind, and every answer names it.

- **bound**: what is shown is what the portal accepted, logged and signed, and nothing put in its
  place;
- **recomputed**: a figure comes out again from what lies behind it;
- **complete**: nothing that belongs there is missing, nothing is there that does not belong.

No kind stands for another: figures that come out again say nothing of what was published unless
they are bound to it.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from enum import StrEnum

from benchmarks.wire.verdicts import EvidenceLimit, SampleVerdict


class CheckKind(StrEnum):
    BOUND = "bound"
    RECOMPUTED = "recomputed"
    COMPLETE = "complete"


SUMMARY = "steplabel/verify-summary/1"
"""The file by which a certification body tells the portal how the checks of an opening came out, by
code.
"""

ON_SITE = "whole-recomputed"
"""Asked only of an auditor at the plant, with the plant's own files."""

OF_A_SAMPLE: dict[str, CheckKind] = {
    "report-received": CheckKind.BOUND,
    "values-logged": CheckKind.BOUND,
    "draw-promised": CheckKind.BOUND,
    "plan-sufficient": CheckKind.COMPLETE,
    "drawn-after-commitment": CheckKind.BOUND,
    "head-signed": CheckKind.BOUND,
    "commitment-logged": CheckKind.BOUND,
    "root-committed": CheckKind.BOUND,
    "challenge-signed": CheckKind.BOUND,
    "leaves-proven": CheckKind.BOUND,
    "key-committed": CheckKind.BOUND,
    "readings-committed": CheckKind.BOUND,
    "method-declared": CheckKind.RECOMPUTED,
    "noise-repeated": CheckKind.RECOMPUTED,
    "withheld-justified": CheckKind.COMPLETE,
    "ranks-and-counts": CheckKind.RECOMPUTED,
    "records-recomputed": CheckKind.RECOMPUTED,
    "records-with-evidence": CheckKind.COMPLETE,
    "one-batch-at-a-time": CheckKind.COMPLETE,
    "exclusions-justified": CheckKind.RECOMPUTED,
    "everything-opened": CheckKind.COMPLETE,
    "leaves-of-their-kind": CheckKind.COMPLETE,
    "nothing-left-out": CheckKind.COMPLETE,
    "edges-at-rest": CheckKind.COMPLETE,
    "output-weighed": CheckKind.COMPLETE,
}
"""The checks of an opening, by code. What of them a summary does not name was not done."""

NOT_ASKED: dict[EvidenceLimit, frozenset[str]] = {
    EvidenceLimit.ENERGY_BY_BATCH: frozenset(
        {"readings-committed", "nothing-left-out", "edges-at-rest"}
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: frozenset(),
    EvidenceLimit.OUTPUT_FROM_ROWS: frozenset({"output-weighed"}),
    EvidenceLimit.SINGLE_RECORDS: frozenset({ON_SITE}),
}
"""By what the evidence cannot show, the checks that are then not asked for."""

OF_THE_PORTAL: dict[str, CheckKind] = {
    "receipt-signed": CheckKind.BOUND,
    "benchmark-signed": CheckKind.BOUND,
    "benchmark-logged": CheckKind.BOUND,
    "benchmark-recomputed": CheckKind.RECOMPUTED,
    "repeats-shown-before": CheckKind.RECOMPUTED,
    "left-out-justified": CheckKind.COMPLETE,
    "explanation-follows": CheckKind.RECOMPUTED,
    "heads-agree": CheckKind.BOUND,
    "checkpoint-signed": CheckKind.BOUND,
    "statement-signed": CheckKind.BOUND,
    "directory-signed": CheckKind.BOUND,
    "pack-signed": CheckKind.BOUND,
    "practices-signed": CheckKind.BOUND,
    "entries-logged": CheckKind.BOUND,
    "version-logged": CheckKind.BOUND,
    "values-published": CheckKind.BOUND,
    "form-signed": CheckKind.BOUND,
}
"""Checks of files that the portal gives out, without a plant."""

OF_PAPERS: dict[str, CheckKind] = dict.fromkeys(
    ("bill-and-meters", "stock-and-meters", "sales-and-output", "calibration"), CheckKind.COMPLETE
)
"""Meters held against the world outside (`steplabel-agent reconcile`)."""

KIND_OF: dict[str, CheckKind] = {
    **OF_A_SAMPLE,
    ON_SITE: CheckKind.RECOMPUTED,
    **OF_THE_PORTAL,
    **OF_PAPERS,
}


def verdict_of(
    held: Set[str], failed: Set[str], not_checkable: Set[str], limits: Collection[EvidenceLimit]
) -> SampleVerdict:
    """The verdict of an opening whose checks came out so, by code. A check that is named nowhere,
    and that no limit of the evidence excuses, was not made. Bound is what every check that binds
    says so of.
    """
    excused = frozenset[str]().union(*(NOT_ASKED[limit] for limit in limits))
    asked = ({*OF_A_SAMPLE, ON_SITE} - excused) | held | failed | not_checkable
    binding = {code for code in asked if KIND_OF.get(code) is CheckKind.BOUND}
    return SampleVerdict(
        bound=binding <= held,
        held=len(held),
        failed=tuple(sorted(failed)),
        not_checkable=tuple(sorted(asked - held - failed)),
        limits=tuple(limit for limit in EvidenceLimit if limit in limits),
    )
