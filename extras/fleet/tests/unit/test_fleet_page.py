"""The plan for 10,000 sites in docs/fleet.md follows from the figures beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "fleet.md"
SITES = 10_000
ROW = re.compile(r"^\| ([\d.]+) M \| ([\d.]+) s \| ([\d,]+) h \| ([\d.]+) h \|", re.MULTILINE)
PROCESSORS = 100


def test_hours_of_a_year_of_10_000_sites_follow_from_seconds_of_a_site() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert rows
    for readings, site_s, one_h, hundred_h in rows:
        hours = SITES * float(site_s) * 1.15 / 3600
        assert float(one_h.replace(",", "")) == pytest.approx(hours, rel=0.02, abs=0.5), readings
        assert float(hundred_h) == pytest.approx(hours / PROCESSORS, rel=0.02, abs=0.05), readings
