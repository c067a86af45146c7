"""A released label on the wire, field by field, and the strict way back."""

from __future__ import annotations

import re
from fractions import Fraction

from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from benchmarks.wire.canonical import LARGEST_INTEGER, Value
from benchmarks.wire.fields import Fields, malformed, rational_to_wire

MOST_POINTS = 1_000_000
MOST_YEARS = 9  # any policy allows fewer; what it allows is asked of an opened report
METRICS = re.compile("|".join(metric.value for metric in Metric))
A_METRIC = Phrase("one of the metrics %(metrics)s", metrics=", ".join(Metric))


def to_wire(label: ReleasedLabel) -> dict[str, Value]:
    """The label's map, as it stands: `checked` refuses one that could not be read back."""
    grid = label.grid
    content: dict[str, Value] = {
        "step": label.step,
        "product": label.product,
        "variant": label.variant,
        "boundary": label.boundary,
        "metric": label.metric.value,
        "unit": label.unit,
        "grid": {
            "lower": rational_to_wire(grid.lower),
            "upper": rational_to_wire(grid.upper),
            "width": rational_to_wire(grid.width),
        },
        "count_class": label.count_class,
        "best": _drawn(label.best),
        "typical": _drawn(label.typical),
    }
    if label.years != 1:
        content["years"] = label.years
    if label.months is not None:
        content["months"] = label.months
    return content


def checked(label: ReleasedLabel, where: str) -> dict[str, Value]:
    """The label's map. VerificationError `field-malformed`, naming the field under `where`: what
    could not be read back is not written.
    """
    content = to_wire(label)
    read(content, where)
    return content


def _drawn(drawn: ReleasedQuantile) -> Value:
    return {
        "quantile": rational_to_wire(drawn.quantile),
        "cell": drawn.grid_point,
        "epsilon": rational_to_wire(drawn.epsilon),
    }


def read(value: Value, where: str) -> ReleasedLabel:
    """Every field by name and kind.

    Raises:
        VerificationError: `field-missing`, `field-unknown`, `field-malformed`, naming the field
            under `where`.
    """
    fields = Fields(value, where)
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
        raise malformed(
            fields.path("best.quantile"), Phrase("below the quantile of the typical value")
        )
    fields.done()
    return label


def _grid(fields: Fields) -> Grid:
    lower, upper, width = (fields.rational(name) for name in ("lower", "upper", "width"))
    if width <= 0:
        raise malformed(fields.path("width"), Phrase("above zero"))
    grid = Grid(lower, upper, width)
    if not 2 <= grid.points <= MOST_POINTS:
        raise malformed(
            fields.path("upper"),
            Phrase("above lower, giving 2 to %(most)s grid points", most=f"{MOST_POINTS:,}"),
        )
    fields.done()
    return grid


def _quantile(fields: Fields, grid: Grid) -> ReleasedQuantile:
    drawn = ReleasedQuantile(
        quantile=fields.rational("quantile"),
        grid_point=fields.integer("cell", 0, grid.points - 1),
        epsilon=fields.rational("epsilon"),
    )
    if not 0 < drawn.quantile < 1:
        raise malformed(fields.path("quantile"), Phrase("between 0 and 1"))
    if not 0 < drawn.epsilon <= 16 or not _is_dyadic(drawn.epsilon):
        raise malformed(
            fields.path("epsilon"),
            Phrase("above 0, at most 16, and a whole number over a power of two"),
        )
    fields.done()
    return drawn


def _is_dyadic(number: Fraction) -> bool:
    """Exact in a binary float, as the mechanism needs it (docs/privacy.md)."""
    return number.denominator & (number.denominator - 1) == 0
