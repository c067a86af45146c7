"""What is wrong with what the sources send: told once, and listed on the page for as long as it
concerns what runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from benchmarks.labels import ExclusionReason
from benchmarks.phrases import Phrase, Value, enumerated
from extras.live.running.batch_log import RunningBatch
from extras.live.running.meter_total import HOUR_US, MeterTotal, RegisterFall
from extras.live.running.plant import Plant
from extras.live.running.suspect_rows import NamedUnits, Pair
from extras.live.running.totals import Line
from extras.live.sources.clock import for_people
from extras.live.sources.payloads import EPOCH
from extras.live.spool.meter_state import MeterState
from extras.live.spool.reading import AHEAD_US, BEYOND_US
from extras.live.spool.writer import now_us
from reporting_agent.pipeline.conditions import KeptOut
from reporting_agent.report.figures import shown

LISTED_US = 24 * HOUR_US  # by the plant's time, a fall of a register
MOST_LISTED = 5  # batches far ahead
MOST_FALLS = 20  # registers, as where a gateway began anew
AHEAD, SHARED, WIDE, BEHIND, LACKS, ENDLESS = -1, -2, -3, -4, -5, -6  # in the place of a moment
MINUTE_US = HOUR_US // 60
GIVEN_UP_US = 7 * LISTED_US  # and readings that did not come


class Faults:
    """Those of one plant."""

    def __init__(self, plant: Plant, zone: tzinfo) -> None:
        self._plant, self._zone = plant, zone
        self._units = NamedUnits(plant.site, plant.totals)
        self._lines: set[Line] = set()  # that were looked up
        self._told_faults: set[tuple[str, int]] = (
            set()
        )  # what was told: a meter, and the moment where there is one

    def fresh(self, meters: Mapping[str, MeterState]) -> Iterator[Phrase]:
        """What was not told yet."""
        yield from self._clocks()
        for name, state in meters.items():
            if state.gaps.jump is not None and self._is_fresh(name, state.gaps.jump[1]):
                yield Phrase(
                    "%(meter)s: its numbers jumped from %(before)s to %(after)s, too far for "
                    "missing readings. Taken as a wrong number "
                    "or a counter that began anew: nothing is requested. Check the gateway's "
                    "counter.",
                    meter=name,
                    before=state.gaps.jump[0],
                    after=state.gaps.jump[1],
                )
        for batch in self._plant.log.ahead():
            if (why := self._start_ahead(batch)) is not None:
                yield why
        if pairs := [
            pair
            for pair in self._plant.sharing.pairs()
            if self._is_fresh(" ".join((*pair[0].key, *pair[1].key)), SHARED)
        ]:
            yield Phrase(
                "Batches share a unit and time by their rows: %(pairs)s. `label` leaves both out "
                "once they have ended "
                "(overlap). Send the wrong row again with its right times. A batch that was "
                "renamed stays under its old id: send that with "
                "an end equal to its start.",
                pairs=_paired(pairs),
            )
        if endless := [
            batch
            for batch in self._plant.sharing.without_end()
            if self._is_fresh(" ".join(batch.key), ENDLESS)
        ]:
            yield Phrase(
                "The end of %(batches)s is missing: a batch that began later on the same unit has "
                "ended. `label` leaves a batch without an "
                "end out. Send its row again with its end, or with an end equal to its start if "
                "it never ran.",
                batches=_on_units(endless),
            )
        yield from self._unknown()
        for out in self._off_reference():
            if self._is_fresh(f"{out.code} {out.step.id} {out.condition.variable}", LACKS):
                yield Phrase("%(where)s: %(what)s", where=out.runs[0].batch_id, what=out.sentence)
        if wide := [meter for meter in self._wide() if self._is_fresh(meter, WIDE)]:
            yield _too_wide(wide, self._plant.totals.by_meter[wide[0]])
        for meter, fall in self._falls():
            if self._is_fresh(meter, fall.until_us):
                yield Phrase(
                    "%(meter)s: %(fall)s. What it counted there is not known, here as in `label`: "
                    "batches over this moment have no figure "
                    "on the page and raise no alert. Set rollover in site.toml if the register "
                    "starts again from 0; a meter that was "
                    "replaced or reset needs nothing.",
                    meter=meter,
                    fall=self._in_words(fall),
                )

    def _clocks(self) -> Iterator[Phrase]:
        """Those of meters, and our own."""
        for meter, time_us in self._plant.totals.ahead.items():
            if self._is_fresh(meter, 0):
                yield Phrase(
                    "%(meter)s sends times that are far ahead of this machine's clock (%(time)s). "
                    "They are saved; the page and"
                    " the alerts leave them out. Set both clocks by one time server.",
                    meter=meter,
                    time=f"{EPOCH + timedelta(microseconds=min(time_us, BEYOND_US)):%Y-%m-%d %H:%M} UTC",  # noqa: E501
                )
        if behind_us := self._plant.log.behind_us:
            if self._is_fresh("", BEHIND):
                yield Phrase(
                    "This machine's clock is %(off)s behind: meters and batches are both stamped "
                    "ahead of it. The page goes by the meters' "
                    "time until it is right. Set it by a time server.",
                    off=for_people(behind_us / 1e6),
                )
        elif ahead := [
            meter for meter in self._plant.stamps_ahead.by_us if self._is_fresh(meter, AHEAD)
        ]:
            yield Phrase(
                "%(meters)s: stamped by so much ahead of this machine's clock. The page goes by "
                "this machine's clock at most. Set both "
                "clocks by one time server; where the meter's cannot be set, declare "
                "clock_offset_s in site.toml.",
                meters=self._plant.stamps_ahead.named(ahead),
            )

    def notices(self, meters: Mapping[str, MeterState]) -> Iterator[tuple[str, Phrase, bool]]:
        """Rows of the page's table of sources."""
        falls = list(self._falls())
        for meter, fall in falls[:MOST_FALLS]:
            yield meter, self._in_words(fall), False
        if more := falls[MOST_FALLS:]:
            yield (
                "…",
                Phrase(
                    "Further registers that fell without a declared rollover: %(count)s",
                    count=len(more),
                ),
                False,
            )
        if behind_us := self._plant.log.behind_us:
            off = for_people(behind_us / 1e6)
            yield (
                Phrase("Clocks"),
                Phrase(
                    "This machine's is %(off)s behind; the page goes by the meters' time", off=off
                ),
                False,
            )
        elif ahead := self._plant.stamps_ahead.by_us:
            yield (
                Phrase("Clocks"),
                Phrase(
                    "Ahead of this machine's: %(meters)s",
                    meters=self._plant.stamps_ahead.named(ahead),
                ),
                False,
            )
        for batch in self._plant.log.ahead()[:MOST_LISTED]:
            start, far = self._stamp(batch.start_us), self._is_far(batch)
            due = Phrase("Due at %(start)s; shown as running from then on", start=start)
            yield (
                batch.id,
                Phrase("Starts at %(start)s, far ahead of this machine's clock", start=start)
                if far
                else due,
                not far,
            )
        if wide := self._wide():
            yield (
                Phrase("Readings too far apart"),
                _too_wide(wide, self._plant.totals.by_meter[wide[0]]),
                False,
            )
        yield from self._left_out()
        for line, batches in self._plant.log.lines.items():
            if batches[-1].start_us > self._plant.totals.now_us - LISTED_US and (
                why := self._units.unknown(line, batches[-1].id)
            ):
                yield batches[-1].equipment or batches[-1].step, why, False
        for name, state in meters.items():
            lately = [
                last - first + 1
                for first, last, at_us in state.gaps.given_up
                if at_us > self._plant.totals.now_us - GIVEN_UP_US
            ]
            if lately:
                yield (
                    name,
                    Phrase(
                        "Readings that did not come and are requested no more: %(count)s",
                        count=sum(lately),
                    ),
                    False,
                )

    def _left_out(self) -> Iterator[tuple[str, Phrase, bool]]:
        """Batches that `label` will leave out."""
        if pairs := self._plant.sharing.pairs():
            yield (
                Phrase("Batches at one time on one unit"),
                Phrase(
                    "Left out of the label once both have ended: %(pairs)s",
                    pairs=_paired(pairs[::-1]),
                ),
                False,
            )
        if endless := self._plant.sharing.without_end():
            yield (
                Phrase("Batches without an end"),
                Phrase(
                    "Left out of the label until it comes: %(batches)s",
                    batches=_on_units(endless[::-1]),
                ),
                False,
            )
        for out in self._off_reference():
            yield Phrase("Batches left out of the label"), _in_short(out), False

    def _off_reference(self) -> list[KeptOut]:
        return self._plant.off_reference.since(self._plant.totals.now_us - LISTED_US)

    def _wide(self) -> list[str]:
        """Meters whose readings come so far apart that the pack takes each pause for a gap."""
        return [
            meter for meter, total in self._plant.totals.by_meter.items() if total.comes_too_seldom
        ]

    def _unknown(self) -> Iterator[Phrase]:
        """Steps and units of batches that nothing declares."""
        for line, batches in self._plant.log.lines.items():
            if line not in self._lines:
                self._lines.add(line)
                if (why := self._units.unknown(line, batches[-1].id)) is not None:
                    yield why

    @staticmethod
    def _is_far(batch: RunningBatch) -> bool:
        return batch.start_us > now_us() + AHEAD_US

    def _start_ahead(self, batch: RunningBatch) -> Phrase | None:
        """Of a day each batch, else the first of a unit: where plans come as rows, all of them are
        ahead.
        """
        words = {
            "batch": batch.id,
            "step": batch.step,
            "start": self._stamp(batch.start_us),
            "now": self._stamp(now_us()),
        }
        if self._is_far(batch):
            if not self._is_fresh(f"{batch.step} {batch.id}", batch.start_us):
                return None
            return Phrase(
                "Batch %(batch)s of %(step)s is said to start at %(start)s, over a day ahead of "
                "this machine's clock (%(now)s). It "
                "is saved, and not shown as running. Send its row again with the right start, or "
                "set both clocks by one time server.",
                **words,
            )
        if not self._is_fresh(f"{batch.step} {batch.equipment}", AHEAD):
            return None
        return Phrase(
            "Batch %(batch)s of %(step)s is said to start at %(start)s, ahead of this machine's "
            "clock (%(now)s). It is shown as running "
            "from then on. If it runs already, its source's clock is wrong: set both by one time "
            "server. Further ones of its unit are "
            "listed on the page.",
            **words,
        )

    def _is_fresh(self, meter: str, at_us: int) -> bool:
        fresh = (meter, at_us) not in self._told_faults
        self._told_faults.add((meter, at_us))
        return fresh

    def _stamp(self, moment_us: int) -> str:
        return (
            f"{datetime.fromtimestamp(moment_us / 1e6, UTC).astimezone(self._zone):%Y-%m-%d %H:%M}"
        )

    def _falls(self) -> Iterator[tuple[str, RegisterFall]]:
        """The latest of each register in a day."""
        since_us = self._plant.totals.now_us - LISTED_US
        for meter, total in self._plant.totals.by_meter.items():
            if total.has_unknown and (falls := list(total.falls(since_us))):
                yield meter, falls[-1]

    def _in_words(self, fall: RegisterFall) -> Phrase:
        return Phrase(
            "Register fell from %(before)s to %(after)s at %(at)s without a declared rollover",
            before=shown(fall.before),
            after=shown(fall.after),
            at=self._stamp(fall.until_us),
        )


