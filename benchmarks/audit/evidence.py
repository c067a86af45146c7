"""What an auditor holds, and what a check says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.audit.contents import Contents
from benchmarks.audit.draws import Draw, Head, Promise
from benchmarks.audit.openings import Opening
from benchmarks.audit.records import MeterDay
from benchmarks.audit.sampling import Drawn
from benchmarks.labels.step import Context
from benchmarks.measurements import Batch
from benchmarks.routes import Pack
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import Commitment
from benchmarks.wire.schema import Report

MOST_NAMED = 20


class State(StrEnum):
    HELD = "held"
    FAILED = "failed"
    NOT_CHECKABLE = "not-checkable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found. `records` names the first of those that it is about; `count` is how many there are."""

    code: str
    state: State
    sentence: str
    remedy: str = ""
    records: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Public:
    """What the auditor has from elsewhere than the plant; None where it was not given.

    `keys_known` says whether challenge and head were verified with the portal's keys, or only read. `inclusion` is the portal's proof
    that the commitment is in the log of the draw's head.
    """

    commitment: Commitment | None = None
    promise: Promise | None = None
    keys_known: bool = False
    head: Head | None = None
    inclusion: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Energy that a meter counted where no record of a batch is, as much and as steadily as in production."""

    meter: str
    start_us: int
    end_us: int
    energy: float
    unit: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """An opening with all that it is held against.

    Args:
        batches: the opened records that are batches, by leaf.
        days: the opened records that are days of meters, by leaf.
        shown: the days that the extract's readings make, by meter and beginning.
        settings_digest: of the settings that the opening shows.
        recomputed: the records that the extract gives under the key of a batch.
        unaccounted: on the drawn days; None where no meter says it.
        context: what values of batches follow from: factors, period, declarations of the site.
    """

    draw: Draw
    opening: Opening
    contents: Contents
    drawn: tuple[Drawn, ...]
    pack: Pack
    public: Public
    challenge: Challenge
    report: Report
    batches: Mapping[int, Batch]
    days: Mapping[int, MeterDay]
    shown: Mapping[tuple[str, int], MeterDay]
    settings_digest: bytes
    recomputed: Callable[[Batch], Counter[bytes]]
    unaccounted: tuple[Unaccounted, ...] | None
    context: Context


Check = Callable[[Evidence], Outcome]


def held(code: str, sentence: str, count: int = 0) -> Outcome:
    return Outcome(code, State.HELD, sentence, count=count)


def not_checkable(code: str, why: str, remedy: str = "") -> Outcome:
    return Outcome(code, State.NOT_CHECKABLE, why, remedy)


def failed(code: str, sentence: str, remedy: str, records: Iterable[str] = ()) -> Outcome:
    named = tuple(records)
    return Outcome(code, State.FAILED, sentence, remedy, named[:MOST_NAMED], len(named))


def named(index: int, batch: Batch) -> str:
    """A record, so that the plant finds it."""
    return f"leaf {index}: {batch.step} {batch.batch_id}, {batch.start:%Y-%m-%d %H:%M} UTC"
