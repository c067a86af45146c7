"""One simulated cement plant and one small steel plant, labelled once for all tests of the
report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.report import html
from tests.analysed import analysed

MADE = datetime(2026, 1, 5, 8, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A plant's label, its analysis, and its page in each language."""

    site: SiteSettings
    result: LabelResult
    analysis: Analysis

    def page(self, lang: str) -> str:
        return html.render(self.site, self.result, self.analysis, lang, MADE)


def analysed_site(path: Path, period: str) -> Made:
    site = load_site(path)
    result = pipeline.label(site, Period.parse(period, site.zone))
    return Made(site, result, analysed(site, result))


@pytest.fixture(scope="session")
def cement(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Meters, five steps, every fault of real plants."""
    folder = tmp_path_factory.mktemp("cement")
    Sector("cement", 1, 1).plants[0].write(folder, road="meters")
    return analysed_site(folder / "site.toml", "2025")


def heats_site(
    folder: Path, heats: int = 300, name: str = "H", late_every: int = 29, site_id: str = "works-2"
) -> Path:
    """Heats of one furnace with energy given per heat, a price, and a few that took much longer."""
    start = datetime(2016, 5, 1)  # noqa: DTZ001 - a log in local time
    rows, energies = [], []
    for number in range(heats):
        at = start + timedelta(hours=number * 1.5)
        late = number % late_every == 3
        heat = f"{name}{number:04}"
        rows.append(
            f"{heat},eaf,{at.isoformat()},{(at + timedelta(minutes=90 if late else 50)).isoformat()},100,eaf-{number % 2 + 1},0"
        )
        energies.append(
            f"{heat},eaf,electricity,{37_000 + 4_000 * late + 37 * (number * 7919 % 101)},kWh"
        )
    (folder / "batches.csv").write_text(
        "batch_id,step,start,end,output_quantity,equipment,var.hot_metal_pct\n"
        + "\n".join(rows)
        + "\n",
        encoding="utf-8",
    )
    (folder / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit\n" + "\n".join(energies) + "\n", encoding="utf-8"
    )
    site = folder / "site.toml"
    site.write_text(
        f'[site]\nid = "{site_id}"\nname = "Works 2"\ntimezone = "Asia/Shanghai"\npack = "steel"\n'
        '[inputs]\nbatches = "batches.csv"\nenergy = "energy.csv"\n[steps.eaf]\nnot_used = '
        '["natural-gas", "coke"]\n',
        encoding="utf-8",
    )
    return site


@pytest.fixture(scope="session")
def heats(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return analysed_site(heats_site(tmp_path_factory.mktemp("heats")), "2016")
