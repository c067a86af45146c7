"""`docs/decisions/README.md`: the records by number, as their own headings say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.documents.refusals import ROOT

PAGE = ROOT / "docs" / "decisions" / "README.md"

HEAD = """# Decisions

Each record says what had to be decided, what we decided and why, what it costs, and what we tried and did not choose, with figures measured
on this code. The title is the decision. Here stand those that still decide something; the others are in the history of this folder.
`python -m tests.documents --write` writes this list.

| | |
|---|---|
"""


def records() -> Iterator[tuple[str, str, Path]]:
    """Number, decision and file of each record, in order.

    Raises:
        ValueError: a heading is not `# NUMBER · Decision`.
    """
    for path in sorted(PAGE.parent.glob("[0-9]*.md")):
        heading = path.read_text(encoding="utf-8").partition("\n")[0]
        read = re.fullmatch(r"# (\d{4}) · (\S.*[^.])", heading)
        if read is None:
            raise ValueError(
                f"{path.name} begins with {heading!r}; wanted: # {path.name[:4]} · What was decided"
            )
        yield read[1], read[2], path


def page() -> str:
    """The index."""
    return HEAD + "".join(
        f"| [{number}]({path.name}) | {decision} |\n" for number, decision, path in records()
    )
