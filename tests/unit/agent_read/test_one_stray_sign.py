"""One stray byte or one open quote costs its own row, on the site and in a report: every other
record stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.measurements import Batch
from reporting_agent import pipeline
from reporting_agent.config import load_site
from tests.statistical import raw_plants
from tests.statistical.raw_plants import Plant

Key = tuple[str, str]


def read(plant: Plant, folder: Path, change: Callable[[], None] = lambda: None) -> dict[Key, Batch]:
    plant.write(folder)
    change()
    data = pipeline.read(load_site(folder / "site.toml"), outward=True)
    assert data.outward is not None
    assert data.outward.paths["eaf"].bound == 1
    for local, leaving in zip(data.batches, data.outward.batches, strict=True):
        assert local.batch_id == leaving.batch_id
    return {
        (batch.step, batch.batch_id): batch for batch in data.outward.batches if not batch.excluded
    }


def put(file: Path, row: int, sign: bytes, heading: bytes = b"") -> None:
    """The sign before the row's first cell; `heading` over a last column without cells."""
    lines = file.read_bytes().splitlines(keepends=True)
    lines[row] = sign + lines[row]
    if heading:
        lines = [line.rstrip() + b",\n" for line in lines]
        lines[0] = lines[0].rstrip() + heading + b"\n"
    file.write_bytes(b"".join(lines))


@pytest.mark.parametrize("file", ["batches.csv", "energy.csv"])
@pytest.mark.parametrize(
    ("sign", "heading"),
    [(b"\xff", b""), (b"\xe9t", b""), (b"\xb0\xa1", "备注".encode()), (b'"', b"")],
    ids=["no text", "Western", "Chinese in another encoding", "an open quote"],
)
def test_it_costs_its_own_row_alone(tmp_path: Path, file: str, sign: bytes, heading: bytes) -> None:
    plant = raw_plants.by_energy(120)
    clean = read(plant, tmp_path)
    first = plant.tables[file.removesuffix(".csv")][20]
    stray = read(plant, tmp_path, lambda: put(tmp_path / file, 21, sign, heading))
    changed = {key for key in clean.keys() | stray.keys() if _said(clean, key) != _said(stray, key)}
    assert changed == {(first["step"], first["batch_id"])}


def _said(batches: dict[Key, Batch], key: Key) -> object:
    batch = batches.get(key)
    return batch and (batch.start, batch.end, batch.output, batch.energy)


def test_a_stray_byte_under_a_plain_heading_that_reads_as_chinese_has_no_bound(
    tmp_path: Path,
) -> None:
    """Then nothing but the rows says in which encoding the file is."""
    with pytest.raises(AssertionError):
        read(
            raw_plants.by_energy(120),
            tmp_path,
            lambda: put(tmp_path / "energy.csv", 21, b"\xb0\xa1"),
        )


def test_a_quote_over_lines_of_the_readings_keeps_the_metered_steps_alone_at_home(
    tmp_path: Path,
) -> None:
    raw_plants.by_readings("register").write(tmp_path)
    file = tmp_path / "readings.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    noted = [f'{line},"over\nlines"' if at == 5 else f"{line}," for at, line in enumerate(lines)]
    file.write_text("\n".join(noted).replace("value,", "value,note", 1) + "\n", encoding="utf-8")
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert data.outward is not None
    assert data.outward.paths["eaf"].bound is None
    assert data.outward.paths["converter"].bound == 1
