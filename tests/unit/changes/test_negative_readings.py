"""Readings below nothing of a meter without a declared range: told, held back, and answered by the
range.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from benchmarks.measurements import Direction, Period
from reporting_agent import pipeline
from reporting_agent.changes import days
from reporting_agent.changes.change import ChangeKind
from reporting_agent.changes.review import review
from reporting_agent.changes.telling import sentence
from reporting_agent.config import load_site
from reporting_agent.metering import MeterRecord
from tests.statistical.savings import Kind as Plant
from tests.statistical.savings import write

STRUCK = 20


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """A mill of three months of which twenty hours come out at minus three times what they used."""
    write(tmp_path, Plant("quiet", (0.0, 0.0)), np.random.default_rng(3), 89, 1)
    rows = (tmp_path / "readings.csv").read_text(encoding="utf-8").splitlines()
    for row in (
        np.random.default_rng(5).choice(np.arange(1, len(rows)), STRUCK, replace=False).tolist()
    ):
        name, stamp, value = rows[row].split(",")
        rows[row] = f"{name},{stamp},{-3 * float(value):.3f}"
    (tmp_path / "readings.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def asked(folder: Path, reading_range: str = "") -> list[ChangeKind]:
    """The open questions, and the label without a word where the range answers them."""
    site_file = folder / "site.toml"
    text = site_file.read_text(encoding="utf-8")
    if reading_range:
        text = text.replace('unit = "kWh"\n', f'unit = "kWh"\nrange = {reading_range}\n')
        site_file.write_text(text, encoding="utf-8")
    site = load_site(site_file)
    data = pipeline.read(site, Period.parse("2022-01-01/2022-04-01", site.zone))
    return [question.change.kind for question in review(site, data).open]


def test_readings_below_nothing_are_asked_about_whatever_process_is_declared(works: Path) -> None:
    assert 'kind = "process"' in (works / "site.toml").read_text(encoding="utf-8")
    assert ChangeKind.NEGATIVE in asked(works)


def test_a_range_from_nothing_answers_it_because_they_are_no_readings(works: Path) -> None:
    assert ChangeKind.NEGATIVE not in asked(works, "[0.0, 100000.0]")


def test_a_range_from_below_nothing_answers_it_because_they_are(works: Path) -> None:
    assert ChangeKind.NEGATIVE not in asked(works, "[-100000.0, 100000.0]")


def test_a_little_below_nothing_is_a_sensor_at_rest(works: Path) -> None:
    rows = (works / "readings.csv").read_text(encoding="utf-8").splitlines()
    (works / "readings.csv").write_text(
        "\n".join(
            [
                rows[0],
                *(row if ",-" not in row else f"{row.rpartition(',')[0]},-1.0" for row in rows[1:]),
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    assert ChangeKind.NEGATIVE not in asked(works)


@pytest.mark.parametrize(
    ("lowest", "highest", "phrase"),
    [
        (-10.0, 50.0, "down to −20 % of its highest reading"),
        (-44.0, -2.0, "none above it"),
        (-44.0, 0.0, "none above it"),
    ],
)
def test_a_meter_that_shows_nothing_above_zero_is_told_so_and_by_no_share(
    lowest: float, highest: float, phrase: str
) -> None:
    """A current transformer that was put in backwards: its highest reading is below zero too, and
    no measure of the others.
    """
    meter = SimpleNamespace(
        id="f1", role="main", direction=Direction.IMPORT, range=None, step="melting", equipment=""
    )
    hours = {"hour_us": np.array([0, 3_600_000_000]), "hour_energy": np.array([lowest, highest])}
    record = cast(
        "MeterRecord",
        SimpleNamespace(
            meter=meter, facts=SimpleNamespace(lowest=lowest, highest=highest), **hours
        ),
    )
    (change,) = days.negatives_of_meters([record], UTC)
    assert phrase in str(sentence(change))
