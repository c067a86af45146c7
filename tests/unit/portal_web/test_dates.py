"""What is written by our own few letters is what Django would write."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import dateformat, translation

from portal.web.dates import _pieces, written

MOMENTS = [datetime(2026, month, day, month, 59 - day, tzinfo=ZoneInfo("Asia/Kolkata")) for month in range(1, 13) for day in (1, 9, 28)]
PATTERNS = ("j F Y, H:i", "Y 年 n 月 j 日 H:i", "j F Y", "Y 年 n 月 j 日", "F Y", "Y 年 n 月")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_is_written_as_django_writes_it(pattern: str, language: str) -> None:
    assert _pieces(pattern) is not None
    with translation.override(language):
        for moment in (*MOMENTS, datetime(31, 2, 3, 0, 0, tzinfo=UTC), datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=1)):
            assert written(moment, pattern) == dateformat.format(moment, pattern)
            if "H" not in pattern:
                assert written(moment.date(), pattern) == dateformat.format(moment.date(), pattern)


@pytest.mark.parametrize("pattern", ["D j M y", r"j \d\e F", "jS F", "c", "H:i:s"])
def test_other_patterns_are_left_to_django(pattern: str) -> None:
    assert _pieces(pattern) is None
    for moment in MOMENTS:
        assert written(moment, pattern) == dateformat.format(moment, pattern)


def test_a_day_has_no_hour() -> None:
    with pytest.raises(AttributeError):
        written(date(2026, 1, 1), "j F Y, H:i")
