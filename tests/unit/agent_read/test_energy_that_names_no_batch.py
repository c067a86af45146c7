"""Energy of a step that names none of its batches is the step's all the same: above 0.5 % of it the
step has no label.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.labels import SiteLabel
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import energy_by_batch
from reporting_agent.pipeline.outward.releasable import steps_in_doubt

SITE = """
[site]
id = "works-3"
timezone = "UTC"
pack = "steel"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""
DAYS = 60


def labelled(folder: Path, *further: str) -> SiteLabel:
    """Sixty days of sinter on 46 kg/t of coke, and further rows of energy."""
    runs = [
        "batch_id,step,start,end,output_quantity,output_unit,var.feed_fe_pct,var.rare_earth_pct,var.vti_pct,var.laterite_pct"
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit"]
    for day in range(DAYS):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        runs.append(
            f"s{day},sintering,{start.isoformat()},{(start + timedelta(days=1)).isoformat()},1000,t,62,0,0,0"
        )
        energy += [
            f"s{day},sintering,coke,46000,kg,28.4,MJ/kg",
            f"s{day},sintering,electricity,40000,kWh,,",
        ]
        energy += [f"s{day},sintering,coke-oven-gas,60000,MJ,,"]
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(runs) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join([*energy, *further]) + "\n", encoding="utf-8")
    return pipeline.label(load_site(folder / "site.toml"), Period.parse("2026", UTC)).site_label


@pytest.mark.parametrize(
    ("row", "releasable"),
    [
        ("COMMON-1,sintering,coke,600000,kg,28.4,MJ/kg", False),  # 10 of 46 kg/t: 18 %
        (
            "s7,pelletising,coke,600000,kg,28.4,MJ/kg",
            False,
        ),  # of a batch of this step, under another
        (
            "COMMON-1,sintering,anthracite,600000,kg,28.4,MJ/kg",
            False,
        ),  # of no batch: how much it is of the whole is not known
        ("COMMON-1,sintering,coke,10000,kg,28.4,MJ/kg", True),  # 0.3 %
        ("COMMON-1,pelletising,coke,600000,kg,28.4,MJ/kg", True),  # another step's
        ("COMMON-1,sintering,oxygen,0,Nm3,,", True),
    ],
)
def test_what_names_no_batch_holds_the_label_back(
    tmp_path: Path, row: str, releasable: bool
) -> None:
    site_label = labelled(tmp_path, row)
    (label,) = site_label.steps
    assert (
        label.best.value is not None,
        label.best.reason,
        label.grade.reason == energy_by_batch.CODE,
    ) == ((True, None, False) if releasable else (False, energy_by_batch.CODE, True))
    if releasable:
        assert steps_in_doubt(site_label) == {}
    else:
        (refused,) = steps_in_doubt(site_label).values()
        assert "names none of its batches" in str(refused.sentence)
