"""What an earlier run left and no longer holds is taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from reporting_agent.report import writing


def test_what_an_earlier_run_left_is_taken_away_or_told(tmp_path: Path) -> None:
    file = tmp_path / "declarations.toml"
    writing.remove(file)  # nothing there
    file.write_text("old", encoding="utf-8")
    writing.remove(file)
    assert not file.exists()
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as refused:
        writing.remove(tmp_path / "folder")
    assert refused.value.code == "output-not-writable"
