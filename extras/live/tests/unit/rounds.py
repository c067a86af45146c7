"""Rounds of `watch` at a clock of the test's own, until nothing waits to be counted."""

from __future__ import annotations

from extras.live.running.plant import Plant
from extras.live.running.reopening import GATHERED_S, LateRecount


def sentences_of_rounds(reopening: LateRecount, plant: Plant, began_s: float = 0.0) -> list[str]:
    """All that is said meanwhile."""
    now_s, sentences = began_s, list[str]()
    while now_s == began_s or reopening.gathers or plant.awaited.settling:
        sentences += map(str, reopening.round(plant, now_s))
        now_s += 10 * GATHERED_S
    return sentences
