"""Heating values booked by day about a right mean: the year is right, and the low quantile must not
find the days of low assays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult, scattered
from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

SITE = (
    '[site]\nid = "works"\ntimezone = "UTC"\npack = "cement"\n[inputs]\nbatches = '
    '"batches.csv"\nenergy = "energy.csv"\n'
)
MJ_PER_KGCE = 29.3076
CONSTANT = 128 * 25.1 / MJ_PER_KGCE + 25 * 0.1229  # 112.696 kgce/t


def kiln(folder: Path, coal: Callable[[int], tuple[float, float]]) -> LabelResult:
    """Sixty days of 1,000 t of clinker; coal in kg/t and MJ/kg by day."""
    runs, energy = (
        ["batch_id,step,start,end,output_quantity,output_unit,variant"],
        ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit"],
    )
    for day in range(60):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        runs.append(
            f"c{day},clinker-burning,{start.isoformat()},{(start + timedelta(days=1)).isoformat()},1000,t,grey"
        )
        kg, lhv = coal(day)
        energy += [
            f"c{day},clinker-burning,coal,{1000 * kg},kg,{lhv},MJ/kg",
            f"c{day},clinker-burning,electricity,25000,kWh,,",
        ]
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(runs) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    return pipeline.label(load_site(folder / "site.toml"), Period.parse("2026", UTC))


def total(result: LabelResult) -> StepLabel:
    return next(label for label in result.site_label.steps if label.metric is Metric.TOTAL)


def test_assays_of_days_about_a_right_mean_win_nothing(tmp_path: Path) -> None:
    """128 kg every day, 21.6 MJ/kg on every third and 26.85 on the others: 97.41 by days, 112.696
    in truth.
    """
    result = kiln(tmp_path, lambda day: (128, 26.85 if day % 3 else 21.6))
    assert total(result).best.value == pytest.approx(CONSTANT)
    assert total(result).mean == pytest.approx(CONSTANT)
    assert scattered.HEATING_VALUE in {finding.code for finding in result.findings}
    assert {why.code for why in steps_in_doubt(result.site_label).values()} == {
        scattered.HEATING_VALUE
    }


def test_fuel_that_really_varies_counts_by_its_day(tmp_path: Path) -> None:
    """Of poor coal more is burnt: by the mean the rich days would look good."""
    result = kiln(tmp_path, lambda day: (128 * 25.1 / (lhv := 26.85 if day % 3 else 21.6), lhv))
    assert total(result).best.value == pytest.approx(CONSTANT)
    assert scattered.HEATING_VALUE not in {finding.code for finding in result.findings}
    assert steps_in_doubt(result.site_label) == {}


def test_the_scatter_of_a_laboratory_is_none(tmp_path: Path) -> None:
    result = kiln(tmp_path, lambda day: (128 + day % 7, 25.1 + 0.1 * (day % 3 - 1)))
    assert scattered.HEATING_VALUE not in {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    ("looser", "own", "is_told"), [(True, None, True), (True, 23.0, False), (False, 23.0, False)]
)
def test_a_default_where_the_pack_asks_for_no_measured_value_is_told_with_what_it_may_be_worth(
    tmp_path: Path, looser: bool, own: float | None, is_told: bool
) -> None:
    """125 kg of coal at the table's 20.934 MJ/kg are 89.3 kgce; at 33 MJ/kg they would be 51.5
    more.
    """
    ran = Ran(4000, [took("coal", 125, "kg", own), took("electricity", 30, "kWh")], {}, "grey")
    path = works(tmp_path, "cement", {"clinker-burning": ran}).path
    if looser:
        measured = 'measured = ["coal", "coke"]'
        text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
        assert text.count(measured) == 1
        (tmp_path / "looser.toml").write_text(
            text.replace(measured, "").replace('version = "1"', 'version = "looser"', 1),
            encoding="utf-8",
        )
        site = path.read_text(encoding="utf-8")
        path.write_text(site.replace('"cement"', '"./looser.toml"', 1), encoding="utf-8")
    label = of(labelled(load_site(path)), "clinker-burning")
    sentences = [proviso.en for proviso in label.provisos if "counts at the table's" in proviso.en]
    assert bool(sentences) is is_told
    assert label.best.value is not None
    for sentence in sentences:
        assert sentence.startswith("Coal counts at the table's 20.93 MJ/kg")
        assert "raises the label by 0.89 kgce/t" in sentence
        assert float(sentence.partition("it would be ")[2].split()[0]) == pytest.approx(
            label.best.value + 51.5, abs=0.3
        )
