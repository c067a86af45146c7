"""Records of scales are read to the declared unit, and what does not fit is refused by its
place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.inputs import Inputs

SITE = """
[site]
id = "works"
timezone = "Asia/Shanghai"
pack = "cement"

[inputs]
batches = "batches.csv"
energy = "energy.csv"
scales = "scales.csv"

[[scales]]
id = "mill-scale"
step = "cement-grinding"
"""


def site_of(folder: Path, rows: str, toml: str = SITE) -> SiteSettings:
    (folder / "site.toml").write_text(toml, encoding="utf-8")
    (folder / "scales.csv").write_text(
        "scale_id,timestamp,quantity,unit\n" + rows, encoding="utf-8"
    )
    return load_site(folder / "site.toml")


def test_weights_come_in_order_of_time_and_in_the_unit_of_the_scale(tmp_path: Path) -> None:
    rows = "mill-scale,2025-01-02T06:00:00+08:00,2500,kg\nmill-scale,2025-01-01T06:00:00+08:00,3,\n"
    weighings = Inputs(site_of(tmp_path, rows)).weighings()
    assert weighings["mill-scale"].value.tolist() == [3.0, 2.5]


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("belt,2025-01-01T06:00:00+08:00,3,t", "scale-unknown", "scale_id"),
        ("mill-scale,2025-01-01T06:00:00+08:00,3,kWh", "unit-mismatch", "unit"),
    ],
)
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, row: str, code: str, column: str) -> None:
    with pytest.raises(InputError) as refused:
        Inputs(site_of(tmp_path, row + "\n")).weighings()
    place = refused.value.place
    assert refused.value.code == code
    assert place is not None
    assert (place.row, place.column) == (2, column)


@pytest.mark.parametrize(
    "toml",
    [
        SITE.replace('scales = "scales.csv"\n', ""),
        SITE.split("[[scales]]")[0],
        SITE + SITE[SITE.index("[[scales]]") :],
    ],
    ids=["no file", "no scale", "twice"],
)
def test_scales_and_their_file_are_given_together_and_once(tmp_path: Path, toml: str) -> None:
    with pytest.raises(InputError) as refused:
        site_of(tmp_path, "", toml)
    assert refused.value.code == "site-invalid"
