"""The digest of a site's settings: what decides what a row means is part of it, where files lie is
not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting_agent.config import load_site
from reporting_agent.config.site import settings_digest

SITE = """
[site]
id = "works-2"
timezone = "Asia/Shanghai"
pack = "steel"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "eaf-1"
step = "eaf"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""


def digest(folder: Path, text: str) -> bytes:
    folder.mkdir(exist_ok=True)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return settings_digest(load_site(folder / "site.toml"))


@pytest.mark.parametrize(
    ("here", "replacement"),
    [
        ("kWh", "MWh"),
        ('reading = "register"', 'reading = "interval"'),
        ("Asia/Shanghai", "Europe/Berlin"),
        ("[inputs]", "[steps.eaf]\nnot_used = ['oxygen']\n[inputs]"),
        ("[inputs]", "[mapping.batches.columns]\nbatch_id = 'Heat'\n[inputs]"),
    ],
    ids=["unit", "reading", "zone", "carrier not used", "mapping"],
)
def test_what_decides_what_a_row_means_is_part_of_it(
    tmp_path: Path, here: str, replacement: str
) -> None:
    assert here in SITE
    assert digest(tmp_path, SITE.replace(here, replacement, 1)) != digest(tmp_path, SITE)


@pytest.mark.parametrize(
    ("here", "replacement"),
    [
        ("batches.csv", "archive/2016/batches.csv"),
        ("[inputs]", "# a comment\n[inputs]"),
        ('id = "works-2"\ntimezone', 'batch_ids = "unique"\nid = "works-2"\ntimezone'),
    ],
    ids=["file", "comment", "default written out"],
)
def test_where_files_lie_and_how_it_is_written_is_no_part_of_it(
    tmp_path: Path, here: str, replacement: str
) -> None:
    assert here in SITE
    assert digest(tmp_path / "other", SITE.replace(here, replacement, 1)) == digest(
        tmp_path / "one", SITE
    )
