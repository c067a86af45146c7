"""A new author takes the pack of `docs/packs.md` through a plant by that page alone: its files, its
commands, its promises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reporting_agent.cli import main
from tests.unit.core_data.test_core_documents import EXAMPLE, SITE_EXAMPLE

FIRST, DAYS, TONNES = datetime(2025, 1, 1), 365, 400  # noqa: DTZ001 - the plant's own clock, as its files have it


def headers() -> Iterator[list[str]]:
    for name in ("days.csv", "readings.csv"):
        (header,) = re.findall(rf'"{re.escape(name)}" +# (\S+)', SITE_EXAMPLE)
        yield header.split(",")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A year of a kiln: 1,800 MJ of gas and 40 kWh a tonne, and 1.5 kgce more for each per cent of
    moisture above 2.
    """
    (tmp_path / "our-pack.toml").write_text(EXAMPLE, encoding="utf-8")
    (tmp_path / "site.toml").write_text(SITE_EXAMPLE, encoding="utf-8")
    days, readings = ([header] for header in headers())
    gas, power = 0.0, 0.0
    for number in range(DAYS):
        start, moisture = FIRST + timedelta(days=number), 1 + number % 5
        end = start + timedelta(days=1)
        of_a_day = [
            start.strftime("%Y-%m-%d"),
            "firing",
            "brick",
            "hollow",
            start,
            end,
            TONNES,
            "t",
            moisture,
        ]
        days.append([str(cell) for cell in of_a_day])
        for hour in range(24):
            moment = start + timedelta(hours=hour)
            readings += [
                ["kiln-gas", str(moment), f"{gas:.3f}"],
                ["kiln-power", str(moment), f"{power:.3f}"],
            ]
            gas += TONNES / 24 * (1800 + 1.5 * 29.3076 * (moisture - 2) + number % 7) / 35.6
            power += TONNES / 24 * 40
    readings += [["kiln-gas", str(end), f"{gas:.3f}"], ["kiln-power", str(end), f"{power:.3f}"]]
    for name, rows in (("days.csv", days), ("readings.csv", readings)):
        (tmp_path / name).write_text(
            "".join(",".join(row) + "\n" for row in rows), encoding="utf-8"
        )
    return tmp_path


def test_from_the_page_to_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack, site = str(folder / "our-pack.toml"), str(folder / "site.toml")
    assert main(["pack", "check", pack]) == 0
    assert "please check" not in capsys.readouterr().out
    assert main(["check", "--site", site, "--period", "2025", "--out", str(folder / "check")]) == 0
    for lang, moisture in (("en", "moisture of the dry brick"), ("zh", "坯体含水率")):
        out = folder / lang
        assert (
            main(["label", "--site", site, "--period", "2025", "--out", str(out), "--lang", lang])
            == 0
        )
        assert moisture in (out / "report.html").read_text(encoding="utf-8")
    (label,) = json.loads((folder / "en" / "label.json").read_text(encoding="utf-8"))["steps"]
    assert (label["batches"]["used"], label["batches"]["excluded"], label["unit"]) == (
        DAYS,
        {},
        "kgce/t",
    )
    at_reference = 1800 / 29.3076 + 40 * 0.1229
    assert label["best"]["value"] == pytest.approx(
        at_reference + 1 / 29.3076, rel=1e-4
    )  # a fifth of the days lie 0 or 1 MJ above


def test_a_changed_copy_is_told_with_what_it_moves_at_the_plant(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = folder / "changed.toml"
    changed.write_text(
        EXAMPLE.replace("slope = { total = 1.5 }", "slope = { total = 1.2 }"), encoding="utf-8"
    )
    command = [
        "pack",
        "diff",
        str(folder / "our-pack.toml"),
        str(changed),
        "--site",
        str(folder / "site.toml"),
        "--period",
        "2025",
    ]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert "steps.firing.moisture_pct.total.slope: 1.5 -> 1.2" in output
    assert "firing hollow total best:" in output
