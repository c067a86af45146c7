"""A factor that the site declares on its energy or output stands beside the label, in every form of it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.report import summary
from tests.unit.agent_read.small_works import of
from tests.unit.agent_read.test_humidity_of_gas import converter
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
    without = [one.en for one in label.provisos if one.en.startswith("Without that factor")]
    moved = f"the label would be {plain.best.value:.4g} kgce/t, for {label.best.value:.4g}."
    assert [one.partition("2025-06-01 ")[2] for one in without] == ([moved] if told else [])
    assert not any(one.en.startswith("As the site") for one in plain.provisos)
    assert (label.mean != plain.mean) is bool(told)
    said = [f"As the site declares, {told} counts 0.8-fold from 2025-06-01 on: Belt scale recalibrated."] if told else []
    assert [why.en for why in of_the_site] == said
    assert result.to_json()["steps"][0]["provisos"] == [why.by_language for why in label.provisos]
    assert all(one in summary.as_text(result) for one in said)


@pytest.mark.parametrize("virtual", [False, True])
def test_a_factor_of_a_meter_says_what_the_label_is_without_it(tmp_path: Path, virtual: bool) -> None:
    """A fifth more gas than the meter reads: the label without it is that of the same files without the event."""
    site = converter(tmp_path, "", 90, "Nm3", virtual=virtual)
    plain = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    event = '\n[[events]]\nmeter = "ldg"\nfrom = 2025-12-01\nkind = "ratio"\nfactor = 1.2\nreason = "Orifice worn, work order 9."\n'
    site.write_text(site.read_text(encoding="utf-8") + event, encoding="utf-8")
    label = of(pipeline.label(load_site(site), Period.parse("2026", UTC)), "converter")
    said = [one.en for one in label.provisos if one.en.startswith("Without that factor")]
    assert said == [
        f"Without that factor of meter ldg from 2025-12-01 the label would be {plain.best.value:.4g} kgce/t, for {label.best.value:.4g}."
    ]
    assert label.best.value == pytest.approx((plain.best.value or 0) - 0.2 * 90 * 8.1 / 29.3076, rel=1e-4)
