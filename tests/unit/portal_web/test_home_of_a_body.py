"""What waits for a certification body on its first page, each with the day that it is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from benchmarks.phrases import Name
from portal.assurance.models.findings import FindingAct, FindingGrade
from portal.web.presenters.home import WaitingTask, of_body
from tests.unit.portal.test_what_audits_ask_and_tell import DAY, TODAY, engagement, finding, stated

LONG_PAST = TODAY - timedelta(days=300)


def waiting(**changed: Any) -> list[tuple[str, bool]]:
    rows: list[WaitingTask] = list(
        of_body([engagement(id=1, site_name=Name("Works"), period="2016", **changed)], TODAY)
    )
    return [(row.when, row.late) for row in rows]


@pytest.mark.parametrize("due", [None, LONG_PAST])
def test_what_was_attested_is_not_late_because_its_conclusion_was_due_once(due: Any) -> None:
    assert waiting(due=due, concluded=True, attestations=(stated(TODAY + 60 * DAY),)) == [
        ("in 60 days", False)
    ]
    answered = finding(FindingGrade.MINOR, TODAY, FindingAct.ANSWERED)
    assert waiting(due=due, concluded=True, findings=(answered,)) == [("No deadline", False)]


def test_what_holds_a_conclusion_up_is_due_with_it() -> None:
    answered = finding(FindingGrade.MINOR, TODAY, FindingAct.ANSWERED)
    assert waiting(due=TODAY + 40 * DAY, findings=(answered,)) == [("in 40 days", False)]
    assert waiting(due=LONG_PAST) == [("300 days late", True)] * 2, (
        "the conclusion, and that nothing stands in its way"
    )
