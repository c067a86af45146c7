"""What betters a label of several years stops a report, also where it lies in the earlier years
alone.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Period
from reporting_agent.config import SiteSettings
from reporting_agent.sending.report_material import gather
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_read.small_works import Ran, took, works

KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")
A_YEAR = 40  # too few to leave alone
GOOD = 12


def kiln(folder: Path) -> SiteSettings:
    """Forty days in each of two years, no two alike; the twelve best of the first year stand in its
    log three times.
    """
    site = works(folder, "cement", {"clinker-burning": KILN}, runs=2 * A_YEAR)
    for name in ("batches", "energy"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in list(rows):
            day = int(row["batch_id"].rpartition("-")[2])
            if "quantity" in row:
                row["quantity"] = (
                    f"{float(row['quantity']) * (1 + 0.003 * ((7 * day) % A_YEAR)):.1f}"
                )
            for edge in ("start", "end"):
                if day < A_YEAR and edge in row:
                    row[edge] = (
                        datetime.fromisoformat(row[edge]) - timedelta(days=365)
                    ).isoformat()
            for copy in (1, 2) if day < A_YEAR and (7 * day) % A_YEAR < GOOD else ():
                later = {
                    edge: (
                        datetime.fromisoformat(row[edge]) + timedelta(days=60 * copy)
                    ).isoformat()
                    for edge in ("start", "end")
                    if edge in row
                }
                rows.append(row | {"batch_id": f"{row['batch_id']}-{copy}"} | later)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return site


def gathered(site: SiteSettings, *, pool: bool) -> ReportMaterial:
    return gather(
        site, packs.load("cement"), Period.parse("2026", UTC), (), None, pool=pool, correct=False
    )


def test_copies_of_an_earlier_year_stop_the_label_that_covers_it_and_no_other(
    tmp_path: Path,
) -> None:
    site = kiln(tmp_path)
    assert gathered(site, pool=False).windows == {}
    with pytest.raises(PolicyRefusal) as refused:
        gathered(site, pool=True)
    assert refused.value.code == "runs-copied"
