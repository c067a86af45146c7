"""Which meters tell the energy of a line, and which of it can be followed while a batch runs.

A meter that serves several lines is divided by what ran at a time, a virtual one is the sum of
others, and declared events act on readings already taken: the energy of such a line is known as
`label` knows it, once its batches have ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from benchmarks.phrases import Phrase
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.pipeline.following import sinks_of

Line = tuple[str, str]
"""Step and equipment."""
_OF_READINGS = {"ratio", "unit", "clock", "swap"}


class LineMeters:
    """Of one site."""

    def __init__(self, site: SiteSettings, on: date) -> None:
        self._tree, self._zone = site.tree, site.zone
        inside = {
            (step, carrier)
            for step, setting in site.steps.items()
            for carrier in setting.made_inside
        }
        self._counted = [
            (meter, sinks)
            for meter in site.tree.counted
            if (sinks := sinks_of(meter, site)) and (meter.step, meter.carrier) not in inside
        ]
        self._of_line: dict[
            Line, list[Meter]
        ] = {}  # asked many times a second, for each batch that runs
        self._made_from: dict[tuple[str, ...], list[Meter]] = {}
        self.later = {
            meter.id: why
            for meter, _ in self._counted
            if (why := self._why_later(meter, site, on)) is not None
        }

    def counted(self, lines: Iterable[Line], at: datetime | None = None) -> list[Meter]:
        """Meters whose energy counts for some of these lines, of batches that begin at that moment
        where one is given.
        """
        of_lines = [self._counted_for(line) for line in dict.fromkeys(lines)]
        if len(of_lines) != 1:
            names = {meter.id for of_line in of_lines for meter in of_line}
            of_lines = [[meter for meter, _ in self._counted if meter.id in names]]
        return [meter for meter in of_lines[0] if at is None or meter.counts_for(at, self._zone)]

    def _counted_for(self, line: Line) -> list[Meter]:
        """Those of one line, at any time."""
        if line not in self._of_line:
            step, equipment = line
            self._of_line[line] = [
                meter
                for meter, sinks in self._counted
                if any(sink.step == step and sink.equipment in ("", equipment) for sink in sinks)
            ]
        return self._of_line[line]

    def with_readings(
        self, lines: Iterable[Line] | None = None, at: datetime | None = None
    ) -> list[Meter]:
        """Those that these are made from, with the temperature and the pressure of a gas; of all
        lines where none are given.
        """
        counted = (
            [meter for meter, _ in self._counted] if lines is None else self.counted(lines, at)
        )
        key = tuple(meter.id for meter in counted)
        if key not in self._made_from:
            names = {name for meter in counted for name in self._tree.needed_by(meter)}
            self._made_from[key] = [meter for meter in self._tree.meters if meter.id in names]
        return self._made_from[key]

    def tells(self, meter: str, line: Line) -> bool:
        """Whether the energy of a line needs this meter's readings."""
        return any(meter in self._tree.needed_by(counted) for counted in self.counted([line]))

    def _why_later(self, meter: Meter, site: SiteSettings, on: date) -> Phrase | None:
        """Why a meter cannot be followed while a batch runs; None where it can."""
        if meter.allocation is not None:
            return Phrase("%(meter)s is shared with other equipment", meter=meter.id)
        if meter.computed:
            return Phrase("%(meter)s is worked out from other meters", meter=meter.id)
        if any(self._declared(site, on, meter)):
            return Phrase(
                "an event or a drift of the clock is declared for %(meter)s", meter=meter.id
            )
        if meter.reading == "interval" and meter.stamp == "start" and meter.interval_s is None:
            return Phrase(
                "%(meter)s is stamped at the start, and interval_s is not given", meter=meter.id
            )
        return None

    def _declared(self, site: SiteSettings, on: date, meter: Meter) -> Iterator[bool]:
        yield bool(meter.clock_drift_s_per_day)
        for event in site.events:
            if meter.id in (event.meter, event.other) and event.kind in _OF_READINGS:
                end = event.ends(site.zone)
                yield end is None or end.date() >= on
