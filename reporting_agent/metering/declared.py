"""Declared events acting on the readings of meters ([[events]] of site.toml), each reading by
itself and before anything else is done.

A moment is that of the stamp as the source wrote it; an interval that is stamped at its end lies
before that moment, so that one which ends as an event begins is none of the event's. Of channels
that were swapped each reading goes to the other meter. Readings of time declared unusable are left
where they are: their batches are left out (`pipeline.declared`), and so are batches during which an
event begins or ends, for what a meter counted across it is of neither side. No energy is taken
across a reset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.readings import Readings

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


class DeclaredReadings:
    """The events of a site's meters, put to one block of readings after the other."""

    def __init__(
        self,
        events: Sequence[DeclaredEvent],
        zone: ZoneInfo,
        intervals: frozenset[str] = frozenset(),
    ) -> None:
        """`intervals` are meters whose readings are amounts over a time that ends at their
        stamp.
        """
        self._zone = zone
        self._intervals = intervals
        self._by_meter: dict[str, list[DeclaredEvent]] = {}
        self._partner: dict[str, set[str]] = {}
        self._resets: dict[str, list[int]] = {}
        for event in events:
            if event.meter is not None and event.kind == "reset":
                self._resets.setdefault(event.meter, []).append(to_us(event.begins(zone)))
            if event.meter is None or event.kind not in {"ratio", "unit", "clock", "swap"}:
                continue
            self._by_meter.setdefault(event.meter, []).append(event)
            if event.other is not None:
                self._by_meter.setdefault(event.other, []).append(event)
                self._partner.setdefault(event.meter, set()).add(event.other)
                self._partner.setdefault(event.other, set()).add(event.meter)
        self.swaps = bool(
            self._partner
        )  # readings of one meter may stand under the name of another

    @classmethod
    def of(cls, site: SiteSettings) -> DeclaredReadings:
        """Those that the site declares."""
        intervals = frozenset(
            meter.id
            for meter in site.meters
            if meter.reading == "interval" and meter.stamp == "end"
        )
        return cls(site.events, site.zone, intervals)

    def to_read(self, meters: frozenset[str]) -> frozenset[str]:
        """The names under which these meters' readings may stand."""
        return meters.union(*(self._partner.get(meter, frozenset()) for meter in meters))

    def put_to(
        self, meter: str, readings: Readings, asked: frozenset[str]
    ) -> Iterator[tuple[str, Readings]]:
        """The block's readings as they were declared to be, by the meter that they are of."""
        events = self._by_meter.get(meter)
        if events is None:
            if meter in asked:
                yield meter, readings
            return
        stamps_us = readings.time_us
        owner = np.full(len(readings), meter, dtype=object)
        for event in events:
            if event.kind == "swap":
                owner[self._counted_within(event, meter, stamps_us)] = (
                    event.other if event.meter == meter else event.meter
                )
        for name in dict.fromkeys(owner.tolist()):
            if name in asked:
                own = owner == name
                yield name, self._valued(name, readings.at(own), stamps_us[own])

    def resets_of(self, meter: str) -> Integers:
        """From which moments on the meter is declared to have begun anew, in order, on the clock of
        the readings that are put to it.
        """
        stamps_us = np.array(self._resets.get(meter, ()), dtype=np.int64)
        count = len(stamps_us)
        return np.sort(
            self._valued(
                meter, Readings(stamps_us, np.zeros(count), np.zeros(count, np.int64)), stamps_us
            ).time_us
        )

    def _valued(self, meter: str, readings: Readings, stamps_us: Integers) -> Readings:
        for event in self._by_meter.get(meter, ()):
            if event.kind == "swap" or event.meter != meter:
                continue
            if event.factor is not None:
                within = self._counted_within(event, meter, stamps_us)
                amount = within & ~all_nines(
                    readings.value
                )  # a logger's nines are no amount in any unit
                readings = replace(
                    readings, value=np.where(amount, readings.value * event.factor, readings.value)
                )
            elif event.shift:
                within = within_event(event, stamps_us, self._zone)
                shift_us = round(event.shift.total_seconds() * 1e6)
                readings = replace(
                    readings,
                    time_us=np.where(within, readings.time_us + shift_us, readings.time_us),
                )
        return readings

    def _counted_within(self, event: DeclaredEvent, meter: str, stamps_us: Integers) -> Flags:
        """Which readings tell of time within the event: of an interval its last moment."""
        return within_event(
            event, stamps_us - 1 if meter in self._intervals else stamps_us, self._zone
        )


def within_event(event: DeclaredEvent, moment_us: Integers, zone: ZoneInfo) -> Flags:
    """Which moments lie within an event."""
    end = event.ends(zone)
    within: Flags = moment_us >= to_us(event.begins(zone))
    return within if end is None else within & (moment_us < to_us(end))
