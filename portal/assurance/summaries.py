"""The summary of an opening that a certification body hands in: how each check came out, by code.
It can hold no record of a plant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.audit.sample_file import NOT_ASKED, verdict_of
from benchmarks.wire.attestations import CHECK_CODE, MOST_CHECKS, EvidenceLimit, SampleVerdict
from benchmarks.wire.schema import MOST_REVISIONS
from portal.listing import PERIOD, SITE
from portal.problems import RefusedError

MOST_SUMMARY_BYTES = 8192
MOST_RECORDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of an opening: its verdict, and of how many records each failed check did."""

    site: str
    period: str
    revision: int
    draw: str
    verdict: SampleVerdict
    failed: Mapping[str, int]


Code = Annotated[str, Field(pattern=f"^{CHECK_CODE.pattern}$")]


class _SummaryFile(BaseModel):
    """Texts that can hold no record: codes, counts, and the names of site, period and draw, which
    the portal has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal["steplabel/verify-summary/1"] = Field(alias="schema")
    site: str = Field(pattern=f"^{SITE}$")
    period: str = Field(pattern=f"^({PERIOD})$")
    revision: int = Field(ge=1, le=MOST_REVISIONS)
    draw: str = Field(pattern="^[0-9a-f]{64}$")
    held: list[Code] = Field(max_length=MOST_CHECKS)
    failed: dict[Code, Annotated[int, Field(ge=0, le=MOST_RECORDS)]] = Field(max_length=MOST_CHECKS)
    not_checkable: list[Code] = Field(max_length=MOST_CHECKS)
    limits: list[EvidenceLimit] = Field(max_length=len(EvidenceLimit), strict=False)


def read_summary(raw: bytes) -> Summary:
    """What the agent's `verify` writes. Whatever holds more than codes and counts is refused, and
    not kept.

    Raises:
        RefusedError: `summary-not-counts` (409).
    """
    refused = RefusedError(
        409,
        "summary-not-counts",
        "The file contains something other than counts and codes, or it is not a summary.",
        "Submit the summary that verify wrote. Do not submit the opening or the report: you keep "
        "them.",
    )
    if len(raw) > MOST_SUMMARY_BYTES:
        raise refused
    try:
        summary = _SummaryFile.model_validate_json(raw)
    except ValueError as error:
        raise refused from error
    passed, missing = frozenset(summary.held), frozenset(summary.not_checkable)
    named = passed | missing | summary.failed.keys()
    excused = frozenset[str]().union(*(NOT_ASKED[limit] for limit in summary.limits))
    if len(passed) + len(missing) + len(summary.failed) != len(named) or excused & named:
        raise refused
    return Summary(
        summary.site,
        summary.period,
        summary.revision,
        summary.draw,
        verdict_of(passed, summary.failed.keys(), missing, summary.limits),
        summary.failed,
    )
