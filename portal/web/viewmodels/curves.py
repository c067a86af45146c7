"""How firms are spread: a curve and its figures for every cell that has one, and why the others have none."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.curve import CurvePicture


@dataclass(frozen=True, slots=True)
class CurveRow:
    share: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    unit: str
    lead: str  # the middle of the curve in words
    described: str  # the whole drawing in words
    best: str  # text at the line of the published best
    picture: CurvePicture
    rows: tuple[CurveRow, ...]


@dataclass(frozen=True, slots=True)
class Quarter:
    """How many sites are sure to lie in it, and which firms chose to be named there."""

    name: str
    sites: str
    named: str


@dataclass(frozen=True, slots=True)
class BandRow:
    """How many sites of a step are sure to lie in each quarter, and how many cannot be told."""

    name: str
    quarters: tuple[Quarter, ...]
    untold: str


@dataclass(frozen=True, slots=True)
class Spread:
    """`without` says why some or all cells have no curve; empty where all have one."""

    curves: tuple[Curve, ...]
    without: str
    bands: tuple[BandRow, ...] = ()
