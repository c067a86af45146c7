"""A row of the log that cannot be read was a batch: it is counted as left out, and the mean of the
others is not that of the year.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.report import summary

SITE = """
[site]
id = "works-3"
timezone = "UTC"
pack = "steel"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""
DAYS = 365


def labelled(folder: Path, unknown: int, year: str = "2026") -> LabelResult:
    """A pelletising year of which so many days have a word for a state that nobody knows, spread
    over the year.
    """
    bad = set(range(0, DAYS, DAYS // unknown)[:unknown]) if unknown else set()
    runs = [
        "batch_id,step,start,end,output_quantity,output_unit,state,var.rare_earth_pct,var.vti_pct,var.laterite_pct"
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit"]
    for day in range(DAYS):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        state = "test" if day in bad else "normal"
        runs.append(
            f"p{day},pelletising,{start.isoformat()},{(start + timedelta(days=1)).isoformat()},1000,t,{state},0,0,0"
        )
        energy += [
            f"p{day},pelletising,coal,10000,kg,27,MJ/kg",
            f"p{day},pelletising,electricity,30000,kWh,,",
        ]
        energy.append(f"p{day},pelletising,coke-oven-gas,300000,MJ,,")
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(runs) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    return pipeline.label(load_site(folder / "site.toml"), Period.parse(year, UTC))


@pytest.mark.parametrize("unknown", [0, 3, 121])
def test_they_are_batches_left_out_and_beyond_one_in_a_hundred_there_is_no_grade(
    tmp_path: Path, unknown: int
) -> None:
    result = labelled(tmp_path, unknown)
    (label,) = result.site_label.steps
    assert (label.read, label.used) == (DAYS, DAYS - unknown)
    assert label.excluded == ({"unreadable": unknown} if unknown else {})
    assert (label.grade.best_met, label.grade.reason) == (
        (3, None) if unknown < 4 else (None, "rows-unreadable")
    )
    text = summary.as_text(result)
    assert f"{DAYS - unknown} of {DAYS} batches used" in text
    assert ("121 of 365 batches (33%) cannot be read" in text) == (unknown == 121)


def test_rows_of_another_year_are_not_of_this_one(tmp_path: Path) -> None:
    assert labelled(tmp_path, 121, "2025").data.unread == {}
