"""The eight kinds of correction term that the standards use, each an exact piece of arithmetic on a
limit.

A term changes the limit of the grades it names and of no other. All numbers are fractions, exactly
as the standard prints them: nothing is rounded before a value is compared with its limit. A term
that cannot be worked out raises `_Unassessable` inside this room; `benchmarks.packs.corrections`
turns it into a result with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from benchmarks.declared import Declared, Exact, Words
from benchmarks.phrases import Phrase

Value = float | str
STANDARD_PRESSURE_PA = 101325
POSSIBLE: Mapping[str, tuple[int, int]] = {
    "pct": (0, 100),
    "share": (0, 1),
    "years": (0, 100),
    "m": (-500, 9000),  # above the sea
    "pa": (30_000, 110_000),
}
"""What a variable can be by the unit that its name ends with: a share of 50 is one of 50 %, and
would move a limit fiftyfold.
"""


class UnassessableError(Exception):
    """Why a limit cannot be worked out: code and words. Never leaves this room."""

    def __init__(self, code: str, reason: Words) -> None:
        super().__init__(reason.en)
        self.code = code
        self.reason = reason


class _Term(Declared):
    variable: str
    grades: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)
    default: Value | None = None

    def value(self, variables: Mapping[str, Value]) -> Value:
        """The variable's value, its default where the pack allows one, else the limit is not
        assessable.
        """
        value = variables.get(self.variable, self.default)
        if value is None:
            raise _missing(self.variable)
        return value

    def number(self, variables: Mapping[str, Value]) -> Fraction:
        return number(self.value(variables), self.variable)

    def others(self) -> tuple[Value, ...]:
        """What else the variable could be: every class, or the value at which the term leaves a
        limit as it is.
        """
        return ()


class Require(_Term):
    """The limit holds only where the variable has this value."""

    kind: Literal["require"]
    value_wanted: str = Field(alias="value")
    reason: Words

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        if self.value(variables) != self.value_wanted:
            raise UnassessableError("not-eligible", self.reason)
        return limit


class Multiply(_Term):
    """Times the number of the variable's class."""

    kind: Literal["multiply"]
    values: dict[str, Exact]

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        return limit * _of_class(self.values, self.value(variables), self.variable)

    def others(self) -> tuple[Value, ...]:
        return tuple(self.values)


class Classes(_Term):
    """Plus the number of the variable's class."""

    kind: Literal["classes"]
    values: dict[str, Exact]

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        return limit + _of_class(self.values, self.value(variables), self.variable)

    def others(self) -> tuple[Value, ...]:
        return tuple(self.values)


class Linear(_Term):
    """Plus slope x (variable - reference), in both directions."""

    kind: Literal["linear"]
    slope: Exact
    reference: Exact = Fraction(0)

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        return limit + self.slope * (self.number(variables) - self.reference)

    def others(self) -> tuple[Value, ...]:
        return (float(self.reference),)


class Shortfall(_Term):
    """Plus slope x what the variable falls short of the reference, up to `cap`; nothing above the
    reference.
    """

    kind: Literal["shortfall"]
    slope: Exact
    reference: Exact
    cap: Exact

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        return limit + self.slope * min(
            self.cap, max(Fraction(0), self.reference - self.number(variables))
        )

    def others(self) -> tuple[Value, ...]:
        return (float(self.reference),)


class Band(Declared):
    """`add` up to and with `up_to`; the last band has none."""

    up_to: Exact | None = None
    add: Exact


class BandTerm(_Term):
    """Plus the number of the band that holds the variable."""

    kind: Literal["bands"]
    bands: tuple[Band, ...]

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        value = self.number(variables)
        return limit + next(
            band.add for band in self.bands if band.up_to is None or value <= band.up_to
        )

    def others(self) -> tuple[Value, ...]:
        return tuple(float(band.up_to) for band in self.bands if band.up_to is not None)


class TableTerm(_Term):
    """Plus the value read from a table, linear between its points; outside it the standard gives
    nothing.
    """

    kind: Literal["table"]
    points: tuple[tuple[Exact, Exact], ...]

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        value = self.number(variables)
        for (left, low), (right, high) in pairwise(self.points):
            if left <= value <= right:
                return limit + low + (high - low) * (value - left) / (right - left)
        first, last = float(self.points[0][0]), float(self.points[-1][0])
        raise UnassessableError(
            "out-of-range",
            Words.of(
                Phrase(
                    "%(variable)s is %(value)s, but the standard's table only covers %(first)s to "
                    "%(last)s.",
                    variable=self.variable,
                    value=f"{float(value):g}",
                    first=f"{first:g}",
                    last=f"{last:g}",
                )
            ),
        )

    def others(self) -> tuple[Value, ...]:
        return tuple(float(at) for at, added in self.points if added == 0)


class Altitude(_Term):
    """Times (a - b x pressure / standard pressure) above an altitude; below it the factor would
    tighten and does not apply.
    """

    kind: Literal["altitude"]
    above_m: Exact
    a: Exact
    b: Exact

    def apply(self, limit: Fraction, variables: Mapping[str, Value]) -> Fraction:
        if self.number(variables) <= self.above_m:
            return limit
        if (pressure := variables.get("pressure_pa")) is None:
            raise _missing("pressure_pa")
        return limit * (self.a - self.b * number(pressure, "pressure_pa") / STANDARD_PRESSURE_PA)

    def others(self) -> tuple[Value, ...]:
        return (float(self.above_m),)


Term = Annotated[
    Require | Multiply | Classes | Linear | Shortfall | BandTerm | TableTerm | Altitude,
    Field(discriminator="kind"),
]


def number(value: Value, variable: str) -> Fraction:
    """The number exactly as its shortest decimal says it: 0.1 is 1/10. Refused where no variable of
    that unit can be it.
    """
    try:
        exact = Fraction(str(value))
    except ValueError:
        raise UnassessableError(
            "not-a-number",
            Words.of(
                Phrase(
                    "%(variable)s must be a number, not %(value)s.",
                    variable=variable,
                    value=f"{value!r}",
                )
            ),
        ) from None
    lowest, highest = POSSIBLE.get(variable.rpartition("_")[2], (exact, exact))
    if not lowest <= exact <= highest:
        reason = Phrase(
            "%(variable)s is %(found)s, but must be from %(lowest)s to %(highest)s. Give it in "
            "the unit at the end of its name.",
            variable=variable,
            found=str(value),
            lowest=str(lowest),
            highest=str(highest),
        )
        raise UnassessableError("variable-impossible", Words.of(reason))
    return exact


def _of_class(values: Mapping[str, Fraction], value: Value, variable: str) -> Fraction:
    if value in values:
        return values[str(value)]
    classes = ", ".join(values)
    raise UnassessableError(
        "class-unknown",
        Words.of(
            Phrase(
                "%(variable)s is %(found)s, but the standard only has %(known)s.",
                variable=variable,
                found=f"{value!r}",
                known=classes,
            )
        ),
    )


def _missing(variable: str) -> UnassessableError:
    return UnassessableError(
        "variable-missing",
        Words.of(
            Phrase(
                "%(variable)s is needed to correct this limit, but was not given.",
                variable=variable,
            )
        ),
    )
