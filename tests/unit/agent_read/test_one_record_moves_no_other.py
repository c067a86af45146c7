"""A cell, a row or a reading of one record changes no other record on the way out, in files where
it once decided for all.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from benchmarks.privacy import stability
from reporting_agent import pipeline
from reporting_agent.config import load_site
from tests.statistical import raw_plants
from tests.statistical.raw_plants import Plant
from tests.statistical.stability import compare
from tests.statistical.whole_files import PAIRS, corrected, in_passes, shared_ids, with_subtotals


@pytest.mark.parametrize(("make", "change"), PAIRS, ids=[change.__name__ for _, change in PAIRS])
def test_one_record_moves_no_other(
    make: Callable[[], Plant], change: Callable[[Plant], Plant]
) -> None:
    plant = make()
    leaving, _ = compare(plant, change(plant), 1, 0)
    assert (leaving.tried, leaving.refused, leaving.others) == (1, 0, 0)
    assert leaving.ratio <= 1


def test_rows_that_share_an_id_leave_as_one_record_under_it(tmp_path: Path) -> None:
    """The first counts: a second row with another product moves the batch to no account that has
    paid nothing yet.
    """
    shared_ids().write(tmp_path)
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert data.outward is not None
    counted = [batch.batch_id for batch in data.outward.batches if batch.excluded is None]
    assert counted == [f"G{at:04d}" for at in range(51)]


def test_rows_stay_corrected_where_others_are_added_above_them(tmp_path: Path) -> None:
    plant = corrected()
    rows = [{**plant.tables["batches"][0], "batch_id": "NEW"}, *plant.tables["batches"]]
    replace(plant, tables=plant.tables | {"batches": rows}).write(tmp_path)
    data = pipeline.read(load_site(tmp_path / "site.toml"))
    assert len(data.corrected) == 52
    assert data.rejected == []


@pytest.mark.parametrize(
    ("encoding", "bound"),
    [
        ("utf-8", 1),
        ("gbk", 1),
        ("cp1252", 1),
        ("latin-1", 1),
        *((encoding, None) for encoding in ("hz", "iso2022_jp", "utf-7", "unicode_escape")),
    ],
)
def test_an_encoding_with_states_has_no_bound(
    tmp_path: Path, encoding: str, bound: int | None
) -> None:
    plant = raw_plants.by_energy(4)
    replace(plant, site=f'{plant.site}[mapping.energy]\nencoding = "{encoding}"\n').write(tmp_path)
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert data.outward is not None
    assert data.outward.paths["eaf"].bound == bound
    assert ("save energy.csv as UTF-8" in data.outward.paths["eaf"].reasons) is (bound is None)


def path_of(folder: Path) -> stability.Path:
    data = pipeline.read(load_site(folder / "site.toml"), outward=True)
    assert data.outward is not None
    return data.outward.paths["eaf"]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16", "cp037", "cp500"])
def test_a_quote_over_several_lines_has_no_bound_in_any_encoding(
    tmp_path: Path, encoding: str
) -> None:
    plant = raw_plants.by_energy(4)
    rows = [
        {**row, "note": "over\nlines" if at == 1 else ""}
        for at, row in enumerate(plant.tables["energy"])
    ]
    replace(
        plant,
        site=f'{plant.site}[mapping.energy]\nencoding = "{encoding}"\n',
        tables=plant.tables | {"energy": rows},
    ).write(tmp_path)
    file = tmp_path / "energy.csv"
    file.write_text(file.read_text(encoding="utf-8"), encoding=encoding)
    assert path_of(tmp_path).bound is None
    assert "close the quote" in str(path_of(tmp_path).reasons)


def test_a_quote_over_several_lines_of_the_corrections_has_no_bound(tmp_path: Path) -> None:
    plant = corrected()
    plant.write(tmp_path)
    assert path_of(tmp_path).bound == 1
    rows = [
        {**row, "reason": "over\nlines" if at == 1 else ""}
        for at, row in enumerate(plant.tables["corrections"])
    ]
    replace(plant, tables=plant.tables | {"corrections": rows}).write(tmp_path)
    assert path_of(tmp_path).bound is None


def test_a_row_of_several_that_names_no_step_has_no_bound_and_leaves_all_of_its_id_out(
    tmp_path: Path,
) -> None:
    plant = in_passes()
    rows = list(plant.tables["batches"])
    rows[84] = {**rows[84], "step": ""}
    replace(plant, tables=plant.tables | {"batches": rows}).write(tmp_path)
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    assert not [batch for batch in data.batches if batch.batch_id == rows[84]["batch_id"]]
    assert path_of(tmp_path).bound is None
    assert "correct the row" in str(path_of(tmp_path).reasons)


def test_several_rows_a_batch_need_ids_that_do_not_begin_anew(tmp_path: Path) -> None:
    plant = in_passes()
    replace(
        plant, site=plant.site.replace("[inputs]", 'batch_ids = "restart-yearly"\n[inputs]')
    ).write(tmp_path)
    with pytest.raises(InputError, match="contradicts itself") as refused:
        load_site(tmp_path / "site.toml")
    assert "rows" in str(refused.value.wanted)


@pytest.mark.parametrize("start", ["2 passes", ""])
def test_a_subtotal_is_no_pass_of_its_batch(tmp_path: Path, start: str) -> None:
    """Whether its other cells can be read or not: taken for a pass, it doubles the output and
    halves the label.
    """
    plant = with_subtotals(start)
    plant.write(tmp_path)
    data = pipeline.read(load_site(tmp_path / "site.toml"), outward=True)
    outputs = {batch.batch_id: batch.output for batch in data.batches}
    whole = {
        row["batch_id"]: float(row["output_quantity"])
        for row in plant.tables["batches"]
        if row["note"]
    }
    assert outputs == pytest.approx(whole)
    assert {finding.code: finding.count for finding in data.findings}["row-total"] == len(whole)
    assert data.rejected == []


def test_a_row_that_begins_with_a_word_for_a_total_is_no_batch(tmp_path: Path) -> None:
    """Of a file with one row a batch, too: told as a total where it is the sum of the rows above,
    else set aside.
    """
    plant = raw_plants.by_energy(4)
    rows = [{"note": "", **row} for row in plant.tables["batches"]]
    summed = {
        **rows[-1],
        "note": "Total",
        "batch_id": "T1",
        "output_quantity": f"{sum(float(row['output_quantity']) for row in rows):.2f}",
    }
    for amount, totals, rejected in ((summed["output_quantity"], 1, 0), ("17.0", 0, 1)):
        replace(
            plant, tables=plant.tables | {"batches": [*rows, {**summed, "output_quantity": amount}]}
        ).write(tmp_path)
        data = pipeline.read(load_site(tmp_path / "site.toml"))
        assert len(data.batches) == len(rows)
        assert {finding.code: finding.count for finding in data.findings}.get(
            "row-total", 0
        ) == totals
        assert len(data.rejected) == rejected
