"""An energy row that stands twice counts once, in one file or in two; two rows that differ are both
counted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import PlantData

SITE = (
    '[site]\nid = "w"\ntimezone = "UTC"\npack = "cement"\n\n[inputs]\nbatches = '
    '"batches.csv"\nenergy = "energy/*.csv"\n'
)
BATCH = "batch_id,step,product,start,end,output_quantity,output_unit\nb1,cement-grinding,cement,2025-01-01 00:00,2025-01-01 08:00,100,t\n"
HEAD = "batch_id,step,carrier,quantity,unit"
ROW = "b1,cement-grinding,electricity,3200,kWh"


def read(folder: Path, *files: str) -> PlantData:
    (folder / "energy").mkdir()
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text(BATCH, encoding="utf-8")
    for name, text in zip("abc", files, strict=False):
        (folder / "energy" / f"{name}.csv").write_text(text, encoding="utf-8")
    site = load_site(folder / "site.toml")
    return pipeline.read(site, Period.parse("2025", site.zone), outward=True)


def energies(data: PlantData) -> tuple[list[float], list[str]]:
    assert data.outward is not None
    quantities = [energy.quantity for energy in data.batches[0].energy]
    assert [energy.quantity for energy in data.outward.batches[0].energy] == quantities
    return quantities, [finding.code for finding in data.findings]


@pytest.mark.parametrize(
    "files", [(f"{HEAD}\n{ROW}\n{ROW}\n",), (f"{HEAD}\n{ROW}\n",) * 2, (f"{HEAD}\n{ROW}\n",) * 3]
)
def test_an_equal_row_counts_once_and_is_told(tmp_path: Path, files: tuple[str, ...]) -> None:
    quantities, codes = energies(read(tmp_path, *files))
    assert quantities == [3200.0]
    assert "energy-repeated" in codes


def test_a_row_is_the_same_in_whatever_order_its_columns_stand(tmp_path: Path) -> None:
    turned = "\n".join(",".join(line.split(",")[::-1]) for line in (HEAD, ROW))
    data = read(tmp_path, f"{HEAD}\n{ROW}\n", f"{turned}\n")
    assert energies(data)[0] == [3200.0]
    assert [
        Path(place.file).name
        for finding in data.findings
        if finding.code == "energy-repeated"
        for place in finding.places
    ] == ["b.csv"]


@pytest.mark.parametrize(
    "files",
    [
        (f"{HEAD}\n{ROW}\nb1,cement-grinding,electricity,10,kWh\n",),
        (f"{HEAD}\n{ROW}\n", f"{HEAD}\nb1,cement-grinding,electricity,10,kWh\n"),
    ],
)
def test_rows_that_differ_are_both_counted(tmp_path: Path, files: tuple[str, ...]) -> None:
    quantities, codes = energies(read(tmp_path, *files))
    assert quantities == [3200.0, 10.0]
    assert "energy-repeated" not in codes


def test_rows_that_differ_in_a_column_that_means_nothing_here_are_both_counted(
    tmp_path: Path,
) -> None:
    quantities, codes = energies(
        read(tmp_path, f"{HEAD},diesel (l)\n{ROW},\n", f"{HEAD},diesel (l)\n{ROW},3\n")
    )
    assert quantities == [3200.0, 3200.0]
    assert "energy-repeated" not in codes
