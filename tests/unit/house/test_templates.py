"""Templates are read like code: a line is a line, but for a tag that Django wants on one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WIDEST, BESIDE_A_LONG_TAG = 140, 100
TAG = re.compile(r"{%.*?%}")
TEMPLATES = [path for package in ("portal", "reporting_agent") for path in sorted((ROOT / package).rglob("templates/**/*.html"))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_is_wider_than_a_screen_but_for_one_long_tag(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        longest = max(map(len, TAG.findall(line)), default=0)
        assert len(line) <= WIDEST or len(line) - longest <= BESIDE_A_LONG_TAG, f"{path.name}:{number}"
