"""A released label on the wire: a frame that every plant of a pack shares, and the three numbers that are the plant's own.

Step, product, boundary, unit, public grid, quantiles and budgets stand in every label, so that a report explains itself;
they are the pack's, and the same in ten thousand reports. What they must fulfil is checked, and how they are spelled is
found, once a frame. Of each label then only the two drawn cells and the count class are read or written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from benchmarks.errors import VerificationError
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from benchmarks.wire.canonical import LARGEST_INTEGER, Spelled, encode
from benchmarks.wire.fields import Fields, malformed

MOST_CELLS = 1_000_000
MOST_YEARS = 9  # any policy allows fewer; what it allows is asked of an opened report
METRICS = re.compile("|".join(metric.value for metric in Metric))
A_METRIC = Phrase("one of the metrics %(metrics)s", metrics=", ".join(Metric))

_OWN_NUMBER = Spelled(bytes(range(0xF0, 0x100)))  # no text holds these bytes and no integer as many: where a frame is cut

Key: TypeAlias = tuple[str | int, ...]
"""Step, product, variant, boundary, metric and unit; then numerator and denominator of the grid's lower, upper and width, and
of quantile and epsilon, of best and of typical; last the number of years pooled, and of months told of, 0 where all are."""


@dataclass(frozen=True, slots=True)
class Frame:
    """All of a label but its own three numbers. `pieces` is its spelling, cut where they stand: best cell, typical cell, class."""

    step: str
    product: str
    variant: str
    boundary: str
    metric: Metric
    unit: str
    grid: Grid
    cells: int
    best: tuple[Fraction, Fraction]
    typical: tuple[Fraction, Fraction]
    years: int
    months: int | None
    pieces: tuple[bytes, bytes, bytes, bytes]

    def label(self, best_cell: int, typical_cell: int, count_class: int) -> ReleasedLabel:
        return ReleasedLabel(
            self.step,
            self.product,
            self.variant,
            self.boundary,
            self.metric,
            self.unit,
            self.grid,
            count_class,
            ReleasedQuantile(self.best[0], best_cell, self.best[1]),
            ReleasedQuantile(self.typical[0], typical_cell, self.typical[1]),
            self.years,
            self.months,
        )

    def spelled(self, best_cell: int, typical_cell: int, count_class: int) -> Spelled:
        first, second, third, last = self.pieces
        return Spelled(b"".join((first, encode(best_cell), second, encode(typical_cell), third, encode(count_class), last)))


def spelled(label: ReleasedLabel, where: str) -> Spelled:
    """The label's canonical bytes.

    Raises:
        VerificationError: `field-malformed`, naming the field under `where`: a label that could not be read back is not written.
    """
    numbers = (label.best.cell, label.typical.cell, label.count_class)
    try:
        frame = _frame(_key_of(label))
    except VerificationError:
        _strictly(Fields(_to_wire(_key_of(label), *numbers), where))  # the same refusal, by the label's own place
        raise
    _refuse_numbers(numbers, frame.cells, where)
    return frame.spelled(*numbers)


def read(value: Any, where: str) -> tuple[ReleasedLabel, Spelled]:
    """A label and the one spelling it has, which the caller compares with the bytes it came from.

    Raises:
        VerificationError: `field-missing`, `field-unknown`, `field-malformed`, naming the field under `where`.
    """
    try:
        frame = _frame(_key_in(value))
        numbers = (value["best"]["cell"], value["typical"]["cell"], value["count_class"])
    except (KeyError, TypeError, ValueError, VerificationError):
        label = _strictly(Fields(value, where))
        return label, spelled(label, where)
    _refuse_numbers(numbers, frame.cells, where)
    return frame.label(*numbers), frame.spelled(*numbers)


@lru_cache(maxsize=2048)
def _frame(key: Key) -> Frame:
    """The frame of that key, checked and spelled. VerificationError where no label could stand in it."""
    content = _to_wire(key, 0, 0, 1)
    label = _strictly(Fields(content, ""))
    content["best"]["cell"] = content["typical"]["cell"] = content["count_class"] = _OWN_NUMBER
    first, second, third, last = encode(content).split(_OWN_NUMBER)
    return Frame(
        label.step,
        label.product,
        label.variant,
        label.boundary,
        label.metric,
        label.unit,
        label.grid,
        label.grid.cells,
        (label.best.quantile, label.best.epsilon),
        (label.typical.quantile, label.typical.epsilon),
        label.years,
        label.months,
        (first, second, third, last),
    )


def _key_of(label: ReleasedLabel) -> Key:
    grid, best, typical = label.grid, label.best, label.typical
    fractions = (grid.lower, grid.upper, grid.width, best.quantile, best.epsilon, typical.quantile, typical.epsilon)
    ends = [end for one in fractions for end in (one.numerator, one.denominator)]
    return (label.step, label.product, label.variant, label.boundary, label.metric.value, label.unit, *ends, label.years, label.months or 0)


def _key_in(value: dict[str, Any]) -> Key:
    """The key of a map that has a label's shape; KeyError, TypeError or ValueError where it has not."""
    grid, best, typical = value["grid"], value["best"], value["typical"]
    pooled, in_part = "years" in value, "months" in value
    if (len(value), len(grid), len(best), len(typical)) != (10 + pooled + in_part, 3, 3, 3):
        raise ValueError("fields too many or too few")
    years, months = value["years"] if pooled else 1, value["months"] if in_part else 0
    if pooled and (type(years) is not int or years == 1):  # True and 1.0 would find the frame of 1
        raise ValueError("years that are no number above 1")
    if in_part and (type(months) is not int or months < 1):
        raise ValueError("months that are no number above 0")
    (a, b), (c, d), (e, f) = grid["lower"], grid["upper"], grid["width"]
    (g, h), (i, j) = best["quantile"], best["epsilon"]
    (k, m), (n, o) = typical["quantile"], typical["epsilon"]
    texts = (value["step"], value["product"], value["variant"], value["boundary"], value["metric"], value["unit"])
    return (*texts, a, b, c, d, e, f, g, h, i, j, k, m, n, o, years, months)


