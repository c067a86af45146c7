"""The steps and units that rows of batches name, and those that the pack or site.toml does not
know: such batches have no energy.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from benchmarks.phrases import Phrase, joined
from extras.live.running.line_meters import Line
from extras.live.running.totals import RunningTotals
from reporting_agent.config import SiteSettings


class NamedUnits:
    """What one site knows of both."""

    def __init__(self, site: SiteSettings, totals: RunningTotals) -> None:
        self._totals = totals
        self._steps = [step.id for step in totals.pack.steps] if totals.pack is not None else []
        units = [meter.equipment for meter in site.meters] + [
            equipment.id for equipment in site.equipment
        ]
        self._units = sorted({unit for unit in units if unit})

    def unknown(self, line: Line, batch: str) -> Phrase | None:
        """What of a line is not known, by a batch of it; None where all is. A unit need not be
        named where meters count the whole step.
        """
        step, unit = line
        if self._steps and step not in self._steps:
            why = Phrase(
                "Batch %(batch)s: the pack has no step %(name)s, so its energy is not known.",
                batch=batch,
                name=repr(step),
            )
            return _with_nearest(why, step, self._steps)
        if not unit and self._units and not self._totals.lines.counted([line]):
            return Phrase(
                "Batch %(batch)s names no unit, and no meter counts all of its step %(name)s, so "
                "its energy is not known. Send its row "
                "again with its equipment.",
                batch=batch,
                name=repr(step),
            )
        if unit and unit not in self._units and not self._totals.lines.counted([line]):
            why = Phrase(
                "Batch %(batch)s: no [[meters]] or [[equipment]] in site.toml names the unit "
                "%(name)s, so its energy is not known.",
                batch=batch,
                name=repr(unit),
            )
            return _with_nearest(why, unit, self._units)
        return None


def _with_nearest(why: Phrase, name: str, names: Iterable[str]) -> Phrase:
    near = get_close_matches(name, names, n=1)
    if not near:
        return why
    advice = Phrase(
        "The nearest name is %(near)s: correct it at its source if that is meant, else declare it.",
        near=repr(near[0]),
    )
    return joined(why, advice)
