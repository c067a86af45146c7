"""The summary of an opening that a certification body hands in: how each check came out, by code.
It can hold no record of a plant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.audit.kinds import OF_A_SAMPLE, OF_READINGS, WHERE_COMMITTED, CheckKind
from benchmarks.wire.attestations import BINDING, CHECK_CODE, MOST_CHECKS
from benchmarks.wire.schema import MOST_REVISIONS
from portal.listing import PERIOD, SITE
from portal.problems import RefusedError

MOST_SUMMARY_BYTES = 8192
MOST_RECORDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of an opening, check by check: which held, of how many records each failed, and
    which could not be made.
    """

    site: str
    period: str
    revision: int
    draw: str
    bound: bool
    held: frozenset[str]
    failed: Mapping[str, int]
    not_checkable: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The checks that were not made: said to be not checkable, or not named at all."""
        return tuple(
            sorted(
                self.not_checkable
                | (OF_A_SAMPLE.keys() - WHERE_COMMITTED - self.held - self.failed.keys())
            )
        )

    @property
    def is_bound(self) -> bool:
        """Whether every check that binds held; what the file says of the whole is not enough. Of a
        site without readings none can be bound, and the summary names that check as not made.
        """
        binding = {code for code, kind in OF_A_SAMPLE.items() if kind is CheckKind.BOUND}
        by_batch = self.not_checkable >= OF_READINGS
        return self.bound and self.held >= (binding - OF_READINGS if by_batch else binding)


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
    binding: Literal["bound", "not-bound"]
    held: list[Code] = Field(max_length=MOST_CHECKS)
    failed: dict[Code, Annotated[int, Field(ge=0, le=MOST_RECORDS)]] = Field(max_length=MOST_CHECKS)
    not_checkable: list[Code] = Field(max_length=MOST_CHECKS)


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
    if len(passed) + len(missing) + len(summary.failed) != len(
        passed | missing | summary.failed.keys()
    ):
        raise refused
    return Summary(
        summary.site,
        summary.period,
        summary.revision,
        summary.draw,
        summary.binding == BINDING[True],
        passed,
        summary.failed,
        missing,
    )