def _to_wire(key: Key, best_cell: int, typical_cell: int, count_class: int) -> dict[str, Any]:
    step, product, variant, boundary, metric, unit, *ends, years, months = key
    lower, upper, width, *draws = ([ends[place], ends[place + 1]] for place in range(0, len(ends), 2))
    content: dict[str, Any] = {
        "step": step,
        "product": product,
        "variant": variant,
        "boundary": boundary,
        "metric": metric,
        "unit": unit,
        "grid": {"lower": lower, "upper": upper, "width": width},
        "count_class": count_class,
        "best": {"quantile": draws[0], "cell": best_cell, "epsilon": draws[1]},
        "typical": {"quantile": draws[2], "cell": typical_cell, "epsilon": draws[3]},
    }
    if years != 1:
        content["years"] = years
    if months:
        content["months"] = months
    return content


def _refuse_numbers(numbers: tuple[int, int, int], cells: int, where: str) -> None:
    best_cell, typical_cell, count_class = numbers
    under = f"{where}." if where else ""
    for name, cell in (("best", best_cell), ("typical", typical_cell)):
        if type(cell) is not int or not 0 <= cell < cells:
            raise malformed(f"{under}{name}.cell", Phrase("a whole number from %(least)s to %(most)s", least=0, most=cells - 1))
    if type(count_class) is not int or not 1 <= count_class <= LARGEST_INTEGER:
        raise malformed(f"{under}count_class", Phrase("a whole number from %(least)s to %(most)s", least=1, most=LARGEST_INTEGER))


def _strictly(fields: Fields) -> ReleasedLabel:
    """Every field by name and kind."""
    grid = _grid(fields.fields("grid"))
    label = ReleasedLabel(
        step=fields.identifier("step"),
        product=fields.words("product"),
        variant=fields.words("variant", shortest=0),
        boundary=fields.words("boundary"),
        metric=Metric(fields.matching("metric", METRICS, A_METRIC)),
        unit=fields.words("unit", longest=24),
        grid=grid,
        count_class=fields.integer("count_class", 1, LARGEST_INTEGER),
        best=_quantile(fields.fields("best"), grid),
        typical=_quantile(fields.fields("typical"), grid),
        years=fields.integer("years", 2, MOST_YEARS) if fields.has("years") else 1,
        months=fields.integer("months", 1, 12 * MOST_YEARS) if fields.has("months") else None,
    )
    if not label.best.quantile < label.typical.quantile:
        raise malformed(fields.path("best.quantile"), Phrase("below the quantile of the typical value"))
    fields.done()
    return label


def _grid(fields: Fields) -> Grid:
    lower, upper, width = (fields.rational(name) for name in ("lower", "upper", "width"))
    if width <= 0:
        raise malformed(fields.path("width"), Phrase("above zero"))
    grid = Grid(lower, upper, width)
    if not 2 <= grid.cells <= MOST_CELLS:
        raise malformed(fields.path("upper"), Phrase("above lower, giving 2 to %(most)s cells", most=f"{MOST_CELLS:,}"))
    fields.done()
    return grid


def _quantile(fields: Fields, grid: Grid) -> ReleasedQuantile:
    drawn = ReleasedQuantile(
        quantile=fields.rational("quantile"), cell=fields.integer("cell", 0, grid.cells - 1), epsilon=fields.rational("epsilon")
    )
    if not 0 < drawn.quantile < 1:
        raise malformed(fields.path("quantile"), Phrase("between 0 and 1"))
    if not 0 < drawn.epsilon <= 16 or not _is_dyadic(drawn.epsilon):
        raise malformed(fields.path("epsilon"), Phrase("above 0, at most 16, and a whole number over a power of two"))
    fields.done()
    return drawn


def _is_dyadic(number: Fraction) -> bool:
    """Exact in a binary float, as the mechanism needs it (docs/privacy.md)."""
    return number.denominator & (number.denominator - 1) == 0
