"""The threat model names its proofs: they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/threat-model.md").read_text()


def test_every_defence_is_shown_by_a_file_that_exists() -> None:
    table = PAGE.split("## Defences, and where each is shown", 1)[1].split("\n## ", 1)[0]
    rows = [
        line
        for line in table.splitlines()
        if line.startswith("| ") and not line.startswith(("| defence", "|---"))
    ]
    assert len(rows) > 10
    for row in rows:
        proofs = re.findall(r"`([^`]+)`", row.rsplit("|", 2)[1])
        assert proofs, f"no proof is named for: {row}"
        assert [proof for proof in proofs if not (ROOT / proof).is_file()] == []
