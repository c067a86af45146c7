"""Heating values booked by day about a right mean: the year is right, and the low quantile must not find the days of low assays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult, outward, scattered

SITE = '[site]\nid = "works"\ntimezone = "UTC"\npack = "cement"\n[inputs]\nbatches = "batches.csv"\nenergy = "energy.csv"\n'
MJ_PER_KGCE = 29.3076
CONSTANT = 128 * 25.1 / MJ_PER_KGCE + 25 * 0.1229  # 112.696 kgce/t


def kiln(folder: Path, coal: Callable[[int], tuple[float, float]]) -> LabelResult:
    """Sixty days of 1,000 t of clinker; coal in kg/t and MJ/kg by day."""
    runs, energy = ["batch_id,step,start,end,output_quantity,output_unit,variant"], ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit"]
    for day in range(60):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        runs.append(f"c{day},clinker-burning,{start.isoformat()},{(start + timedelta(days=1)).isoformat()},1000,t,grey")
        kg, lhv = coal(day)
        energy += [f"c{day},clinker-burning,coal,{1000 * kg},kg,{lhv},MJ/kg", f"c{day},clinker-burning,electricity,25000,kWh,,"]
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(runs) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    return pipeline.label(load_site(folder / "site.toml"), Period.parse("2026", UTC))


def total(result: LabelResult) -> StepLabel:
    return next(one for one in result.site_label.steps if one.metric is Metric.TOTAL)


def test_assays_of_days_about_a_right_mean_win_nothing(tmp_path: Path) -> None:
    """128 kg every day, 21.6 MJ/kg on every third and 26.85 on the others: 97.41 by days, 112.696 in truth."""
    result = kiln(tmp_path, lambda day: (128, 26.85 if day % 3 else 21.6))
    assert total(result).best.value == pytest.approx(CONSTANT)
    assert total(result).mean == pytest.approx(CONSTANT)
    assert scattered.HEATING_VALUE in {one.code for one in result.findings}
    with pytest.raises(PolicyRefusal) as refused:
        outward.require_releasable(result.site_label)
    assert refused.value.code == scattered.HEATING_VALUE


def test_fuel_that_really_varies_counts_by_its_day(tmp_path: Path) -> None:
    """Of poor coal more is burnt: by the mean the rich days would look good."""
    result = kiln(tmp_path, lambda day: (128 * 25.1 / (lhv := 26.85 if day % 3 else 21.6), lhv))
    assert total(result).best.value == pytest.approx(CONSTANT)
    assert scattered.HEATING_VALUE not in {one.code for one in result.findings}
    outward.require_releasable(result.site_label)


def test_the_scatter_of_a_laboratory_is_none(tmp_path: Path) -> None:
    result = kiln(tmp_path, lambda day: (128 + day % 7, 25.1 + 0.1 * (day % 3 - 1)))
    assert scattered.HEATING_VALUE not in {one.code for one in result.findings}
