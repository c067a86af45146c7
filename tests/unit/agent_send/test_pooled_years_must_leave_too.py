"""What betters a label falsely keeps its step out of a report, also where it lies in the earlier
years of a pooled label alone; the other steps leave.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Period
from reporting_agent.config import SiteSettings
from reporting_agent.sending.planning import Subject
from reporting_agent.sending.report_material import gather, gather_again
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_read.small_works import Ran, took, works

KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")
MILL = Ran(2400, [took("electricity", 16.5, "kWh")], {})
A_YEAR = 40  # too few to leave alone
GOOD = 12


def kiln(folder: Path, beside: Mapping[str, Ran] | None = None) -> SiteSettings:
    """Forty days in each of two years, no two alike; the twelve best of the first year stand in its
    log three times.
    """
    site = works(folder, "cement", {"clinker-burning": KILN, **(beside or {})}, runs=2 * A_YEAR)
    for name in ("batches", "energy"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in list(rows):
            day = int(row["batch_id"].rpartition("-")[2])
            if "quantity" in row:
                row["quantity"] = (
                    f"{float(row['quantity']) * (1 + 0.003 * ((7 * day) % A_YEAR)):.1f}"
                )
            if row["step"] != "clinker-burning":
                continue
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


def test_copies_of_an_earlier_year_keep_the_label_that_covers_it_at_home_and_no_other(
    tmp_path: Path,
) -> None:
    site = kiln(tmp_path)
    assert gathered(site, pool=False).in_doubt == {}
    assert gathered(site, pool=True).in_doubt.keys() == {"clinker-burning"}


def test_a_step_in_doubt_leaves_the_others_to_the_report(tmp_path: Path) -> None:
    """Of a kiln whose best days stand in the log thrice, and a mill beside it without a fault."""
    site = kiln(tmp_path, {"raw-meal-homogenisation": MILL})
    period = Period.parse("2025-01-01/2027-01-01", UTC)
    pack = packs.load("cement")
    material = gather(site, pack, period, (), None, pool=False, correct=False)
    assert {step: why.code for step, why in material.in_doubt.items()} == {
        "clinker-burning": "runs-copied"
    }
    (sentence, *_) = material.differences
    assert sentence.startswith("No label of clinker-burning is sent in a report. Step clinker")
    assert "Remove copies from the log" in sentence

    subject = Subject(site.site.id, "2025-01-01/2027-01-01", 1, correction=False)
    planned = material.plan(subject)
    assert {release.label.step for release in planned.releases} == {"raw-meal-homogenisation"}
    assert ("clinker-burning", "total", "step-in-doubt") in planned.withheld
    assert gather_again(site, period, {}).plan(subject) == planned
    (alone := tmp_path / "alone").mkdir()
    with pytest.raises(PolicyRefusal, match="share a machine and its time") as refused:
        gather(kiln(alone), pack, period, (), None, pool=False, correct=False).plan(subject)
    assert refused.value.code == "runs-copied"
