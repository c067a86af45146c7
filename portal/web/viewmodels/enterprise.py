"""Submissions, sites, where we stand; a certification body reads submissions too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from portal.web.ladder import Span
from portal.web.trend import TrendPicture
from portal.web.viewmodels.ladders import Ladder
from portal.web.viewmodels.listed import Listed
from portal.web.viewmodels.shared import Crumb, Figure, Item, StateWord, UnitLink


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    url: str
    site: str
    pack: str
    period: str
    revision: int
    numbered: str  # the revision in words
    received: datetime
    state: StateWord
    reason: str
    remedy: str
    receipt_url: str
    digest: str
    log_index: str


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Several files at once: how many of each fate, and a row for each."""

    files: int
    new: int
    before: int  # the portal had them
    refused: int
    table: Listed


@dataclass(frozen=True, slots=True)
class ReleasedRow:
    """A protected value the site itself sent, as the portal holds it."""

    step: str
    metric: str
    best: str
    typical: str
    unit: str
    count_class: str


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a submission: at a moment, or on a day of the scheme."""

    text: str
    at: datetime | None = None
    on: date | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class SubmissionPage:
    submission: SubmissionRow
    steps: tuple[Step, ...]
    values: tuple[ReleasedRow, ...]
    receipt: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class RankStrip:
    """All places as ticks; those that fit the site's value marked; never a single place."""

    words: str
    of: int
    several: bool  # more than one place fits
    band: Span
    crowded: bool  # too many places for a tick each: a line stands for them
    ticks: tuple[tuple[str, bool], ...]  # where, and whether it fits
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """What one step would gain: per tonne of the route's product, in several units."""

    step: str
    reading: str  # why it leaves the sum; empty where it stays
    kgce: str
    interval: str
    places: str
    mj: str
    co2: str  # kg; bounds where the step takes several carriers
    exact_kgce: str  # for the script that turns it into yearly figures; empty where nothing is to be added up
    exact_mj: str
    bar: Span
    whisker: Span
    whisker_end: str


class TrendRow(NamedTuple):
    """One period in the table beside the drawing; `flag` says what is defined otherwise than before."""

    period: str
    value: str
    interval: str
    best: str
    flag: str
    unchanged: bool = False  # by no more than the noise, since the period before


@dataclass(frozen=True, slots=True)
class TrendStep:
    name: str
    unit: str
    described: str
    picture: TrendPicture
    rows: tuple[TrendRow, ...]


@dataclass(frozen=True, slots=True)
class StandPage:
    site: str
    sector: str
    period: str
    version: int
    benchmark_url: str
    first_step: str
    first_gap: str
    clear_sum: str  # of the gaps that are larger than the noise
    product: str
    clear_gaps: int
    all_gaps: int
    within_noise: int  # above the best, but not by more than the noise
    at_best: int
    awaited: int  # steps whose interval has not been computed yet
    computed: datetime | None  # when the places were computed
    figures: tuple[Figure, ...]
    strip: RankStrip | None
    ladder: Ladder
    units: tuple[UnitLink, ...]
    unit_note: str
    conversions: str
    carbon_note: str
    gaps: tuple[GapRow, ...]
    gap_sum: GapRow | None
    trend_url: str = ""  # where the curves over the periods are; empty for a site of one period


@dataclass(frozen=True, slots=True)
class TrendPage:
    site: str
    steps: tuple[TrendStep, ...]
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    id: str
    name: str
    enrolled: datetime
    state: StateWord
    revoke_url: str
    software: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    id: str
    name: str
    sector: str
    jurisdiction: str
    token_url: str
    devices: tuple[DeviceRow, ...]
    waiting_tokens: int
    managed: bool
    retired: datetime | None
    edit_url: str  # empty for a delegate
    access_url: str
