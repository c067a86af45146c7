"""Where we stand: the strip of ranks, scores by step, the gap of each step, and the trend over the
periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.charts.ladder import DrawnInterval
from portal.web.presenters.ladders import Ladder
from portal.web.presenters.trend import TrendStep
from portal.web.viewmodels.shared import Crumb, HeadlineFigure, UnitLink


@dataclass(frozen=True, slots=True)
class RankStrip:
    """All ranks as ticks; those that fit the site's value marked; never a single rank."""

    words: str
    of: int
    several: bool  # more than one rank fits
    band: DrawnInterval
    crowded: bool  # too many ranks for a tick each: a line stands for them
    ticks: tuple[tuple[str, bool], ...]  # where, and whether it fits
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """Where a site stands at one step among all firms of the kind: a score with its interval, or
    among few a rank; never one number.
    """

    step: str
    score: str
    band: (
        DrawnInterval | None
    )  # the interval on a scale from 1 to 100; None where there is no score
    ranks: str
    verdict: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """What one step would gain: for one of the route's output, in several units."""

    step: str
    reading: str  # why it leaves the sum; empty where it stays
    energy: str  # in the unit that the totals are in
    interval: str
    ranks: str
    mj: str
    co2: str  # kg; bounds where the step takes several carriers
    bar: DrawnInterval
    whisker: DrawnInterval
    whisker_end: str


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
    amount: str  # that gaps are for, as it follows `per`: `tonne of cement`
    product_unit: str  # of the product: `tonne`
    next_url: str
    clear_gaps: int
    all_gaps: int
    within_noise: int  # above the best, but not by more than the noise
    at_best: int
    awaited: int  # steps whose interval has not been computed yet
    computed: datetime | None  # when the ranks were computed
    figures: tuple[HeadlineFigure, ...]
    strip: RankStrip | None
    scores: tuple[ScoreRow, ...]
    ladder: Ladder
    units: tuple[UnitLink, ...]
    unit_note: str
    conversions: str
    carbon_note: str
    # what the gaps are in: `kgce`, of a pack whose totals are in another unit of energy that
    gap_energy: str
    gaps: tuple[GapRow, ...]
    gap_sum: GapRow | None
    export_url: str = ""  # of the table that holds these values
    trend_url: str = ""  # where the curves over the periods are; empty for a site of one period
    no_score: str = ""  # why no step has one
    # why the interval of the whole route is wider than those of the steps; empty where it is not
    interval_note: str = ""
    route_lead: str = ""  # how the whole route compares
    own_best: str = ""  # what the site would spare by running like the best of its own runs


@dataclass(frozen=True, slots=True)
class TrendPage:
    site: str
    steps: tuple[TrendStep, ...]
    crumbs: tuple[Crumb, ...]
