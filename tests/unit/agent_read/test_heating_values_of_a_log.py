"""A production log's fuel has its heat as a batch's has: by the laboratory's value of the day, else
by the table's, which is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.outward.releasable import steps_in_doubt

DAYS = 60
START = datetime(2026, 1, 1, tzinfo=UTC)


def read(
    folder: Path, carrier: str, unit: str, per_t: float, settings: str = "", beside: str = "note"
) -> tuple[LabelResult, SiteLabel]:
    """The labels, at home and on the way out, of sixty days of 200 t of clinker an hour; every
    tenth day names 90 t of something beside.
    """
    hours = [START + timedelta(hours=hour) for hour in range(1, 24 * DAYS + 1)]
    cells = [
        "90" if beside != "note" and (hour.day % 10, hour.hour) == (0, 7) else "" for hour in hours
    ]
    rows = [
        f"{hour.isoformat()},kiln,clinker-burning,grey,200,{200 * per_t},{cell}"
        for hour, cell in zip(hours, cells, strict=True)
    ]
    (folder / "log.csv").write_text(
        "\n".join([f"timestamp,equipment,step,variant,output_quantity,energy,{beside}", *rows])
        + "\n",
        encoding="utf-8",
    )
    (folder / "site.toml").write_text(
        f'[site]\nid = "works"\ntimezone = "UTC"\npack = "cement"\n[inputs]\nlog = "log.csv"\n'
        f'[runs]\nby = "day"\ncarrier = "{carrier}"\nunit = "{unit}"\n{settings}',
        encoding="utf-8",
    )
    site, period = load_site(folder / "site.toml"), Period.parse("2026", UTC)
    result = pipeline.label(site, period, outward=True)
    return result, pipeline.outgoing_label(site, result.data, period)


def thermal(labels: Sequence[StepLabel]) -> StepLabel:
    return next(label for label in labels if label.metric is Metric.THERMAL)


LHV = '[[lhv]]\ncarrier = "coal"\nfrom = 2026-01-01\nvalue = 23.1\nunit = "MJ/kg"\n'


def test_coal_of_a_log_counts_by_the_laboratorys_value(tmp_path: Path) -> None:
    """0.13 t of 23.1 MJ/kg a tonne of clinker, on the site and on its way out."""
    result, outward = read(tmp_path, "coal", "t", 0.13, LHV)
    label = thermal(result.site_label.steps)
    assert (label.used, label.excluded) == (DAYS, {})
    assert label.best.value == pytest.approx(130 * 23.1)
    assert label.unit == "MJ/t"
    leaving = thermal(outward.steps)
    assert leaving.used == DAYS
    assert leaving.best.value == pytest.approx(label.best.value, rel=1e-3)


def test_coal_of_which_nothing_says_how_much_heat_it_holds_is_left_out_and_told(
    tmp_path: Path,
) -> None:
    result, _ = read(tmp_path, "coal", "t", 0.13)
    assert thermal(result.site_label.steps).excluded == {"lhv-required": DAYS}
    assert "lhv-required" in {finding.code for finding in result.findings}


def test_a_default_of_the_table_is_told(tmp_path: Path) -> None:
    result, _ = read(tmp_path, "natural-gas", "Nm3", 85.0)
    assert "heating-value-default" in {finding.code for finding in result.findings}


def test_fuel_that_the_log_names_beside_its_energy_leaves_no_label(tmp_path: Path) -> None:
    """As in a batches file: five runs are left out, and the other 55 are not all that the step
    burns.
    """
    result, _ = read(tmp_path, "coal", "t", 0.13, LHV, "petcoke (t)")
    label = thermal(result.site_label.steps)
    assert (label.best.value, label.best.reason) == (None, "fuel-not-counted")
    (refused,) = steps_in_doubt(result.site_label).values()
    assert "names fuel" in str(refused.sentence)
