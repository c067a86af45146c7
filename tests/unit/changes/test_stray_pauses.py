"""Days that follow one another, with one reading before the first of them: no pause, whether a
period cuts it off or not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.changes.change import ChangeCause, ChangeKind
from reporting_agent.changes.review import ChangeQuestion, review
from reporting_agent.config import load_site

SITE = """
[site]
id = "works"
timezone = "UTC"
pack = "cement"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "el"
step = "cement-grinding"
carrier = "electricity"
reading = "interval"
unit = "kWh"
"""
FIRST = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 365
COOLING = slice(150, 250)


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """A mill whose every day is a run, that needs 2.2 times as much in summer; its meter begins an
    hour before.
    """
    chance = np.random.default_rng(2)
    power = 2500 * np.exp(chance.normal(0, 0.25, DAYS))
    power[COOLING] *= 2.2
    rows = ["meter_id,timestamp,value", f"el,{FIRST.isoformat()},500"]
    batches = ["batch_id,step,product,variant,start,end,output_quantity,output_unit,status,state"]
    for number, hourly in enumerate(power.tolist()):
        begins = FIRST + timedelta(days=number)
        times = f"{begins.isoformat()},{(begins + timedelta(days=1)).isoformat()}"
        batches.append(f"D-{number},cement-grinding,cement,portland,{times},2000,t,good,normal")
        rows += [
            f"el,{(begins + timedelta(hours=hour + 1)).isoformat()},{load:.3f}"
            for hour, load in enumerate(hourly * chance.uniform(0.9, 1.1, 24))
        ]
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "batches.csv").write_text("\n".join(batches) + "\n", encoding="utf-8")
    (tmp_path / "readings.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def asked(folder: Path, period: str | None) -> tuple[ChangeQuestion, ...]:
    site = load_site(folder / "site.toml")
    return review(
        site, pipeline.read(site, Period.parse(period, site.zone) if period else None)
    ).open


def test_check_and_label_name_the_same_cause_of_the_same_data(works: Path) -> None:
    """Without a period the hour before the first day was a pause: `check` named current
    transformers first, `label` the process.
    """
    of_check, of_label = asked(works, None), asked(works, "2022")
    assert [question.change.causes for question in of_check] == [
        question.change.causes for question in of_label
    ]
    assert {question.change.causes[0] for question in of_check} == {ChangeCause.PROCESS}
    assert all('kind = "process"' in question.declare for question in of_check)


def test_a_log_of_days_that_lacks_some_is_no_rounded_log(works: Path) -> None:
    """The load goes on over midnight, so that edges beside missing days lie anywhere: `check` asked
    for the minutes of a day's end.
    """
    log = works / "batches.csv"
    head, *days = log.read_text(encoding="utf-8").splitlines()
    remaining = np.sort(np.random.default_rng(5).choice(len(days), len(days) - 90, replace=False))
    log.write_text("\n".join([head, *(days[day] for day in remaining)]) + "\n", encoding="utf-8")
    assert ChangeKind.ROUNDING not in {question.change.kind for question in asked(works, None)}
