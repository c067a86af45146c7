"""Each made source reaches its first label, or its page, as the table of
`python -m tests.functional.first_label` asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.first_label.__main__ import outcome
from tests.functional.first_label.sources import MADE, Source


@pytest.mark.parametrize("source", MADE, ids=lambda source: source.name)
def test_a_first_label_is_reached(source: Source, tmp_path: Path) -> None:
    result = outcome(source, tmp_path)
    assert result.wrong == ""
