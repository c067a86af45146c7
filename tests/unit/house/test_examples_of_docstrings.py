"""Examples that docstrings give are run: one that no longer holds misleads whoever reads it."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = [
    file
    for room in ("benchmarks", "reporting_agent", "portal", "fixtures")
    for file in sorted((ROOT / room).rglob("*.py"))
]
WITH_EXAMPLES = [
    file.relative_to(ROOT).with_suffix("")
    for file in FILES
    if ">>> " in file.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=str)
def test_what_an_example_shows_is_what_comes_out(module: Path) -> None:
    outcome = doctest.testmod(importlib.import_module(".".join(module.parts)))
    assert outcome.attempted > 0
    assert outcome.failed == 0
