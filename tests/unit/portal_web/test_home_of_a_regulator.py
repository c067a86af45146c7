"""What changed since an officer was here, and the lines of the audit trail that it leads to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from portal.web.presenters.home import changes_of_regulator

SINCE = datetime(2026, 5, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Los_Angeles", "2026-05-03"), ("UTC", "2026-05-04"), ("Asia/Shanghai", "2026-05-04")],
)
def test_the_trail_begins_on_the_day_of_the_last_visit_where_the_officer_is(
    zone: str, day: str
) -> None:
    """Eight in the evening of the third in Los Angeles: from the fourth on the first hours would be
    missing.
    """
    with timezone.override(zone):
        (change,) = changes_of_regulator({"report.accepted": 2}, SINCE)
        assert change.url.endswith(f"?action=report.accepted&after={day}")
    with timezone.override("Asia/Shanghai"):
        (late,) = changes_of_regulator({"report.accepted": 2}, SINCE.replace(hour=20))
        assert late.url.endswith("after=2026-05-05"), "and no line of the day before"
