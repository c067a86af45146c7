"""The lines of a verdict on the screen."""

from __future__ import annotations

import pytest

from benchmarks.audit.evidence import CheckOutcome, CheckState
from benchmarks.declared import Words
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.verdict import AuditVerdict


@pytest.mark.parametrize(("count", "is_told"), [(31, True), (20, False)])
def test_records_that_are_not_listed_are_counted_on_the_screen_as_in_the_report(
    count: int, is_told: bool
) -> None:
    places = tuple(Words(en=f"batch {number}") for number in range(20))
    verdict = AuditVerdict(
        (
            CheckOutcome(
                "nothing-left-out",
                CheckState.FAILED,
                Words(en="Rows are missing."),
                None,
                places,
                count,
            ),
        )
    )
    assert ("and 11 more" in telling.lines(verdict)) is is_told
    assert ("and 11 more" in telling.markdown(verdict)) is is_told
