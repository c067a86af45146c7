"""The step ladder as the template prints it: texts for the cells, positions for the drawings."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.ladder import Picture, RungPicture


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a limit, and the page of its number; none where the standard has no such level or the pack is not installed."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A standard's limits: annual basis, so never on the scale."""

    name: str
    levels: tuple[Level, ...]
    unit: str
    standard: str

    @property
    def told(self) -> str:
        """All levels as one text, the strictest first."""
        return " · ".join(level.text for level in self.levels)


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
    own: str = ""  # text beside the site's own whole route: its value, for the published total is rounded and a difference would not add up


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

    @property
    def lane(self) -> str:
        """The height of the industry's marks within a row: above the middle where the site's own lie below them."""
        return "34%" if self.with_you else "50%"


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
