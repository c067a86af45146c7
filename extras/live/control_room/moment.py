"""One moment of the plant, as pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.declared import Words
from benchmarks.phrases import Phrase
from extras.live.control_room.answers import AlertAnswer
from extras.live.control_room.shifts import Shift
from extras.live.running.plant import Alert, IdleEquipment, Open
from extras.live.unreadable import Message


@dataclass(frozen=True, slots=True)
class PlantMoment:
    """One moment of the plant, all that a page needs; made by the thread that receives, read by
    those that serve.
    """

    at_us: int
    wall_us: int
    open: Sequence[Open]
    idle: Sequence[IdleEquipment]
    silent: Sequence[tuple[str, int]]
    unreadable: Sequence[
        tuple[str, int, Sequence[Message]]
    ]  # topic, count, the last of it; the newest first
    sources: Sequence[tuple[str, str]]  # name, refusal
    alerts: Sequence[Alert]  # of batches that run
    shift: Shift
    stored: int
    repeated: int
    missing: int
    weeks: float
    rate: float
    vouched: bool  # whether the history is long enough for thresholds
    unread: int = 0  # messages that could not be read since the agent started
    contradicted: int = 0  # repeats that had another value
    corrected: int = 0  # readings at whose moment another value was there
    untold: Sequence[str] = ()
    answers: Mapping[str, AlertAnswer] = field(default_factory=dict)  # by the keys of their alerts
    practices: Mapping[str, Sequence[Words]] = field(default_factory=dict)  # against their causes
    notices: Sequence[
        tuple[str, Phrase, bool]
    ] = ()  # further rows of the sources' table: name, state, whether it is well
