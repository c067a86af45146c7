"""A repeated cell, where the jurisdiction was given another name between two versions."""

from __future__ import annotations

from typing import Any

from benchmarks.audit import recomposed
from benchmarks.audit.recomposed import repeat_of

CELL = {
    **dict.fromkeys(recomposed.OF_A_STEP),
    "step": "raw",
    "product": "raw-meal",
    "variant": "any",
    "boundary": "gate",
    "metric": "total",
    "unit": "kgce/t",
    "best": 10.0,
}


def document(version: int, zh: str, code: str, best: float, on: str) -> dict[str, Any]:
    total = {"gate": {"code": "incomplete"}}
    return {
        "schema": "steplabel/benchmark/1",
        "pack": "cement",
        "route": "cement",
        "period": "2025",
        "version": version,
        "published_on": on,
        "jurisdiction": {"path": "cn", "en": "China", "zh": zh},
        "source": f"v{version}",
        "steps": [{**CELL, "best": best, "gate": {"code": code}}],
        "route_total": total,
        "best_reached_total": total,
        "typical_total": total,
    }


def test_a_version_at_hand_is_not_said_to_be_missing_because_its_jurisdiction_has_another_name_now() -> (
    None
):
    """Falsified: version 2 says that it repeats, and shows another figure. The auditor has version
    1, and is told to get it.
    """
    first = document(1, "", "shown", 10.0, "2026-12-01")
    second = document(2, "中国", "unchanged", 9.0, "2026-12-05")
    assert repeat_of("raw", second["steps"][0], second, [first]).lacking == ()


def test_a_later_version_of_the_same_day_showed_nothing_before() -> None:
    third = document(3, "中国", "shown", 10.0, "2026-12-05")
    second = document(2, "", "unchanged", 10.0, "2026-12-05")
    assert repeat_of("raw", second["steps"][0], second, [third]).shown_by is None
