"""A grade that rests on what a site says of itself is told with the limits under the strictest that
this could be.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from tests.unit.agent_read.small_works import of

YEAR, FIRST = "2026-07-01/2027-07-01", datetime(2026, 7, 1, tzinfo=UTC)


def beside_the_grade(
    folder: Path, kwh_per_t: float, variant: str, capacity_t: float
) -> tuple[int | None, list[str]]:
    """Of a furnace with a heat of 60 t a day: the level it meets, and what is told of
    statements.
    """
    heats = [
        "batch_id,step,start,end,output_quantity,output_unit,variant,var.hot_metal_pct,var.scrap_pct"
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit,direction"]
    for day in range(365):
        start, tonnes = FIRST + timedelta(days=day), 60 + day % 7 / 10
        heats.append(
            f"H{day},eaf,{start.isoformat()},{(start + timedelta(hours=1)).isoformat()},{tonnes},t,{variant},0,100"
        )
        energy += [
            f"H{day},eaf,electricity,{kwh_per_t * tonnes * (1 + day % 11 / 1000):.1f},kWh,,,import",
            f"H{day},eaf,natural-gas,{5 * tonnes},Nm3,35.6,MJ/Nm3,import",
            f"H{day},eaf,oxygen,{35 * tonnes},Nm3,,,import",
            f"H{day},eaf,coke,{8 * tonnes},kg,28.4,MJ/kg,import",
        ]
    head = (
        '[site]\nid = "furnace"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
    )
    (folder / "site.toml").write_text(
        f"{head}[static]\nfurnace_capacity_t = {capacity_t}\n", encoding="utf-8"
    )
    (folder / "batches.csv").write_text("\n".join(heats) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    label = of(
        pipeline.label(load_site(folder / "site.toml"), Period.parse(YEAR, UTC)),
        "eaf",
        Metric.TOTAL,
    )
    return label.grade.best_met, [
        remark.en
        for remark in (*label.account, *label.provisos)
        if "is met depends on what the site states" in remark.en
    ]


def test_a_level_that_steel_and_size_as_stated_give_is_told_with_the_strictest_limits(
    tmp_path: Path,
) -> None:
    met, (sentence,) = beside_the_grade(tmp_path, 435, "bearing-gear-hardwire-tool-die", 45)
    assert met == 1
    assert "furnace_capacity_t = 45, variant = bearing-gear-hardwire-tool-die" in sentence
    assert "61 / 64 / 72 kgce/t" in sentence  # of 70 t and more, of any steel
    assert "level 3 would be met" in sentence


@pytest.mark.parametrize(("kwh_per_t", "capacity_t", "met"), [(350, 60, 1), (700, 60, None)])
def test_nothing_is_told_where_statements_make_no_difference(
    tmp_path: Path, kwh_per_t: float, capacity_t: float, met: int | None
) -> None:
    assert beside_the_grade(tmp_path, kwh_per_t, "plain-carbon", capacity_t) == (met, [])
