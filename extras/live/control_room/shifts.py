"""What a shift did: its batches against their labels, line by line, and what was told in it.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from extras.live.running.plant import Alert, Plant


@dataclass(frozen=True, slots=True)
class LineDone:
    """One line in one shift; `above` in kgce for one of output against the label, output-weighted,
    of the batches that have one, else None."""

    equipment: str
    batches: int
    output: float
    above: float | None
    unit: str = "t"  # of output


@dataclass(frozen=True, slots=True)
class Shift:
    """Half-open [start, end)."""

    start: datetime
    end: datetime
    lines: tuple[LineDone, ...]
    alerts: tuple[Alert, ...]
    again: tuple[str, ...] = ()  # batches that were counted again after late or corrected readings
    so_far: tuple[str, ...] = ()  # batches that ended and are still counted by running totals
    overlapping: tuple[
        str, ...
    ] = ()  # batches whose energy is not their own: not in `above`, as they are not in the label
    unknown: tuple[
        str, ...
    ] = ()  # batches without energy, output or label, on lines that have a figure of others


def bounds(starts: Sequence[str], at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The shift that holds a moment, by the local hours at which shifts begin."""
    local = at.astimezone(zone)
    hours = sorted(time(int(hour[:-3]), int(hour[-2:])) for hour in starts)  # 6:00 as well as 06:00
    edges = [
        datetime.combine(local.date() + timedelta(days=day), hour, zone)
        for day in (-1, 0, 1)
        for hour in hours
    ]
    begun = max(edge for edge in edges if edge <= local)
    return begun, min(edge for edge in edges if edge > local)


def done(plant: Plant, alerts: Iterable[Alert], start: datetime, end: datetime) -> Shift:
    """Batches count for the shift in which they end."""
    first_us, last_us = round(start.timestamp() * 1e6), round(end.timestamp() * 1e6)
    lines: list[LineDone] = []
    again: list[str] = []
    so_far: list[str] = []
    overlapping: list[str] = []
    unknown: list[str] = []
    sharing = {batch.key for pair in plant.sharing.pairs() for batch in pair}
    for (step, equipment), batches in sorted(plant.log.lines.items()):
        ended = [
            batch
            for batch in batches
            if batch.end_us is not None and first_us <= batch.end_us < last_us and batch.good
        ]
        if not ended:
            continue
        with_usual = [
            (batch, usual)
            for batch in ended
            if batch.key not in sharing
            and batch.kgce is not None
            and batch.output
            and (usual := plant.history.usual.get(batch.of_kind))
        ]
        output = sum(batch.output or 0.0 for batch, _ in with_usual)
        above = sum(
            (batch.kgce or 0.0) - usual.label_end * (batch.output or 0.0)
            for batch, usual in with_usual
        )
        again += [batch.id for batch in ended if batch.again]
        so_far += [batch.id for batch in ended if not batch.as_label]
        shared = [batch.id for batch in ended if batch.key in sharing]
        overlapping += shared
        if with_usual:
            unknown += [
                batch.id
                for batch in ended
                if batch.id not in {*shared, *(each.id for each, _ in with_usual)}
            ]
        whole = sum(batch.output or 0.0 for batch in ended)
        lines.append(
            LineDone(
                equipment or step,
                len(ended),
                whole,
                above / output if output else None,
                batches[0].unit,
            )
        )
    raised = tuple(alert for alert in alerts if first_us <= alert.at_us < last_us)
    return Shift(
        start,
        end,
        tuple(lines),
        raised,
        tuple(again),
        tuple(so_far),
        tuple(overlapping),
        tuple(unknown),
    )
