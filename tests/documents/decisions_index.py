"""`docs/decisions/README.md`: the records by number, as their own headings say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.documents.refusals import ROOT

PAGE = ROOT / "docs" / "decisions" / "README.md"

HEAD = """# Decisions

The title is the decision. Each record has at most 250 words: the question, the decision, its cost, what was tried
and not chosen. Records that no longer decide anything are in the history of this folder.
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
