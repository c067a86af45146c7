"""What `check` found at the sites of a fleet, side by side: those that cannot be read first, then
those with most to mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from extras.fleet.site_tasks import SiteTaskOutcome

SCHEMA = "steplabel/fleet-check/1"


def as_json(name: str, outcomes: Sequence[SiteTaskOutcome]) -> dict[str, Any]:
    """The document, in the order of fleet.toml."""
    rows = [
        each.as_row() | {"quality": None if each.quality is None else asdict(each.quality)}
        for each in outcomes
    ]
    return {"schema": SCHEMA, "fleet": name, "sites": rows}


def worst_first(outcomes: Iterable[SiteTaskOutcome]) -> list[SiteTaskOutcome]:
    """Sites by what they have to mend: open questions stop a report, excluded batches and rejected
    rows only lessen it.
    """
    read = [each for each in outcomes if each.quality is not None]
    return sorted(read, key=lambda each: _to_mend(each), reverse=True)


def _to_mend(each: SiteTaskOutcome) -> tuple[bool, float, int]:
    quality = each.quality
    assert quality is not None, each.file  # noqa: S101 - `worst_first` left the others out
    return (
        bool(quality.open_questions),
        quality.excluded / max(quality.batches, 1),
        quality.rejected_rows,
    )
