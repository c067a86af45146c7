"""The verdict of an opening: how its checks came out, what its evidence cannot show, and what is
still to be seen on site.

The same record stands in the auditor's report, in the summary that goes to the portal and in the
statement that is signed, and one sentence follows from it for all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from benchmarks.phrases import Phrase, joined, listed
from benchmarks.wire.fields import Fields
from benchmarks.wire.records import FieldKind, Record, whole

MOST_CHECKS = 100
CHECK_CODE = re.compile(r"[a-z][a-z-]{0,59}")
BINDING = {True: "bound", False: "not-bound"}
_BINDINGS = re.compile("|".join(BINDING.values()))


class EvidenceLimit(StrEnum):
    """What the evidence at hand cannot show, however its checks come out."""

    ENERGY_BY_BATCH = "energy-by-batch"
    ENERGY_FROM_ROWS = "energy-from-rows"
    OUTPUT_FROM_ROWS = "output-from-rows"
    SINGLE_RECORDS = "single-records"


class VerdictState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_VERIFIED = "not-verified"


CANNOT_SHOW: dict[EvidenceLimit, Phrase] = {
    EvidenceLimit.ENERGY_BY_BATCH: Phrase(
        "the energy of each batch, which only the plant's own rows give"
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: Phrase(
        "the energy that no meter counts, which only the plant's own rows give"
    ),
    EvidenceLimit.OUTPUT_FROM_ROWS: Phrase(
        "the output of each batch, for which there are no scale records"
    ),
    EvidenceLimit.SINGLE_RECORDS: Phrase(
        "every single record, because a sample finds shares of misstated ones"
    ),
}
SEE_ON_SITE: dict[EvidenceLimit, Phrase] = {
    EvidenceLimit.ENERGY_BY_BATCH: Phrase(
        "the rows of energy in the plant's own systems, and their sum beside bills"
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: Phrase(
        "the rows of energy in the plant's own systems, and their sum beside bills"
    ),
    EvidenceLimit.OUTPUT_FROM_ROWS: Phrase("the output in the plant's weighing or sales records"),
    EvidenceLimit.SINGLE_RECORDS: Phrase("the whole label, recomputed from the plant's files"),
}


def _bound(fields: Fields, name: str) -> bool:
    return fields.matching(name, _BINDINGS, Phrase("bound or not-bound")) == BINDING[True]


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    named = (Fields({"code": code}, fields.path(name)) for code in fields.items(name, MOST_CHECKS))
    return tuple(entry.matching("code", CHECK_CODE, Phrase("codes of checks")) for entry in named)


def _limits(fields: Fields, name: str) -> tuple[EvidenceLimit, ...]:
    pattern = re.compile("|".join(EvidenceLimit))
    wanted = Phrase("limits of the evidence: %(limits)s", limits=", ".join(EvidenceLimit))
    named = (
        Fields({"limit": limit}, fields.path(name))
        for limit in fields.items(name, len(EvidenceLimit))
    )
    return tuple(EvidenceLimit(entry.matching("limit", pattern, wanted)) for entry in named)


Codes = Annotated[tuple[str, ...], FieldKind(_codes, list)]


@dataclass(frozen=True, slots=True)
class SampleVerdict(Record):
    """How the checks of an opening came out that were asked for: how many held, and the codes of
    those that failed or could not be made. `bound` says whether what was opened was shown to be the
    report that the portal accepted.
    """

    bound: Annotated[bool, FieldKind(_bound, BINDING.__getitem__, "binding")]
    held: Annotated[int, whole(0, MOST_CHECKS)]
    failed: Codes
    not_checkable: Codes
    limits: Annotated[
        tuple[EvidenceLimit, ...],
        FieldKind(_limits, lambda limits: [limit.value for limit in limits]),
    ]

    @property
    def state(self) -> VerdictState:
        if self.failed:
            return VerdictState.FAILED
        return (
            VerdictState.PASSED
            if self.bound and not self.not_checkable
            else VerdictState.NOT_VERIFIED
        )

    @property
    def sentence(self) -> Phrase:
        """What was asked and how it came out, what this evidence cannot show, and what is still to
        be seen on site: the same words wherever the verdict stands.
        """
        told = self._outcome()
        if self.state is not VerdictState.PASSED and not self.bound:
            unbound = Phrase(
                "It is not shown that the opened report is the one that the portal accepted."
            )
            told = joined(told, unbound)
        if self.limits:
            shown = dict.fromkeys(SEE_ON_SITE[limit] for limit in self.limits)
            hidden = Phrase(
                "This evidence cannot show: %(what)s.",
                what=listed(CANNOT_SHOW[limit] for limit in self.limits),
            )
            see = Phrase("Still to be seen on site: %(what)s.", what=listed(shown))
            told = joined(joined(told, hidden), see)
        return told

    def _outcome(self) -> Phrase:
        counts = {
            "held": f"{self.held:,}",
            "failed": f"{len(self.failed):,}",
            "missing": f"{len(self.not_checkable):,}",
            "all": f"{self.held + len(self.failed) + len(self.not_checkable):,}",
        }
        if self.failed and self.not_checkable:
            return Phrase(
                "FAILED: %(failed)s of %(all)s checks that were asked for; %(held)s passed, "
                "%(missing)s could not be made.",
                **counts,
            )
        if self.failed:
            return Phrase(
                "FAILED: %(failed)s of %(all)s checks that were asked for; %(held)s passed.",
                **counts,
            )
        if self.state is VerdictState.NOT_VERIFIED:
            return Phrase(
                "NOT VERIFIED: %(held)s of %(all)s checks that were asked for passed; %(missing)s "
                "could not be made.",
                **counts,
            )
        return Phrase(
            "All %(all)s checks that were asked for passed. The opened report is the one that the "
            "portal accepted.",
            **counts,
        )
