"""What the templates get: frozen, named, already worded and in the unit of the page. No model and no queryset reaches a template.

Numbers are text here (true minus, right decimals) except inside `ladder`, whose drawings are positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from portal.web.ladder import Picture, RungPicture, Span

Mood = Literal["ok", "no", "wait", "hidden"]
"""How a state is drawn beside its word: tick, warning triangle, clock, hatched box. The word says it all; the shape repeats it."""


@dataclass(frozen=True, slots=True)
class StateWord:
    """A state in words, and the shape beside it."""

    word: str
    mood: Mood


@dataclass(frozen=True, slots=True)
class Crumb:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the three figures at the top of a page."""

    title: str
    value: str
    unit: str
    note: str
    tone: Literal["best", "you", "plain"] = "plain"


@dataclass(frozen=True, slots=True)
class UnitLink:
    id: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """A standard's limits: annual basis, so never on the scale."""

    name: str
    grades: str
    unit: str
    standard: str


@dataclass(frozen=True, slots=True)
class LimitCell:
    """Limits that stand beside one or more rows of the ladder."""

    rows: int
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class LadderRow:
    """One row: own-unit values beside the drawing. `hidden` gives the reason when the gate holds the value back."""

    name: str
    unit: str
    best: str
    best_interval: str
    typical: str
    you: str
    you_interval: str
    above: str  # the drawing in words, for those who do not see it
    hidden: str
    picture: RungPicture | None
    limits: LimitCell | None
    limits_from_above: bool = False  # a cell further up spans this row
    reached: str = ""  # text beside the mark of the best whole route


@dataclass(frozen=True, slots=True)
class Ladder:
    rows: tuple[LadderRow, ...]
    total: LadderRow
    picture: Picture
    scale_unit: str
    with_you: bool
    with_reached: bool
    all_limits: tuple[Limit, ...]
    second_metrics: tuple[SecondMetric, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondMetric:
    """A metric beside the headline (electricity, thermal), in its own unit: not part of the ladder, not converted."""

    step: str
    metric: str
    best: str
    best_interval: str
    typical: str
    unit: str
    firms: str
    hidden: str


@dataclass(frozen=True, slots=True)
class Item:
    """A title and its text: one item of EN 16231, one field of a summary."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    on: date
    reason: str
    latest_url: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    number: int
    url: str
    here: bool
    state: StateWord
    published: date | None
    label: str
    firms: str
    change: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class Lead:
    """The sentence that answers the first question; the template words it."""

    product: str
    reached: str
    composite: str
    typical: str
    unit: str
    widest_step: str
    widest_share: str
    shown: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Download:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BenchmarkPage:
    title: str
    period: str
    sector: str
    version: int
    published: date | None
    lead: Lead
    figures: tuple[Figure, ...]
    ladder: Ladder
    units: tuple[UnitLink, ...]
    unit_note: str
    rule: str
    noise: str
    reached: str
    explanation: tuple[Item, ...]
    versions: tuple[VersionRow, ...]
    downloads: tuple[Download, ...]
    citation: str
    address: str
    withdrawal: Withdrawal | None
    superseded_by: str  # address of the version now in force, where this one is not it


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """One benchmark in the public list."""

    title: str
    sector: str
    period: str
    url: str
    version: int
    label: str
    interval: str
    unit: str
    firms: str
    published: date | None


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    text: str
    selected: bool


@dataclass(frozen=True, slots=True)
class BenchmarkList:
    rows: tuple[BenchmarkRow, ...]
    sectors: tuple[Choice, ...]
    query: str
    any_published: bool


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    url: str
    site: str
    pack: str
    period: str
    revision: int
    received: datetime
    state: StateWord
    reason: str
    remedy: str
    receipt_url: str
    digest: str
    log_index: str


@dataclass(frozen=True, slots=True)
class AssignmentBlock:
    """One site and period that a certification body checks, with every revision."""

    title: str
    caption: str
    rows: tuple[SubmissionRow, ...]


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
class SubmissionPage:
    submission: SubmissionRow
    values: tuple[ReleasedRow, ...]
    receipt: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class RankStrip:
    """All places as ticks; those that fit the site's value marked; never a single place."""

    words: str
    of: int
    band: Span
    ticks: tuple[tuple[str, bool], ...]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """What one step would gain: per tonne of the route's product, in several units."""

    step: str
    within_noise: bool
    kgce: str
    interval: str
    places: str
    kwh: str
    mj: str
    bar: Span
    whisker: Span
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
    total_gap: str
    product: str
    clear_gaps: int
    all_gaps: int
    figures: tuple[Figure, ...]
    strip: RankStrip | None
    ladder: Ladder
    units: tuple[UnitLink, ...]
    unit_note: str
    gaps: tuple[GapRow, ...]
    gap_sum: GapRow | None


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


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """One firm's site: whether it reported. No value, by design."""

    firm: str
    site: str
    jurisdiction: str
    state: StateWord
    received: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Square:
    """One firm in the strip of squares."""

    x: str
    kind: Literal["reported", "unusable", "late", "missing"]


@dataclass(frozen=True, slots=True)
class ParticipationPage:
    title: str
    scope: str
    due: datetime
    rows: tuple[ParticipationRow, ...]
    counts: tuple[tuple[str, int, str], ...]  # (kind, how many, word)
    squares: tuple[Square, ...]
    square_width: str
    reported: int
    of: int
    states: tuple[Choice, ...]
    query: str
    compose_url: str
    may_compose: bool
    drafts: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One peer group and period in the regulator's list."""

    title: str
    period: str
    url: str
    reported: int
    of: int
    drafts: tuple[VersionRow, ...]
    published: VersionRow | None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a draft may go out."""

    name: str
    text: str
    mood: Mood
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class GateCell:
    value: str
    interval: str
    firms: str
    hidden: str
    absent: str = ""  # why there is no such cell


@dataclass(frozen=True, slots=True)
class GateRow:
    step: str
    cells: tuple[GateCell, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    step: str
    before: str
    now: str
    change: str
    band: Span | None
    dot: str
    reading: str


@dataclass(frozen=True, slots=True)
class DraftPage:
    title: str
    version: int
    state: StateWord
    drafted_by: str
    drafted_at: datetime
    undecided: bool
    may_go_out: bool
    shown: int
    hidden: int
    checks: tuple[Check, ...]
    columns: tuple[str, ...]
    cells: tuple[GateRow, ...]
    totals: tuple[GateRow, ...]
    previous: int | None
    changes: tuple[ChangeRow, ...]
    may_publish: bool
    why_not: str
    publish_url: str
    withdraw_url: str
    public_url: str
    may_withdraw: bool
    what_changed: str
    crumbs: tuple[Crumb, ...]
