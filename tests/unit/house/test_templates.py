"""Templates are read like code: no line is wider than a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WIDEST = 140
TEMPLATES = [path for package in ("portal", "reporting_agent") for path in sorted((ROOT / package).rglob("templates/**/*.html"))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_is_wider_than_a_screen(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= WIDEST, f"{path.name}:{number}"
