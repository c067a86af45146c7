"""A label that rests on runs of a time that has not come says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_agent.pipeline.provisos import in_the_future
from tests.unit.agent_read.small_works import Ran, labelled, took, works


@pytest.mark.parametrize(("now", "later"), [(datetime(2026, 2, 1, tzinfo=UTC), 28), (datetime(2027, 1, 1, tzinfo=UTC), 0)])
def test_runs_later_than_now_are_told_beside_the_label(tmp_path: Path, now: datetime, later: int) -> None:
    """60 days from the first of January: 28 begin after the first of February."""
    mill = Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    made = in_the_future.with_sentences(labelled(works(tmp_path, "cement", {"cement-grinding": mill})).site_label, now)
    for label in made.steps:
        said = [one.en for one in label.account if "later than now" in one.en]
        assert [one.partition(" ")[0] for one in said] == ([str(later)] if later else [])
