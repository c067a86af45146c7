"""A factor that the site declares on its energy or output stands beside the label, in every form of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.report import summary
from tests.unit.agent_read.test_rows_that_cannot_be_read import labelled

EVENT = '[[events]]\nstep = "pelletising"\nfrom = {}\nkind = "ratio"\nfactor = 0.8\nreason = "Belt scale recalibrated."\n'


@pytest.mark.parametrize(
    ("carrier", "since", "told"),
    [
        ('carrier = "coal"\n', "2025-06-01", "step pelletising coal"),
        ("", "2025-06-01", "step pelletising"),
        ('carrier = "coal"\n', "2028-01-01", ""),  # after the period
    ],
)
def test_a_factor_of_a_step_is_a_proviso_of_its_label(tmp_path: Path, carrier: str, since: str, told: str) -> None:
    plain = labelled(tmp_path, 0).site_label.steps[0]
    path = tmp_path / "site.toml"
    path.write_text(path.read_text(encoding="utf-8") + EVENT.format(since) + carrier, encoding="utf-8")
    site = load_site(path)
    result = pipeline.label(site, Period.parse("2026", site.zone))
    (label,) = result.site_label.steps
    of_the_site = [one for one in label.provisos if one.en.startswith("As the site")]
    assert not any(one.en.startswith("As the site") for one in plain.provisos)
    assert (label.mean != plain.mean) is bool(told)
    said = [f"As the site declares, {told} counts 0.8-fold from 2025-06-01 on: Belt scale recalibrated."] if told else []
    assert [why.en for why in of_the_site] == said
    assert result.to_json()["steps"][0]["provisos"] == [why.by_language for why in label.provisos]
    assert all(one in summary.as_text(result) for one in said)
