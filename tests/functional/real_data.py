"""Where the real data lie, and the shipped profiles beside them. The data may not be redistributed:
without them a test skips.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "fixtures" / "profiles"
DATA = Path(os.environ.get("STEPLABEL_REAL_DATA", ROOT.parent / "shared" / "data"))

HEATS = ("eaf-heats", "eaf_heats_2015_2016.csv.gz")
MACHINES = ("small-firm", "sme_machines.csv.gz")
METER = ("plant-15-minutes", "steel_15min_uci.csv.gz")


def site_of(profile: str, data: str, folder: Path) -> Path:
    """The shipped profile beside a link to the real file; skips with a message where the file is
    absent.
    """
    real = DATA / data
    if not real.is_file():
        pytest.skip(
            f"real data not here: {real} (set STEPLABEL_REAL_DATA to the folder that holds it)"
        )
    shutil.copytree(PROFILES / profile, folder, dirs_exist_ok=True)
    (folder / data).symlink_to(real.resolve())
    return folder / "site.toml"
