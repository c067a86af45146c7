"""Periods of different lengths beside each other in a list."""

from __future__ import annotations

from portal.standings.reports import began_and_ended


def test_the_newest_period_is_the_one_that_began_last_and_of_two_that_began_together_the_longer() -> (
    None
):
    """As texts they would be 2026-Q4, 2026-12, 2026-10, 2026, 2025-Q1, 2025."""
    periods = ["2025", "2026-10", "2026", "2026-Q4", "2025-Q1", "2026-12"]
    newest_first = sorted(periods, key=began_and_ended, reverse=True)
    assert newest_first == ["2026-12", "2026-Q4", "2026-10", "2026", "2025", "2025-Q1"]
