"""By what a label is known within a site and period, and by what a cell is, within which values are
compared and published.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self


class LabelKeyed(Protocol):
    """A label, a protected value, a standing or a published step, or a row of one of them read by
    name.
    """

    @property
    def step(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def metric(self) -> str: ...


class KeyedWithBoundary(LabelKeyed, Protocol):
    @property
    def boundary(self) -> str: ...


class LabelKey(NamedTuple):
    """A site has one label of each in a period. By ids of the pack, the metric by its value."""

    step: str
    product: str
    variant: str
    metric: str

    @classmethod
    def of(cls, row: LabelKeyed) -> Self:
        return cls(row.step, row.product, row.variant, str(row.metric))


class CellKey(NamedTuple):
    """What may be compared with each other (EN 16231, 4.1); as text
    `step/product/variant/boundary/metric`.
    """

    step: str
    product: str
    variant: str
    boundary: str
    metric: str

    @classmethod
    def of(cls, row: KeyedWithBoundary) -> Self:
        return cls(row.step, row.product, row.variant, row.boundary, str(row.metric))

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(*text.split("/"))

    @property
    def label(self) -> LabelKey:
        return LabelKey(self.step, self.product, self.variant, self.metric)

    def __str__(self) -> str:
        return "/".join(self)