def _in_short(out: KeptOut) -> Phrase:
    """The latest of them by name."""
    named: list[Value] = [run.batch_id for run in out.runs[::-1]]
    names = {"variable": out.condition.variable, "batches": _listed(named)}
    if out.code == ExclusionReason.VARIABLE_MISSING:
        return Phrase("%(variable)s is not given: %(batches)s", **names)
    return Phrase("%(variable)s cannot be what their rows give: %(batches)s", **names)


def _too_wide(meters: Sequence[str], first: MeterTotal) -> Phrase:
    return Phrase(
        "%(meters)s: readings come some %(usual)s minutes apart, and the pack allows gaps of "
        "%(longest)s at %(step)s. So batches have no energy from them, here and in a report. Have "
        "them sent more often.",
        meters=_listed(list(meters)),
        usual=f"{first.usual_us / MINUTE_US:g}",
        longest=f"{first.longest_gap_us / MINUTE_US:g}",
        step=first.meter.step or first.meter.equipment or first.meter.id,
    )


def _paired(pairs: Sequence[Pair]) -> Value:
    """Some of them by name."""
    return _listed(
        [
            Phrase(
                "%(first)s and %(later)s (%(unit)s)",
                first=first.id,
                later=later.id,
                unit=first.equipment or first.step,
            )
            for first, later in pairs
        ]
    )


def _on_units(batches: Sequence[RunningBatch]) -> Value:
    """Some of them by name."""
    return _listed(
        [
            Phrase("%(batch)s (%(unit)s)", batch=batch.id, unit=batch.equipment or batch.step)
            for batch in batches
        ]
    )


def _listed(named: list[Value]) -> Value:
    return enumerated([*named[:MOST_LISTED], "…"] if len(named) > MOST_LISTED else named)
